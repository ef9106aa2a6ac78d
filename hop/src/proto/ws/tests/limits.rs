//! Messages that are large or in many parts, and the memory that they take.

use super::*;

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
