//! What frames mean: messages, fragments and control frames, whole or in parts.

use super::*;

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
