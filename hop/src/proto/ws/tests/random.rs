//! Random conversations and random damage, in random parts.

use super::*;
use crate::rng::{Rng, for_seeds};

/// A legal conversation of random frames, with what it means.
fn conversation(rng: &mut Rng) -> (Vec<u8>, Vec<Seen>) {
    let (mut input, mut events) = (Vec::new(), Vec::new());
    for _ in 0..rng.within(1..8) {
        let message: String =
            (0..rng.within(0..90)).map(|_| *rng.pick(&['a', '\u{e4}', '\u{20ac}', '\u{1f980}'])).collect();
        let (mut rest, is_text) = (message.as_bytes(), rng.chance(50));
        let mut opcode = if is_text { 1 } else { 2 };
        while rng.chance(60) {
            let (piece, behind) = rest.split_at(rng.within(0..rest.len() + 1));
            input.extend(frame(opcode, piece));
            (rest, opcode) = (behind, 0);
            if rng.chance(20) {
                input.extend(frame(0x89, piece.get(..100).unwrap_or(b"ping")));
                events.push(Seen::Ping(piece.get(..100).unwrap_or(b"ping").into()));
            }
        }
        input.extend(frame(0x80 | opcode, rest));
        events.push(if is_text { Seen::Text(message) } else { Seen::Binary(message.into()) });
    }
    (input, events)
}

#[test]
fn random_conversations_mean_the_same_in_any_parts() {
    for_seeds(1, 400, |seed| {
        let mut rng = Rng::new(seed);
        let (input, events) = conversation(&mut rng);
        let (mut parts, mut rest) = (Vec::new(), &input[..]);
        while !rest.is_empty() {
            let (part, behind) = rest.split_at(rng.within(0..rest.len().min(200) + 1));
            parts.push(part);
            rest = behind;
        }
        assert_eq!(read(&[&input], MAX), (events.clone(), None));
        assert_eq!(read(&parts, MAX), (events, None));
    });
}

#[test]
fn random_bytes_end_alike_in_any_two_parts() {
    for_seeds(1, 400, |seed| {
        let mut rng = Rng::new(seed);
        let (mut input, _) = conversation(&mut rng);
        for _ in 0..rng.within(1..4) {
            let at = rng.within(0..input.len());
            input[at] ^= 1 << rng.within(0..8);
        }
        let whole = read(&[&input], 300);
        let cut = rng.within(0..input.len());
        assert_eq!(read(&[&input[..cut], &input[cut..]], 300), whole, "cut at {cut}");
        assert_eq!(read(&input.chunks(1).collect::<Vec<_>>(), 300), whole, "byte by byte");
    });
}
