//! The machine: every split of the input gives the same events; each rule of the RFC has its close code.

use super::*;
use crate::rng::{Rng, for_seeds};
use crate::wire::frame::Header;
use crate::wire::mask::unmask;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const MAX: usize = 1 << 20;

/// An event without its borrow.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
}

fn seen(event: Event<'_>) -> Option<Seen> {
    Some(match event {
        Event::None | Event::Progress => return None,
        Event::Message { kind: Kind::Text, data } => Seen::Text(str::from_utf8(data).expect("valid UTF-8").into()),
        Event::Message { kind: Kind::Binary, data } => Seen::Binary(data.into()),
        Event::Ping(data) => Seen::Ping(data.into()),
        Event::Pong(data) => Seen::Pong(data.into()),
        Event::Close { code, reason } => Seen::Close(code, reason.into()),
    })
}

/// A connection with what a worker shares and the input that was not used.
#[derive(Default)]
struct Side {
    ws: Ws,
    unpacker: Unpacker,
    unread: Vec<u8>,
    max: usize,
}

impl Side {
    fn new(max: usize) -> Side {
        Side { max, ..Side::default() }
    }

    /// All events of `part`, up to an error.
    fn take(&mut self, part: &[u8], seen_so_far: &mut Vec<Seen>) -> Result<(), WsError> {
        self.unread.extend_from_slice(part);
        let mut at = 0;
        loop {
            let (used, event) = self.ws.step(&mut self.unread[at..], self.max, &mut self.unpacker)?;
            assert_eq!(used == 0, event == Event::None, "{event:?} used {used}");
            let done = event == Event::None;
            seen_so_far.extend(seen(event));
            at += used;
            if done {
                break;
            }
        }
        self.unread.drain(..at);
        assert!(self.unread.len() <= 130, "{} bytes were not used", self.unread.len());
        Ok(())
    }
}

type Outcome = (Vec<Seen>, Option<WsError>);

fn read(parts: &[&[u8]], max: usize) -> Outcome {
    let (mut side, mut events) = (Side::new(max), Vec::new());
    let error = parts.iter().find_map(|part| side.take(part, &mut events).err());
    (events, error)
}

/// The same outcome whole, in any two parts, and byte by byte.
#[track_caller]
fn check(input: &[u8], events: &[Seen], error: Option<WsError>) {
    let expected = (events.to_vec(), error);
    assert_eq!(read(&[input], MAX), expected, "{}", input.escape_ascii());
    for cut in 0..input.len() {
        assert_eq!(read(&[&input[..cut], &input[cut..]], MAX), expected, "{} cut at {cut}", input.escape_ascii());
    }
    assert_eq!(read(&input.chunks(1).collect::<Vec<_>>(), MAX), expected, "{} byte by byte", input.escape_ascii());
}

/// A masked frame; `first` is its first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let payload_bytes = payload.len() as u64;
    Header { fin: true, rsv1: false, opcode: OpCode::Binary, mask: Some(KEY), payload_bytes }.encode(&mut out);
    out[0] = first;
    let start = out.len();
    out.extend_from_slice(payload);
    unmask(&mut out[start..], KEY, 0);
    out
}

fn close_frame(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(0x88, &[&code.to_be_bytes()[..], reason].concat())
}

fn text(text: &str) -> Seen {
    Seen::Text(text.into())
}

/// As ours look to a client.
fn written(write: impl FnOnce(&mut Ws, &mut Vec<u8>)) -> Vec<u8> {
    let (mut ws, mut out) = (Ws::default(), Vec::new());
    write(&mut ws, &mut out);
    out
}

#[test]
fn the_examples_of_the_rfc_are_events() {
    // RFC 6455 §5.7
    check(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", &[text("Hello")], None);
    check(b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", &[Seen::Pong(b"Hello".into())], None);
    check(&[frame(0x01, b"Hel"), frame(0x80, b"lo")].concat(), &[text("Hello")], None);
    check(&frame(0x89, b"Hello"), &[Seen::Ping(b"Hello".into())], None);
    check(&frame(0x82, &[7; 256]), &[Seen::Binary(vec![7; 256])], None);
    let outcome = read(&[&frame(0x82, &[7; 65536])], MAX);
    assert_eq!(outcome, (vec![Seen::Binary(vec![7; 65536])], None));
}

#[test]
fn frames_that_come_together_are_told_one_by_one() {
    let input =
        [frame(0x81, b"a"), frame(0x82, b""), frame(0x89, b""), frame(0x81, b""), close_frame(1000, b"bye")].concat();
    let events = [text("a"), Seen::Binary(vec![]), Seen::Ping(vec![]), text(""), Seen::Close(Some(1000), "bye".into())];
    check(&input, &events, None);
}

#[test]
fn messages_of_all_lengths_are_read_in_any_two_parts() {
    for len in [0, 1, 3, 4, 7, 8, 9, 124, 125, 126, 127, 128, 200] {
        let message: String = ('a'..='z').cycle().take(len).collect();
        check(&frame(0x81, message.as_bytes()), &[text(&message)], None);
        check(&frame(0x82, message.as_bytes()), &[Seen::Binary(message.into())], None);
    }
}

#[test]
fn control_frames_stand_inside_fragmented_messages() {
    let input = [
        frame(0x01, b"a\xc3"),
        frame(0x89, b"1"),
        frame(0x00, b""),
        frame(0x8a, b"2"),
        frame(0x00, b"\xa4b"),
        frame(0x80, b"c"),
        frame(0x82, b"d"),
    ]
    .concat();
    let events = [Seen::Ping(b"1".into()), Seen::Pong(b"2".into()), text("a\u{e4}bc"), Seen::Binary(b"d".into())];
    check(&input, &events, None);
}

#[test]
fn a_message_is_whole_in_the_input_or_copied_once() {
    let mut unpacker = Unpacker::default();
    let mut input = frame(0x81, b"Hello");
    let place = input[6..].as_ptr_range();
    let mut ws = Ws::default();
    let Ok((_, Event::Message { data, .. })) = ws.step(&mut input, MAX, &mut unpacker) else { panic!("a message") };
    assert_eq!(data.as_ptr_range(), place);
    let mut input = frame(0x81, &[b'x'; 65536]);
    let place = input[14..].as_ptr_range();
    let Ok((_, Event::Message { data, .. })) = ws.step(&mut input, MAX, &mut unpacker) else { panic!("a message") };
    assert_eq!(data.as_ptr_range(), place);
}

#[test]
fn fragments_follow_each_other() {
    check(&frame(0x80, b"a"), &[], Some(WsError::Continuation));
    check(&frame(0x00, b"a"), &[], Some(WsError::Continuation));
    check(
        &[frame(0x01, b"a"), frame(0x80, b"b"), frame(0x80, b"c")].concat(),
        &[text("ab")],
        Some(WsError::Continuation),
    );
    for first in [0x01, 0x02, 0x81, 0x82] {
        check(&[frame(0x01, b"a"), frame(first, b"b")].concat(), &[], Some(WsError::Interrupted));
    }
}

#[test]
fn frames_of_a_client_are_masked() {
    check(b"\x81\x00", &[], Some(WsError::Unmasked));
    check(b"\x89\x02hi", &[], Some(WsError::Unmasked));
    check(&[frame(0x81, b"a"), b"\x81\x05Hello".to_vec()].concat(), &[text("a")], Some(WsError::Unmasked));
}

#[test]
fn what_is_no_frame_is_refused() {
    for (first, error) in [
        (0x91, FrameError::ReservedBit),
        (0xa1, FrameError::ReservedBit),
        (0xc9, FrameError::ReservedBit),
        (0x83, FrameError::OpCode),
        (0x8b, FrameError::OpCode),
        (0x09, FrameError::FragmentedControl),
    ] {
        check(&[frame(0x81, b"a"), frame(first, b"")].concat(), &[text("a")], Some(WsError::Frame(error)));
    }
    check(&frame(0x89, &[0; 126]), &[], Some(WsError::Frame(FrameError::LongControl)));
    check(b"\x81\xfe\x00\x7d", &[], Some(WsError::Frame(FrameError::Length)));
}

#[test]
fn compression_that_was_not_agreed_on_is_refused() {
    check(&frame(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00"), &[], Some(WsError::Compressed));
    check(&[frame(0x01, b"a"), frame(0xc1, b"")].concat(), &[], Some(WsError::Compressed));
}

#[test]
fn text_is_utf8_over_fragments_and_refused_at_its_first_wrong_byte() {
    let whole = frame(0x81, "\u{e4}\u{20ac}\u{1f980}".as_bytes());
    check(&whole, &[text("\u{e4}\u{20ac}\u{1f980}")], None);
    for wrong in [&b"a\xff"[..], b"\xed\xa0\x80", b"\xc3", b"a\xe2\x82", b"\xf4\x90\x80\x80"] {
        check(&frame(0x81, wrong), &[], Some(WsError::Text));
        check(&[frame(0x01, wrong), frame(0x80, b"")].concat(), &[], Some(WsError::Text));
        check(&frame(0x82, wrong), &[Seen::Binary(wrong.into())], None);
    }
    // Autobahn 6.4: the message is long, the wrong byte comes early; nothing behind it is waited for.
    let mut early = frame(0x01, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5");
    early.extend_from_slice(&frame(0x00, b"\xf4\x90\x80\x80edited")[..6 + 2]);
    check(&early, &[], Some(WsError::Text));
}

#[test]
fn a_close_says_why() {
    check(&frame(0x88, b""), &[Seen::Close(None, String::new())], None);
    check(&close_frame(1001, "\u{e4}".as_bytes()), &[Seen::Close(Some(1001), "\u{e4}".into())], None);
    check(&close_frame(4999, &[b'x'; 123]), &[Seen::Close(Some(4999), "x".repeat(123))], None);
    check(&frame(0x88, b"\x03"), &[], Some(WsError::Close(CloseError::OneByte)));
    check(&close_frame(1000, b"\xff"), &[], Some(WsError::Close(CloseError::Reason)));
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        check(&close_frame(code, b""), &[], Some(WsError::Close(CloseError::Code)));
    }
}

#[test]
fn every_error_has_its_close_code() {
    let code = |error: WsError| error.close_code();
    for error in [WsError::Frame(FrameError::OpCode), WsError::Unmasked, WsError::Compressed, WsError::Continuation] {
        assert_eq!(code(error), 1002);
    }
    assert_eq!([WsError::Interrupted, WsError::Close(CloseError::Code)].map(code), [1002; 2]);
    assert_eq!(code(WsError::Close(CloseError::OneByte)), 1002);
    assert_eq!([WsError::Text, WsError::Close(CloseError::Reason), WsError::Inflate].map(code), [1007; 3]);
    assert_eq!([WsError::TooLarge, WsError::Binary].map(code), [1009, 1003]);
}

#[test]
fn nothing_is_read_after_a_close_or_an_error() {
    let input = [close_frame(1000, b""), frame(0x81, b"a"), b"\xff\xff".to_vec()].concat();
    check(&input, &[Seen::Close(Some(1000), String::new())], None);
    let (mut side, mut events) = (Side::new(MAX), Vec::new());
    assert_eq!(side.take(&frame(0x81, b"\xff"), &mut events), Err(WsError::Text));
    side.unread.clear();
    assert_eq!(side.take(&frame(0x81, b"a"), &mut events), Ok(()));
    assert!(events.is_empty() && side.unread.is_empty());
}

#[test]
fn after_the_own_close_only_the_peers_is_read() {
    let input = [
        frame(0x81, b"dropped"),
        frame(0x01, b"dropped \xff"),
        frame(0x89, b"no pong"),
        frame(0x80, b"dropped"),
        frame(0x82, &[0; 300]),
        close_frame(1000, b"bye"),
        frame(0x81, b"never"),
    ]
    .concat();
    for size in [1, 2, 7, 100, input.len()] {
        let (mut side, mut events) = (Side::new(10), Vec::new());
        assert!(side.ws.close(&mut Vec::new(), Some(1001), ""));
        for part in input.chunks(size) {
            assert!(!side.ws.is_over() || side.ws.close_received());
            side.take(part, &mut events).expect("all of it is legal");
        }
        assert_eq!(events, [Seen::Close(Some(1000), "bye".into())], "in parts of {size}");
        assert!(side.ws.is_over());
    }
}

#[test]
fn a_close_in_the_middle_of_a_message_gives_it_up() {
    let message = frame(0x81, b"given up");
    for cut in 0..message.len() {
        let (mut side, mut events) = (Side::new(MAX), Vec::new());
        side.take(&message[..cut], &mut events).expect("it is legal");
        side.ws.close(&mut Vec::new(), Some(1001), "");
        assert_eq!((side.ws.held_bytes(), side.ws.is_gathering()), (0, false));
        side.take(&message[cut..], &mut events).expect("it is dropped");
        side.take(&close_frame(1001, b""), &mut events).expect("it is legal");
        assert_eq!(events, [Seen::Close(Some(1001), String::new())], "cut at {cut}");
    }
}

#[test]
fn frames_are_written_as_the_rfc_says() {
    let mut packer = Packer::default();
    // RFC 6455 §5.7
    assert_eq!(written(|ws, out| assert!(ws.message(out, Kind::Text, b"Hello", &mut packer))), b"\x81\x05Hello");
    assert_eq!(written(|ws, out| assert!(ws.message(out, Kind::Binary, b"", &mut packer))), b"\x82\x00");
    assert_eq!(written(|ws, out| assert!(ws.ping(out, b"Hello"))), b"\x89\x05Hello");
    assert_eq!(written(|ws, out| assert!(ws.pong(out, &[7; 200]))), [&b"\x8a\x7d"[..], &[7; 125]].concat());
    assert_eq!(written(|ws, out| assert!(ws.close(out, Some(1000), "bye"))), b"\x88\x05\x03\xe8bye");
    assert_eq!(written(|ws, out| assert!(ws.close(out, None, "without a code"))), b"\x88\x00");
    assert_eq!(written(|ws, out| assert!(ws.close(out, Some(1006), "not to be sent"))), b"\x88\x00");
    let long = written(|ws, out| assert!(ws.close(out, Some(1000), &"\u{20ac}".repeat(50))));
    assert_eq!((long.len(), str::from_utf8(&long[4..]).map(str::len)), (2 + 2 + 123, Ok(123)));
    assert_eq!(written(|ws, out| assert!(ws.fail(out, WsError::TooLarge)))[2..4], 1009u16.to_be_bytes());
}

#[test]
fn nothing_is_written_after_a_close() {
    let mut packer = Packer::default();
    let out = written(|ws, out| {
        assert!(ws.close(out, None, ""));
        assert!(!ws.close(out, Some(1000), "") && !ws.ping(out, b"") && !ws.pong(out, b""));
        assert!(!ws.message(out, Kind::Text, b"a", &mut packer) && !ws.fail(out, WsError::Text));
        assert!(ws.close_sent() && ws.is_over(), "an error ends it at once");
    });
    assert_eq!(out, b"\x88\x00");
}

#[test]
fn a_message_is_limited_as_soon_as_its_header_says_so() {
    let declared = |first: u8, bytes: u64| {
        let mut out = Vec::new();
        Header { fin: true, rsv1: false, opcode: OpCode::Text, mask: Some(KEY), payload_bytes: bytes }.encode(&mut out);
        out[0] = first;
        out
    };
    for (input, max) in [
        (declared(0x81, 11), 10),
        (declared(0x82, 1 << 62), MAX),
        (declared(0x02, (1 << 63) - 1), usize::MAX / 2),
        ([frame(0x01, b"12345"), frame(0x00, b"67890"), declared(0x80, 1)].concat(), 10),
    ] {
        for size in [1, input.len()] {
            let expected = if max > MAX { (vec![], None) } else { (vec![], Some(WsError::TooLarge)) };
            assert_eq!(read(&input.chunks(size).collect::<Vec<_>>(), max), expected);
        }
    }
    let exact = [frame(0x01, b"12345"), frame(0x00, b""), frame(0x80, b"67890")].concat();
    assert_eq!(read(&[&exact], 10), (vec![text("1234567890")], None));
    assert_eq!(read(&[&frame(0x81, b"1234567890")], 10), (vec![text("1234567890")], None));
    assert_eq!(read(&[&frame(0x81, b"12345678901")], 10), (vec![], Some(WsError::TooLarge)));
}

#[test]
fn memory_follows_what_came_and_not_what_was_announced() {
    let mut side = Side::new(usize::MAX);
    let mut input = b"\x82\xff\x40\x00\x00\x00\x00\x00\x00\x00".to_vec();
    input.extend_from_slice(&KEY);
    input.extend_from_slice(&[0; 1000]);
    side.take(&input, &mut Vec::new()).expect("it is legal");
    assert_eq!(side.ws.held_bytes(), 1000);
    let room = side.ws.gathering.as_ref().map(|gathering| gathering.data.capacity());
    assert!(room.is_some_and(|room| room <= 2000), "{room:?}");
}

#[test]
fn a_message_may_have_65536_fragments() {
    let fragments = |bytes: &[u8]| {
        let middle = frame(0x00, bytes).repeat(65534);
        [frame(0x02, bytes), middle, frame(0x80, bytes)].concat()
    };
    for bytes in [&b""[..], b"x"] {
        let (mut side, mut events, input) = (Side::new(65536), Vec::new(), fragments(bytes));
        for part in input.chunks(16384) {
            side.take(part, &mut events).expect("it is legal");
            let room = side.ws.gathering.as_ref().map_or(0, |gathering| gathering.data.capacity());
            assert!(room <= 2 * 65536, "{room}");
        }
        assert_eq!(events, [Seen::Binary(bytes.repeat(65536))]);
    }
    assert_eq!(read(&[&fragments(b"x")], 65535), (vec![], Some(WsError::TooLarge)));
}

#[test]
fn a_message_of_16_mib_comes_in_small_parts() {
    let message = "0123456789abcde\u{e4}".repeat(1 << 20);
    let input = frame(0x81, message.as_bytes());
    let (mut side, mut events) = (Side::new(message.len()), Vec::new());
    for part in input.chunks(1447) {
        side.take(part, &mut events).expect("it is legal");
    }
    assert!(events == [Seen::Text(message)]);
    side.unpacker.trim();
    assert_eq!(side.unpacker.message.capacity(), 0);
}

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

#[cfg(feature = "deflate")]
mod deflate;
