//! Whether a text is UTF-8, as a whole and in pieces, beside the standard library.

use crate::Layer;
use criterion::Criterion;
use hop::unversioned::wire::utf8::{self, Tail};
use std::hint::black_box;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut layer = Layer::new(criterion, "utf8");
    for (name, piece) in [("ascii", "all the same to a vector "), ("mixed", "größer €uro 𝄞 日本語 ")] {
        for bytes in [20, 1024, 64 * 1024] {
            let text = text(piece, bytes);
            layer.measure(&format!("std/{name}-{bytes}"), bytes, || str::from_utf8(black_box(&text)).is_ok());
            layer.measure(&format!("hop/{name}-{bytes}"), bytes, || utf8::is_valid(black_box(&text)));
        }
        let text = text(piece, 64 * 1024);
        layer.measure(&format!("pieces/{name}-65536"), text.len(), || pieces(black_box(&text)));
    }
}

/// At most so many bytes, up to the end of a character.
fn text(piece: &str, bytes: usize) -> Vec<u8> {
    let text = piece.repeat(bytes / piece.len() + 1);
    let end = text.floor_char_boundary(bytes);
    text.into_bytes()[..end].to_vec()
}

/// Cut where it comes, mostly within a character.
fn pieces(text: &[u8]) -> bool {
    let mut tail = Tail::default();
    text.chunks(1021).for_each(|piece| utf8::step(&mut tail, piece).expect("the text is valid"));
    tail.is_empty()
}
