//! The close, from either side, and what is read after it.

use super::*;

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
