//! The chunked coding of request bodies: large chunks, small ones, and a body that comes byte by byte.

use crate::Layer;
use criterion::Criterion;
use hop::unversioned::wire::{
    chunk::{Chunked, Piece},
    encode,
};
use std::hint::black_box;

const BODY_BYTES: usize = 64 * 1024;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut layer = Layer::new(criterion, "chunk");
    for chunk_bytes in [16, 1024, 16 * 1024] {
        let body = body(chunk_bytes);
        layer.measure(&format!("whole/{chunk_bytes}"), body.len(), || whole(black_box(&body)));
    }
    let body = body(1024);
    layer.measure("dripped/1024", body.len(), || dripped(black_box(&body)));
}

fn body(chunk_bytes: usize) -> Vec<u8> {
    let mut body = Vec::new();
    for _ in 0..BODY_BYTES / chunk_bytes {
        encode::chunk(&mut body, &vec![b'x'; chunk_bytes]);
    }
    encode::last_chunk(&mut body, None);
    body
}

fn whole(body: &[u8]) -> usize {
    let (mut chunked, mut unread, mut data_bytes) = (Chunked::default(), body, 0);
    loop {
        let (used, piece) = chunked.next(unread).expect("the body is valid").expect("it is whole");
        unread = &unread[used..];
        match piece {
            Piece::Framing => {}
            Piece::Data { len, .. } => data_bytes += len,
            Piece::End { .. } => break,
        }
    }
    assert_eq!(data_bytes, BODY_BYTES);
    data_bytes
}

/// One byte more of the input at a time, as a slow client sends it.
fn dripped(body: &[u8]) -> usize {
    let (mut chunked, mut start, mut data_bytes) = (Chunked::default(), 0, 0);
    for end in 1..=body.len() {
        while let Some((used, piece)) = chunked.next(&body[start..end]).expect("the body is valid") {
            start += used;
            match piece {
                Piece::Framing => {}
                Piece::Data { len, .. } => data_bytes += len,
                Piece::End { .. } => return data_bytes,
            }
        }
    }
    unreachable!("the body has an end");
}
