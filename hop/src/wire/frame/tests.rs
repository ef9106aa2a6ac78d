//! Frames: against the RFC's examples, against tungstenite, and byte by byte.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;

use super::*;
use crate::rng::{Rng, for_seeds};
use crate::wire::mask::unmask;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What `header` looks like on the wire.
fn bytes(header: &Header) -> Vec<u8> {
    let mut out = Vec::new();
    header.encode(&mut out);
    out
}

/// The first two bytes, then the length as the second one announces it.
fn with_length(first: u8, length: &[u8]) -> Vec<u8> {
    [&[first], length, &KEY].concat()
}

#[track_caller]
fn refuses(input: &[u8], error: FrameError) {
    assert_eq!(parse(input), Err(error), "{input:02x?}");
    assert!(error.what().contains("RFC 6455 §5"));
    assert_eq!(whole(&[input, &[0; 200]].concat()), None, "{input:02x?}");
}

#[test]
fn the_examples_of_the_rfc_are_read() {
    // RFC 6455 §5.7
    let header = |fin, opcode, mask, payload_bytes| Header { fin, rsv1: false, opcode, mask, payload_bytes };
    for (input, expected) in [
        (&b"\x81\x05Hello"[..], header(true, OpCode::Text, None, 5)),
        (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", header(true, OpCode::Text, Some(KEY), 5)),
        (b"\x01\x03Hel", header(false, OpCode::Text, None, 3)),
        (b"\x80\x02lo", header(true, OpCode::Continuation, None, 2)),
        (b"\x89\x05Hello", header(true, OpCode::Ping, None, 5)),
        (b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", header(true, OpCode::Pong, Some(KEY), 5)),
        (b"\x82\x7e\x01\x00", header(true, OpCode::Binary, None, 256)),
        (b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", header(true, OpCode::Binary, None, 65536)),
    ] {
        let used = bytes(&expected).len();
        assert_eq!(parse(input), Ok(Some((used, expected))));
        assert_eq!(bytes(&expected), input[..used]);
    }
}

#[test]
fn a_header_is_read_when_it_is_complete() {
    for payload_bytes in [0, 1, 125, 126, 127, 65535, 65536, (1 << 63) - 1] {
        for mask in [None, Some(KEY)] {
            let header = Header { fin: false, rsv1: true, opcode: OpCode::Binary, mask, payload_bytes };
            let input = bytes(&header);
            assert!(input.len() <= HEADER_BYTES_MAX);
            assert_eq!(parse(&input), Ok(Some((input.len(), header))));
            for len in 0..input.len() {
                assert_eq!(parse(&input[..len]), Ok(None), "{len} of {input:02x?}");
            }
        }
    }
}

/// Every first and second byte, with a length that fits the second: as tungstenite reads it, but for what it leaves to its users.
#[test]
fn all_first_bytes_are_read_as_tungstenite_reads_them() {
    for first in 0..=255u8 {
        for second in 0..=255u8 {
            let length: &[u8] = match second & 0x7f {
                126 => &[1, 2],
                127 => &[0, 0, 0, 0, 0, 1, 2, 3],
                _ => &[],
            };
            let input = [&[first, second], length, &[1, 2, 3, 4, 5, 6][..]].concat();
            let mut cursor = Cursor::new(&input);
            let theirs = FrameHeader::parse(&mut cursor).ok().flatten();
            let ours = parse(&input);
            let Some((header, payload_bytes)) = theirs else {
                assert_eq!(ours, Err(FrameError::OpCode), "{input:02x?}");
                continue;
            };
            let opcode = u8::from(header.opcode);
            let reserved = header.rsv2 || header.rsv3 || (header.rsv1 && !matches!(opcode, 1 | 2));
            let control = opcode >= 8 && (!header.is_final || payload_bytes > 125);
            let expected =
                (cursor.position() as usize, header.is_final, header.rsv1, opcode, header.mask, payload_bytes);
            match ours {
                Ok(Some((used, ours))) => {
                    let ours = (used, ours.fin, ours.rsv1, ours.opcode as u8, ours.mask, ours.payload_bytes);
                    assert_eq!(ours, expected, "{input:02x?}");
                    assert!(!reserved && !control, "{input:02x?}");
                }
                _ => assert!(reserved || control, "{ours:?} for {input:02x?}"),
            }
        }
    }
}

#[test]
fn reserved_bits_and_opcodes_are_refused() {
    for bits in [0x10, 0x20, 0x30, 0x50, 0x70] {
        refuses(&[0x81 | bits, 0x80], FrameError::ReservedBit);
    }
    for opcode in [0, 8, 9, 10] {
        refuses(&[0xc0 | opcode, 0x80], FrameError::ReservedBit);
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        refuses(&[0x80 | opcode, 0x80], FrameError::OpCode);
    }
}

#[test]
fn control_frames_are_short_and_whole() {
    for opcode in [8, 9, 10] {
        refuses(&[opcode, 0x80], FrameError::FragmentedControl);
        refuses(&[0x80 | opcode, 0xfe], FrameError::LongControl);
        refuses(&[0x80 | opcode, 0xff], FrameError::LongControl);
        assert!(matches!(parse(&with_length(0x80 | opcode, &[0xfd])), Ok(Some((6, _)))));
    }
}

#[test]
fn a_length_is_written_in_the_fewest_bytes() {
    refuses(&with_length(0x82, b"\xfe\x00\x00"), FrameError::Length);
    refuses(&with_length(0x82, b"\xfe\x00\x7d"), FrameError::Length);
    refuses(&with_length(0x82, b"\xff\x00\x00\x00\x00\x00\x00\x00\x05"), FrameError::Length);
    refuses(&with_length(0x82, b"\xff\x00\x00\x00\x00\x00\x00\xff\xff"), FrameError::Length);
    refuses(&with_length(0x82, b"\xff\x80\x00\x00\x00\x00\x00\x00\x00"), FrameError::LengthTopBit);
}

#[test]
fn whole_frames_are_those_that_parse_finds_whole() {
    for first in 0..=255u8 {
        for payload_bytes in [0usize, 1, 124, 125, 126, 127, 300, 65535, 65536] {
            for mask in [None, Some(KEY)] {
                let header =
                    Header { fin: true, rsv1: false, opcode: OpCode::Text, mask, payload_bytes: payload_bytes as u64 };
                let mut input = bytes(&header);
                input[0] = first;
                let start = input.len();
                input.resize(start + payload_bytes, 7);
                let plain = matches!(first, 0x81 | 0x82) && mask.is_some() && payload_bytes < 65536;
                let expected = Whole { binary: first == 0x82, key: KEY, start, end: input.len() };
                assert_eq!(whole(&input), plain.then_some(expected));
                assert_eq!(whole(&[&input[..], b"\x81"].concat()), plain.then_some(expected));
                assert_eq!(whole(&input[..input.len() - 1]), None);
            }
        }
    }
}

#[test]
fn random_frames_come_back_as_they_went() {
    for_seeds(1, 500, |seed| {
        let mut rng = Rng::new(seed);
        let opcode = *rng.pick(&[OpCode::Continuation, OpCode::Text, OpCode::Binary, OpCode::Ping, OpCode::Close]);
        let most = if opcode.is_control() { 126 } else { *rng.pick(&[130, 70_000]) };
        let payload: Vec<u8> = (0..rng.within(0..most)).map(|_| rng.next_u64() as u8).collect();
        let mask = rng.chance(50).then(|| (rng.next_u64() as u32).to_be_bytes());
        let fin = opcode.is_control() || rng.chance(50);
        let rsv1 = matches!(opcode, OpCode::Text) && rng.chance(50);
        let header = Header { fin, rsv1, opcode, mask, payload_bytes: payload.len() as u64 };
        let mut out = bytes(&header);
        let start = out.len();
        out.extend_from_slice(&payload);
        mask.into_iter().for_each(|key| unmask(&mut out[start..], key, 0));
        assert_eq!(parse(&out), Ok(Some((start, header))));
        mask.into_iter().for_each(|key| unmask(&mut out[start..], key, 0));
        assert_eq!(out[start..], payload);
    });
}

#[test]
fn a_frame_is_a_header_and_its_payload() {
    for len in [0, 5, 125, 126, 65535, 65536] {
        let payload = vec![b'x'; len];
        let mut out = b"before".to_vec();
        frame(&mut out, OpCode::Binary, true, &payload);
        let header = Header { fin: true, rsv1: true, opcode: OpCode::Binary, mask: None, payload_bytes: len as u64 };
        assert_eq!(out, [&b"before"[..], &bytes(&header), &payload].concat());
    }
}
