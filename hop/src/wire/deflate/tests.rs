//! Compression: the RFC's examples, limits, windows, and what is agreed on.

use super::*;
use crate::rng::{Rng, for_seeds};

fn inflated(inflater: &mut Inflater, input: &[u8], max_bytes: usize) -> Result<Vec<u8>, InflateError> {
    let mut out = b"before".to_vec();
    inflater.inflate(input, &mut out, max_bytes)?;
    assert_eq!(out.drain(..6).as_slice(), b"before");
    Ok(out)
}

fn deflated(deflater: &mut Deflater, input: &[u8]) -> Vec<u8> {
    let mut out = b"before".to_vec();
    deflater.deflate(input, &mut out);
    out.split_off(6)
}

/// A text that compresses somewhat, with repetitions far and near.
fn text(rng: &mut Rng, len: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(len);
    while text.len() < len {
        if rng.chance(50) && text.len() > 4 {
            let start = rng.within(0..text.len());
            let end = (start + rng.within(1..300)).min(text.len());
            text.extend_from_within(start..end);
        } else {
            text.extend((0..rng.within(1..40)).map(|_| rng.next_u64() as u8));
        }
    }
    text.truncate(len);
    text
}

#[test]
fn the_examples_of_the_rfc_are_inflated() {
    // RFC 7692 §7.2.3.1, §7.2.3.3 (no compression), §7.2.3.4 (BFINAL), §7.2.3.5 (two blocks), §7.2.3.6 (empty)
    let hello = b"Hello".to_vec();
    for (input, expected) in [
        (&b"\xf2\x48\xcd\xc9\xc9\x07\x00"[..], &hello),
        (b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", &hello),
        (b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", &hello),
        (b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", &hello),
        (b"\x00", &Vec::new()),
        (b"\x02\x00", &Vec::new()),
    ] {
        for context in [false, true] {
            let mut inflater = Inflater::new(15, context);
            assert_eq!(inflated(&mut inflater, input, 5).as_ref(), Ok(expected), "{input:02x?}");
            assert_eq!(inflated(&mut inflater, input, 5).as_ref(), Ok(expected), "{input:02x?} again");
        }
    }
}

#[test]
fn a_window_is_kept_where_that_was_agreed_on() {
    // RFC 7692 §7.2.3.2: the second "Hello" refers to the first.
    let (first, second) = (b"\xf2\x48\xcd\xc9\xc9\x07\x00", b"\xf2\x00\x11\x00\x00");
    let mut inflater = Inflater::new(15, true);
    assert_eq!(inflated(&mut inflater, first, 5), Ok(b"Hello".to_vec()));
    assert_eq!(inflated(&mut inflater, second, 5), Ok(b"Hello".to_vec()));
    let mut inflater = Inflater::new(15, false);
    assert_eq!(inflated(&mut inflater, first, 5), Ok(b"Hello".to_vec()));
    assert_eq!(inflated(&mut inflater, second, 5), Err(InflateError::Malformed));
    assert_eq!(inflated(&mut inflater, first, 5), Ok(b"Hello".to_vec()), "an error leaves it as new");
}

#[test]
fn hello_is_deflated_as_in_the_rfc() {
    let mut deflater = Deflater::new(15, true, LEVEL);
    assert_eq!(deflated(&mut deflater, b"Hello"), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    assert_eq!(deflated(&mut deflater, b"Hello"), b"\xf2\x00\x11\x00\x00");
    assert_eq!(deflated(&mut deflater, b""), b"\x00");
    let mut deflater = Deflater::new(15, false, LEVEL);
    assert_eq!(deflated(&mut deflater, b"Hello"), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    assert_eq!(deflated(&mut deflater, b"Hello"), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
}

#[test]
fn random_messages_come_back_through_all_windows() {
    for_seeds(1, 60, |seed| {
        let mut rng = Rng::new(seed);
        let (bits, context) = (rng.within(9..16) as u8, rng.chance(50));
        let mut deflater = Deflater::new(bits, context, rng.within(0..10) as u32);
        let mut inflater = Inflater::new(bits, context);
        for _ in 0..6 {
            let most = *rng.pick(&[2, 100, 60_000]);
            let len = rng.within(0..most);
            let message = text(&mut rng, len);
            let packed = deflated(&mut deflater, &message);
            assert_eq!(inflated(&mut inflater, &packed, message.len()).as_ref(), Ok(&message));
        }
    });
}

/// Random bytes, and the same again one byte beyond the window: only a window twice as large sees them.
#[test]
fn what_is_deflated_stays_within_its_window() {
    for bits in 9..15 {
        let mut rng = Rng::new(u64::from(bits));
        let block: Vec<u8> = (0..(1 << bits) + 1).map(|_| rng.next_u64() as u8).collect();
        let message = block.repeat(2);
        let packed_bytes = |bits| deflated(&mut Deflater::new(bits, false, LEVEL), &message).len();
        assert!(packed_bytes(bits) >= message.len(), "{bits} bits");
        assert!(packed_bytes(bits + 1) < message.len() * 3 / 4, "{bits} bits and one more");
    }
}

#[test]
fn a_limit_is_met_to_the_byte_and_in_memory() {
    let bomb = deflated(&mut Deflater::new(15, false, 9), &vec![0; 16 << 20]);
    assert!(bomb.len() < 20_000, "16 MiB in {} bytes", bomb.len());
    for max_bytes in [0, 1, 1000, 1023, 1024, 1025, 100_000, (16 << 20) - 1] {
        let mut out = Vec::new();
        let mut inflater = Inflater::new(15, false);
        assert_eq!(inflater.inflate(&bomb, &mut out, max_bytes), Err(InflateError::TooLarge), "{max_bytes}");
        assert!(out.capacity() <= max_bytes + 1, "{} for {max_bytes}", out.capacity());
        assert_eq!(inflated(&mut inflater, b"\xf2\x48\xcd\xc9\xc9\x07\x00", 5), Ok(b"Hello".to_vec()));
        let mut roomy = Vec::with_capacity(17 << 20);
        assert_eq!(inflater.inflate(&bomb, &mut roomy, max_bytes), Err(InflateError::TooLarge), "{max_bytes}");
    }
    assert_eq!(inflated(&mut Inflater::new(15, false), &bomb, 16 << 20), Ok(vec![0; 16 << 20]));
}

#[test]
fn limits_around_powers_of_two_hold() {
    for len in [1023, 1024, 1025, 2047, 2048, 2049] {
        let message = text(&mut Rng::new(len as u64), len);
        let packed = deflated(&mut Deflater::new(15, false, LEVEL), &message);
        assert_eq!(inflated(&mut Inflater::new(15, false), &packed, len), Ok(message));
        assert_eq!(inflated(&mut Inflater::new(15, false), &packed, len - 1), Err(InflateError::TooLarge));
    }
}

#[test]
fn what_is_not_deflate_is_malformed() {
    for input in [
        &b"\x00\x06\x00\xf9\xffHello"[..], // Cut off: the tail would be its sixth byte.
        b"\xff",
        b"\x06",
        b"\x00\x05\x00\x05\x00Hello\x00",
        b"\xf2\x48\xcd\xc9\xc9\x07\x00\xff\xff\xff\xff",
    ] {
        assert_eq!(inflated(&mut Inflater::new(15, false), input, 1000), Err(InflateError::Malformed), "{input:02x?}");
    }
}

#[test]
fn random_bytes_never_exceed_the_limit() {
    for_seeds(1, 300, |seed| {
        let mut rng = Rng::new(seed);
        let mut inflater = Inflater::new(15, rng.chance(50));
        for _ in 0..5 {
            let input: Vec<u8> = (0..rng.within(0..200)).map(|_| rng.next_u64() as u8).collect();
            if let Ok(message) = inflated(&mut inflater, &input, 500) {
                assert!(message.len() <= 500);
            }
        }
    });
}

#[test]
fn last_blocks_inside_a_message_keep_its_window() {
    // RFC 7692 §7.2.3.4: a compressor that can only finish, twice in one message, the second time with a reference to the first.
    let mut first = Compress::new(Compression::new(9), false);
    let mut message = Vec::with_capacity(1000);
    first.compress_vec(&[b'x'; 300], &mut message, FlushCompress::Finish).expect("there is room");
    let mut second = Compress::new(Compression::new(9), false);
    second.set_dictionary(&[b'x'; 300]).expect("a dictionary of raw deflate");
    second.compress_vec(&[b'x'; 200], &mut message, FlushCompress::Finish).expect("there is room");
    message.push(0);
    assert_eq!(inflated(&mut Inflater::new(15, false), &message, 500), Ok(vec![b'x'; 500]));
    assert_eq!(inflated(&mut Inflater::new(15, false), &message, 499), Err(InflateError::TooLarge));
}

#[test]
fn last_blocks_without_end_are_refused() {
    let empty_last = b"\x03\x00";
    let message =
        |count: usize| [b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff", &*empty_last.repeat(count), b"\0"].concat();
    let mut inflater = Inflater::new(15, false);
    assert_eq!(inflated(&mut inflater, &message(RESTARTS_MAX), 100), Ok(b"Hello".to_vec()));
    assert_eq!(inflated(&mut inflater, &message(RESTARTS_MAX + 1), 100), Err(InflateError::Malformed));
    assert_eq!(inflated(&mut inflater, &message(500_000), 1 << 20), Err(InflateError::Malformed));
}

#[track_caller]
fn agrees(offer: Offer, wishes: Wishes, expected: &str) -> Agreed {
    let agreed = agree(&[offer, Offer::default()], &wishes).expect("there is an offer");
    assert_eq!(agreed.header(), format!("permessage-deflate{expected}"));
    agreed
}

const NOTHING_KEPT: &str = "; server_no_context_takeover; client_no_context_takeover";

#[test]
fn by_default_nothing_is_kept_between_messages() {
    assert_eq!(agree(&[], &Wishes::default()), None);
    for server in [false, true] {
        for client in [false, true] {
            let offer = Offer {
                server_no_context_takeover: server,
                client_no_context_takeover: client,
                client_max_window_bits: Some(None),
                ..Offer::default()
            };
            let agreed = agrees(offer, Wishes::default(), NOTHING_KEPT);
            assert!(!agreed.server_context && !agreed.client_context && agreed.can_deflate());
        }
    }
}

#[test]
fn windows_are_kept_where_both_sides_want_it() {
    let wishes = Wishes { server_context: true, client_context: true, ..Wishes::default() };
    let agreed = agrees(Offer::default(), wishes, "");
    assert!(agreed.server_context && agreed.client_context);
    let offer = Offer { server_no_context_takeover: true, ..Offer::default() };
    assert!(!agrees(offer, wishes, "; server_no_context_takeover").server_context);
    let offer = Offer { client_no_context_takeover: true, ..Offer::default() };
    assert!(!agrees(offer, wishes, "; client_no_context_takeover").client_context);
}

#[test]
fn windows_are_the_smallest_that_both_sides_want() {
    let wishes = Wishes { server_window_bits: 12, client_window_bits: 11, ..Wishes::default() };
    let with = |bits: &str| format!("{NOTHING_KEPT}{bits}");
    // RFC 7692 §7.1.2.2: a client that does not say so cannot be told.
    agrees(Offer::default(), wishes, &with("; server_max_window_bits=12"));
    for (server, client, expected) in [
        (Some(15), Some(None), "; server_max_window_bits=12; client_max_window_bits=11"),
        (Some(9), Some(Some(9)), "; server_max_window_bits=9; client_max_window_bits=9"),
        (None, Some(Some(15)), "; server_max_window_bits=12; client_max_window_bits=11"),
    ] {
        let offer = Offer { server_max_window_bits: server, client_max_window_bits: client, ..Offer::default() };
        agrees(offer, wishes, &with(expected));
    }
}

#[test]
fn a_window_that_the_client_asks_of_the_server_is_answered_also_where_it_is_the_largest() {
    // RFC 7692 §7.1.2.1
    let offer = Offer { server_max_window_bits: Some(15), ..Offer::default() };
    agrees(offer, Wishes::default(), &format!("{NOTHING_KEPT}; server_max_window_bits=15"));
    agrees(Offer::default(), Wishes::default(), NOTHING_KEPT);
}

#[test]
fn for_a_window_of_256_bytes_nothing_is_compressed() {
    let offer = Offer { server_max_window_bits: Some(8), client_max_window_bits: Some(Some(8)), ..Offer::default() };
    let expected = format!("{NOTHING_KEPT}; server_max_window_bits=8; client_max_window_bits=8");
    assert!(!agrees(offer, Wishes::default(), &expected).can_deflate());
}
