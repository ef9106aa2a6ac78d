//! Closes, from either side: the codes on the wire, and what the handler is told, once.

use super::*;
use crate::testing::Closed;
use crate::ws::OpCode;

fn said(code: u16) -> Closed {
    Closed { code, reason: String::new() }
}

#[test]
fn a_client_that_closes_is_answered_with_its_own_code() {
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999] {
        let log = Log::default();
        let app = serve(Probe::echo(&log));
        let mut ws = app.ws("/");
        ws.close(code, "that is all");
        assert_eq!(ws.closed(), said(code));
        assert!(ws.client().is_ended(), "the server ends the connection (RFC 6455 §7.1.1)");
        assert_eq!(log.take(), [format!("1: Client {{ code: {code}, reason: \"that is all\" }}")]);
    }
}

#[test]
fn a_close_without_a_code_is_answered_without_one() {
    let log = Log::default();
    let mut ws = serve(Probe::echo(&log)).ws("/");
    ws.send_frame(OpCode::Close, true, b"");
    assert_eq!(ws.closed().code, 1005);
    assert_eq!(log.take(), ["1: Client { code: 1005, reason: \"\" }"]);
}

#[test]
fn what_was_sent_before_the_close_is_answered_and_nothing_after_it() {
    let mut ws = echo().ws("/");
    let frames = [(OpCode::Text, &b"before"[..]), (OpCode::Close, b"\x03\xe8"), (OpCode::Text, b"after")];
    ws.send_raw(frames.map(|(opcode, payload)| crate::testing::frame(opcode, true, payload)).concat());
    assert_eq!((ws.text(), ws.closed().code), ("before".to_owned(), 1000));
    assert!(ws.try_message().is_none());
}

#[test]
fn a_handler_closes_with_code_and_reason_behind_what_it_has_sent() {
    let log = Log::default();
    let app = serve(Probe::on_message(&log, |ws, message| {
        ws.send(message);
        ws.close_with(4000, "enough");
        assert_eq!(ws.send("too late"), crate::Sent::Closed);
    }));
    let mut ws = app.ws("/");
    ws.send("a");
    ws.send("b");
    assert_eq!((ws.text(), ws.closed()), ("a".to_owned(), Closed { code: 4000, reason: "enough".to_owned() }));
    assert!(ws.try_message().is_none(), "no message comes after the close");
    assert!(ws.client().is_ended());
    assert_eq!(log.take(), ["1: Closed { code: 4000 }"]);
}

#[test]
fn a_code_that_must_not_be_sent_is_replaced() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        let mut ws = serve(Probe::on_message(&Log::default(), move |ws, _| ws.close_with(code, ""))).ws("/");
        ws.send("a");
        assert_eq!(ws.closed().code, 1011, "{code}");
    }
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let mut ws = serve(Probe::on_message(&Log::default(), |ws, _| ws.close_with(1000, &"ä".repeat(100)))).ws("/");
    ws.send("a");
    assert_eq!(ws.closed().reason, "ä".repeat(61));
}

#[test]
fn a_handler_may_close_while_it_opens() {
    let log = Log::default();
    let app = serve(Probe::on_open(&log, |ws| {
        ws.send("welcome, and");
        ws.close();
    }));
    let mut ws = app.ws("/");
    assert_eq!((ws.text(), ws.closed().code), ("welcome, and".to_owned(), 1000));
    assert_eq!(log.take(), ["1: Closed { code: 1000 }"]);
}

#[test]
fn after_its_own_close_the_server_waits_for_the_clients_one_but_not_for_ever() {
    let log = Log::default();
    let app = serve(Probe::on_message(&log, |ws, _| ws.close()));
    let mut ws = app.ws("/");
    ws.send("a");
    app.advance(seconds(1));
    ws.send("it is not read any more");
    ws.ping("nor is this");
    assert!(!ws.client().is_ended());
    app.advance(seconds(2));
    assert!(ws.client().is_ended());
    assert_eq!((app.connections(), log.take().len()), (0, 1));
}

#[test]
fn both_sides_may_close_at_once() {
    let log = Log::default();
    let app = serve(Probe::on_message(&log, |ws, _| ws.close_with(4001, "")));
    let mut ws = app.ws("/");
    let frames = [(OpCode::Text, &b"a"[..]), (OpCode::Close, b"\x03\xe9")];
    ws.send_raw(frames.map(|(opcode, payload)| crate::testing::frame(opcode, true, payload)).concat());
    assert!(ws.client().is_ended());
    assert_eq!(log.take(), ["1: Closed { code: 4001 }"]);
    assert!(ws.client().take().ends_with(b"\x88\x02\x0f\xa1"), "one close frame, with the handler's code");
}

#[test]
fn a_client_that_leaves_without_a_word_is_told_as_left() {
    let log = Log::default();
    let app = serve(Probe::echo(&log));
    let (mut resets, mut ends) = (app.ws("/"), app.ws("/"));
    resets.client().reset();
    ends.client().end();
    assert_eq!(log.take(), ["1: Left", "2: Left"]);
    drop(app.ws("/"));
    assert_eq!(log.take(), ["3: Left"]);
    assert_eq!(app.connections(), 0);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_a_message_has_sent_none() {
    let log = Log::default();
    let noted = log.clone();
    let app = serve(Probe::on_message(&log, move |_, _| noted.add("a message")));
    let bytes = crate::testing::frame(OpCode::Binary, true, &[7; 300]);
    for cut in [1, 2, 7, 100, bytes.len() - 1] {
        let mut ws = app.ws("/");
        ws.send_raw(&bytes[..cut]);
        ws.client().end();
        assert!(ws.client().is_ended());
    }
    let told = log.take();
    assert!(told.len() == 5 && told.iter().all(|entry| entry.ends_with(": Left")), "{told:?}");
}

#[test]
fn what_came_before_the_end_of_the_connection_is_answered() {
    let log = Log::default();
    let mut ws = serve(Probe::echo(&log)).ws("/");
    ws.send("last words");
    ws.client().end();
    assert_eq!(ws.text(), "last words");
    assert_eq!((ws.closed().code, log.take()), (1006, vec!["1: Left".to_owned()]));
}
