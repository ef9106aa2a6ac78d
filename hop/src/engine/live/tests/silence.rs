//! Clients that say nothing: asked for a sign of life, then given up.

use super::*;

fn quiet(log: &Log) -> App {
    serve_with(Probe::echo(log), |live| (live.ping, live.idle) = (seconds(30), seconds(75)))
}

#[test]
fn a_silent_client_is_asked_after_thirty_seconds_and_not_before() {
    let mut ws = quiet(&Log::default()).ws("/");
    let app = quiet(&Log::default());
    let mut other = app.ws("/");
    assert!(ws.is_empty());
    app.advance(Duration::from_millis(29_900));
    assert!(other.is_empty());
    app.advance(Duration::from_millis(200));
    assert_eq!(other.pinged(), b"");
}

#[test]
fn one_that_answers_lives_on() {
    let log = Log::default();
    let app = quiet(&log);
    let mut ws = app.ws("/");
    for _ in 0..20 {
        app.advance(seconds(31));
        assert_eq!(ws.pinged(), b"");
    }
    ws.send("still here");
    assert_eq!((ws.text(), log.take()), ("still here".to_owned(), vec![]));
}

#[test]
fn one_that_does_not_is_closed_with_1001_once() {
    let log = Log::default();
    let app = quiet(&log);
    let mut ws = app.ws("/");
    app.advance(Duration::from_millis(74_900));
    assert_eq!(log.take(), [""; 0]);
    app.advance(Duration::from_millis(200));
    assert_eq!(log.take(), ["1: Idle"]);
    assert_eq!((ws.pinged(), ws.closed().code), (vec![], 1001));
    assert!(ws.client().is_ended(), "it has answered the close");
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn one_that_is_gone_for_good_leaves_nothing_behind() {
    let app = quiet(&Log::default());
    let _gone = app.ws("/");
    app.advance(seconds(80));
    assert_eq!(app.connections(), 0);
}

#[test]
fn any_byte_is_a_sign_of_life() {
    let app = quiet(&Log::default());
    let mut ws = app.ws("/");
    let slow = crate::testing::frame(crate::ws::OpCode::Binary, true, &[1; 10]);
    for byte in slow {
        app.advance(seconds(29));
        ws.send_raw([byte]);
    }
    assert_eq!(ws.binary(), [1; 10]);
    assert!(ws.is_empty(), "it was never asked");
}

#[test]
fn what_the_server_sends_is_no_sign_of_life() {
    let log = Log::default();
    let app = serve_with(Probe { tick: Box::new(|ws| _ = ws.send("tick")), ..Probe::new(&log) }, |live| {
        live.every = Some(seconds(7));
    });
    let _silent = app.ws("/");
    app.advance(seconds(76));
    assert_eq!(log.take(), ["1: Idle"]);
}

#[test]
fn times_are_those_of_the_route() {
    let app = serve_with(Probe::echo(&Log::default()), |live| (live.ping, live.idle) = (seconds(5), seconds(8)));
    let mut ws = app.ws("/");
    app.advance(Duration::from_millis(5100));
    assert_eq!(ws.pinged(), b"", "answered now");
    app.advance(seconds(6));
    app.advance(seconds(3));
    assert_eq!((ws.pinged(), ws.closed().code), (vec![], 1001));
}

#[test]
fn where_patience_is_short_a_client_is_asked_after_half_of_it() {
    let log = Log::default();
    let app = serve_with(Probe::echo(&log), |live| live.idle = seconds(20));
    let (mut ws, _silent) = (app.ws("/"), app.ws("/"));
    app.advance(Duration::from_millis(9900));
    assert!(ws.is_empty());
    app.advance(Duration::from_millis(200));
    assert_eq!(ws.pinged(), b"", "answered now");
    app.advance(Duration::from_millis(9800));
    assert_eq!(log.take(), [""; 0]);
    app.advance(Duration::from_millis(200));
    assert_eq!(log.take(), ["2: Idle"]);
}

#[test]
fn a_frame_that_has_begun_is_no_sign_of_life_when_it_is_looked_at_again() {
    let log = Log::default();
    let app = serve_with(Probe::on_open(&log, |ws| ws.subscribe("t")), |live| live.idle = seconds(75));
    let mut ws = app.ws("/");
    ws.send_raw(b"\x82");
    for _ in 0..8 {
        // What had to wait has left: the connection is looked at.
        ws.client().window(0);
        app.publish("t", "published");
        app.advance(seconds(1));
        ws.client().window(usize::MAX);
        app.advance(seconds(9));
    }
    assert_eq!(log.take(), ["1: Idle"]);
}

#[test]
fn after_a_sleep_a_client_is_asked_and_has_time_to_answer() {
    let log = Log::default();
    let app = quiet(&log);
    let (mut ws, _silent) = (app.ws("/"), app.ws("/"));
    app.jump(seconds(3600));
    assert_eq!(ws.pinged(), b"");
    app.advance(Duration::from_millis(44_900));
    ws.send("good morning");
    assert_eq!((ws.text(), log.take()), ("good morning".to_owned(), vec![]));
    app.advance(Duration::from_millis(200));
    assert_eq!(log.take(), ["2: Idle"]);
}
