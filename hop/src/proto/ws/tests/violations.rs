//! What breaks the protocol, and with which close code that is answered.

use super::*;

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
