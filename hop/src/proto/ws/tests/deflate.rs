//! The machine with permessage-deflate agreed on (RFC 7692).

use super::*;
use crate::rng::{Rng, for_seeds};
use crate::wire::deflate::{Wishes, agree};
use crate::wire::offer::Offer;

fn agreed(offer: Offer, wishes: Wishes) -> Ws {
    Ws::with_deflate(&agree(&[offer], &wishes).expect("there is an offer"), 16)
}

fn usual() -> Ws {
    agreed(Offer::default(), Wishes::default())
}

fn kept() -> Ws {
    agreed(Offer::default(), Wishes { server_context: true, client_context: true, ..Wishes::default() })
}

fn read_by(ws: Ws, parts: &[&[u8]], max: usize) -> Outcome {
    let (mut side, mut events) = (Side { ws, ..Side::new(max) }, Vec::new());
    let error = parts.iter().find_map(|part| side.take(part, &mut events).err());
    (events, error)
}

#[track_caller]
fn check_by(new: fn() -> Ws, input: &[u8], max: usize, events: &[Seen], error: Option<WsError>) {
    let expected = (events.to_vec(), error);
    assert_eq!(read_by(new(), &[input], max), expected);
    for cut in 0..input.len() {
        assert_eq!(read_by(new(), &[&input[..cut], &input[cut..]], max), expected, "cut at {cut}");
    }
    assert_eq!(read_by(new(), &input.chunks(1).collect::<Vec<_>>(), max), expected, "byte by byte");
}

/// A server's frame as a client would send it: masked.
fn masked(plain: &[u8]) -> Vec<u8> {
    let (used, header) = crate::wire::frame::parse(plain).expect("a legal header").expect("a whole one");
    frame(plain[0], &plain[used..used + header.payload_bytes as usize])
}

/// What `ws` writes for these messages, as a client would send it.
fn sent(ws: &mut Ws, messages: &[&str]) -> Vec<u8> {
    let mut packer = Packer::default();
    let mut input = Vec::new();
    for message in messages {
        let mut out = Vec::new();
        assert!(ws.message(&mut out, Kind::Text, message.as_bytes(), &mut packer));
        input.extend(masked(&out));
    }
    input
}

#[test]
fn the_examples_of_the_rfc_are_events() {
    // RFC 7692 §7.2.3.1 whole, fragmented, and between uncompressed messages
    let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    check_by(usual, &frame(0xc1, hello), 5, &[text("Hello")], None);
    let input = [frame(0x41, &hello[..3]), frame(0x89, b""), frame(0x80, &hello[3..]), frame(0x81, b"plain")].concat();
    check_by(usual, &input, 5, &[Seen::Ping(vec![]), text("Hello"), text("plain")], None);
    let input = [frame(0x42, b""), frame(0x80, hello)].concat();
    check_by(usual, &input, 5, &[Seen::Binary(b"Hello".into())], None);
    check_by(usual, &frame(0xc1, b"\x00"), 5, &[text("")], None);
}

#[test]
fn only_the_first_frame_of_a_message_says_that_it_is_compressed() {
    // RFC 7692 §6.1
    let input = [frame(0x41, b"\xf2\x48"), frame(0xc0, b"\xcd\xc9\xc9\x07\x00")].concat();
    check_by(usual, &input, 5, &[], Some(WsError::Frame(FrameError::ReservedBit)));
    check_by(usual, &frame(0xc9, b""), 5, &[], Some(WsError::Frame(FrameError::ReservedBit)));
}

#[test]
fn what_is_inflated_is_limited_and_utf8() {
    let bomb = sent(&mut usual(), &[&"x".repeat(1 << 20)]);
    assert!(bomb.len() < 2000, "{} bytes", bomb.len());
    assert_eq!(read_by(usual(), &[&bomb], 1 << 20), (vec![text(&"x".repeat(1 << 20))], None));
    assert_eq!(read_by(usual(), &[&bomb], (1 << 20) - 1), (vec![], Some(WsError::TooLarge)));
    check_by(usual, &frame(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00"), 4, &[], Some(WsError::TooLarge));
    // A stored block with a byte that is no text.
    check_by(usual, &frame(0xc1, b"\x00\x01\x00\xfe\xff\xff\x00"), 5, &[], Some(WsError::Text));
    check_by(usual, &frame(0xc2, b"\x00\x01\x00\xfe\xff\xff\x00"), 5, &[Seen::Binary(vec![0xff])], None);
    check_by(usual, &frame(0xc1, b"\x06"), 5, &[], Some(WsError::Inflate));
}

#[test]
fn a_large_compressed_message_leaves_no_large_memory_behind() {
    let mut rng = Rng::new(1);
    let noise: Vec<u8> = (0..1 << 20).map(|_| rng.next_u64() as u8).collect();
    for mut ws in [usual(), kept()] {
        let (mut packer, mut out) = (Packer::default(), Vec::new());
        assert!(ws.message(&mut out, Kind::Binary, &noise, &mut packer));
        assert_eq!(packer.payload.capacity(), 0);
        assert!(ws.message(&mut out, Kind::Text, &[b'x'; 1000], &mut packer));
        assert!(packer.payload.capacity() > 0, "that of a small one is used again");
    }
}

#[test]
fn compressed_bytes_are_limited_before_they_are_inflated() {
    assert_eq!(read_by(usual(), &[&frame(0x42, &[0; 177])], 100), (vec![], Some(WsError::TooLarge)));
    assert_eq!(read_by(usual(), &[&frame(0x42, &[0; 176])], 100), (vec![], None));
}

#[test]
fn messages_are_compressed_where_it_pays() {
    let long = "compress me ".repeat(10);
    let input = sent(&mut usual(), &[&long, "compress me", "0f8S2mXq7LzKw9Rt", &long]);
    let first_bytes = [0xc1, 0x81, 0x81, 0xc1];
    let mut at = 0;
    for first in first_bytes {
        assert_eq!(input[at], first);
        let (used, header) = crate::wire::frame::parse(&input[at..]).expect("a legal header").expect("a whole one");
        at += used + header.payload_bytes as usize;
    }
    let events = [text(&long), text("compress me"), text("0f8S2mXq7LzKw9Rt"), text(&long)];
    check_by(usual, &input, 200, &events, None);
}

#[test]
fn kept_windows_make_what_is_repeated_short() {
    let messages = ["Hello, hello again!", "Hello, hello again!"];
    let input = sent(&mut kept(), &messages);
    assert!(input.len() < sent(&mut usual(), &messages).len());
    check_by(kept, &input, 100, &messages.map(text), None);
    let (events, error) = read_by(usual(), &[&input], 100);
    assert_eq!((events, error), (vec![text(messages[0])], Some(WsError::Inflate)), "only where they are kept");
}

#[test]
fn a_small_window_of_the_client_is_met() {
    let offer = Offer { server_max_window_bits: Some(9), ..Offer::default() };
    let mut small = agreed(offer, Wishes::default());
    assert_eq!(small.shared_window_bits(), Some(9));
    let message = "within 512 bytes ".repeat(20);
    let input = sent(&mut small, &[&message]);
    assert_eq!(read_by(usual(), &[&input], 1000), (vec![text(&message)], None));
    let offer = Offer { server_max_window_bits: Some(8), ..Offer::default() };
    let mut none = agreed(offer, Wishes::default());
    assert_eq!(none.shared_window_bits(), None);
    assert_eq!(sent(&mut none, &[&message]), frame(0x81, message.as_bytes()), "nothing is compressed for 256 bytes");
}

#[test]
fn what_is_published_is_encoded_once() {
    let (mut packer, mut shared, mut own) = (Packer::default(), Vec::new(), Vec::new());
    let message = "published ".repeat(10);
    let bits = usual().shared_window_bits().expect("it compresses and keeps nothing");
    packer.encode(&mut shared, Kind::Text, message.as_bytes(), bits);
    assert!(usual().message(&mut own, Kind::Text, message.as_bytes(), &mut packer));
    assert_eq!(shared, own);
    assert_eq!(kept().shared_window_bits(), None);
    assert_eq!(Ws::default().shared_window_bits(), None);
}

#[test]
fn random_messages_come_back_as_they_went() {
    for_seeds(1, 100, |seed| {
        let mut rng = Rng::new(seed);
        let wishes = Wishes { server_context: rng.chance(50), client_context: true, ..Wishes::default() };
        let messages: Vec<String> = (0..5)
            .map(|_| {
                let words = rng.within(0..60);
                (0..words).map(|_| *rng.pick(&["one ", "two ", "\u{e4}\u{20ac} ", "\u{1f980}"])).collect()
            })
            .collect();
        let borrowed: Vec<&str> = messages.iter().map(String::as_str).collect();
        let input = sent(&mut agreed(Offer::default(), wishes), &borrowed);
        let size = rng.within(1..100);
        let (events, error) = read_by(agreed(Offer::default(), wishes), &input.chunks(size).collect::<Vec<_>>(), 1000);
        assert_eq!((events, error), (borrowed.into_iter().map(text).collect(), None));
    });
}
