//! What is written.

use super::*;

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
