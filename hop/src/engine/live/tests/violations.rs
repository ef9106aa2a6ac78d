//! What clients do wrong, and the code that answers it.

use super::*;
use crate::testing::frame;
use crate::ws::{Header, OpCode};

/// The code that answers these bytes; the handler must be told the same, once, and the connection must be over.
#[track_caller]
fn code_of(bytes: &[u8]) -> u16 {
    let log = Log::default();
    let app = serve(Probe::echo(&log));
    let mut ws = app.ws("/");
    ws.send_raw(bytes);
    let code = ws.closed().code;
    assert!(ws.client().is_ended(), "nothing follows");
    let told = log.take();
    assert!(told.len() == 1 && told[0].starts_with(&format!("1: Violation {{ code: {code}, ")), "{told:?}");
    ws.client().end();
    assert_eq!(app.connections(), 0);
    code
}

fn header(first: u8, second: u8) -> Vec<u8> {
    vec![first, second]
}

#[test]
fn a_frame_that_is_not_masked_is_1002() {
    assert_eq!(code_of(b"\x81\x02hi"), 1002);
    assert_eq!(code_of(b"\x89\x00"), 1002);
}

#[test]
fn reserved_bits_and_opcodes_are_1002() {
    for first in [0xc1, 0xa1, 0x91, 0x83, 0x87, 0x8b, 0x8f, 0xc9] {
        assert_eq!(code_of(&[header(first, 0x80), vec![0; 4]].concat()), 1002, "{first:x}");
    }
}

#[test]
fn control_frames_that_are_long_or_fragmented_are_1002() {
    assert_eq!(code_of(&frame(OpCode::Ping, false, b"")), 1002);
    assert_eq!(code_of(&frame(OpCode::Ping, true, &[0; 126])), 1002);
    assert_eq!(code_of(&frame(OpCode::Close, false, &[3, 232])), 1002);
}

#[test]
fn fragments_out_of_place_are_1002() {
    assert_eq!(code_of(&frame(OpCode::Continuation, true, b"of nothing")), 1002);
    let interrupted = [frame(OpCode::Text, false, b"a"), frame(OpCode::Text, true, b"b")].concat();
    assert_eq!(code_of(&interrupted), 1002);
}

#[test]
fn lengths_in_more_bytes_than_needed_are_1002() {
    assert_eq!(code_of(b"\x81\xfe\x00\x05\0\0\0\0hello"), 1002);
    assert_eq!(code_of(b"\x82\xff\0\0\0\0\0\0\xff\xff\0\0\0\0"), 1002);
    assert_eq!(code_of(b"\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0"), 1002);
}

#[test]
fn text_that_is_not_utf_8_is_1007_as_soon_as_that_is_certain() {
    assert_eq!(code_of(&frame(OpCode::Text, true, b"\xc0\x80")), 1007);
    assert_eq!(code_of(&frame(OpCode::Text, true, b"cut \xe2\x82")), 1007);
    assert_eq!(code_of(&frame(OpCode::Text, false, b"never ends \xed\xa0\x80")), 1007);
    let begun = Header { fin: true, rsv1: false, opcode: OpCode::Text, mask: Some([0; 4]), payload_bytes: 1000 };
    let mut bytes = Vec::new();
    begun.encode(&mut bytes);
    bytes.extend_from_slice(b"\xff");
    assert_eq!(code_of(&bytes), 1007, "the rest is not waited for");
}

#[test]
fn binary_messages_need_not_be_utf_8() {
    let mut ws = echo().ws("/");
    ws.send_binary(b"\xc0\x80");
    assert_eq!(ws.binary(), b"\xc0\x80");
}

#[test]
fn a_message_beyond_the_limit_is_1009() {
    let log = Log::default();
    let app = serve_with(Probe::echo(&log), |live| live.message_bytes = 1000);
    let mut ws = app.ws("/");
    ws.send_binary(vec![0; 1000]);
    assert_eq!(ws.binary().len(), 1000);
    ws.send_binary(vec![0; 1001]);
    assert_eq!(ws.closed().code, 1009);
    let mut ws = app.ws("/");
    ws.send_frame(OpCode::Binary, false, &[0; 600]);
    assert!(ws.is_empty());
    ws.send_frame(OpCode::Continuation, false, &[0; 401]);
    assert_eq!(ws.closed().code, 1009);
    assert_eq!(log.take().len(), 2);
}

#[test]
fn a_declared_length_of_2_to_the_62_is_refused_at_its_header() {
    for opcode in [OpCode::Text, OpCode::Binary] {
        let header = Header { fin: true, rsv1: false, opcode, mask: Some([1; 4]), payload_bytes: 1 << 62 };
        let mut bytes = Vec::new();
        header.encode(&mut bytes);
        assert_eq!(code_of(&bytes), 1009);
    }
}

#[test]
fn close_frames_with_no_legal_payload_are_refused() {
    let close = |payload: &[u8]| code_of(&frame(OpCode::Close, true, payload));
    assert_eq!(close(b"\x03"), 1002);
    for code in [0u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] {
        assert_eq!(close(&code.to_be_bytes()), 1002, "{code}");
    }
    assert_eq!(close(b"\x03\xe8\xff"), 1007);
}

#[test]
fn what_came_before_it_is_answered_first_and_what_comes_after_it_is_not_looked_at() {
    let mut ws = echo().ws("/");
    ws.send_raw(
        [frame(OpCode::Text, true, b"fine"), b"\x81\x02no".to_vec(), frame(OpCode::Text, true, b"late")].concat(),
    );
    assert_eq!((ws.text(), ws.closed().code), ("fine".to_owned(), 1002));
    assert!(ws.try_message().is_none());
}

#[test]
fn the_reason_says_what_was_wrong() {
    let mut ws = echo().ws("/");
    ws.send_raw(b"\x81\x02hi");
    assert!(ws.closed().reason.contains("not masked"));
}
