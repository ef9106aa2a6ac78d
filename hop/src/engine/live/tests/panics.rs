//! Callbacks that panic: what they had sent is taken back, the connection is closed with 1011, the handler is told once.

use super::*;
use crate::Overflow;
use crate::testing::{EventSource, WebSocket as Client};

/// Sends something, then panics.
fn send_and_fail(ws: &mut WebSocket<'_>) {
    ws.send("taken back");
    ws.ping(b"this too");
    fail();
}

fn stream_and_fail(stream: &mut EventStream<'_>) {
    stream.send("taken back");
    fail();
}

#[track_caller]
fn assert_failed(ws: &mut Client, log: &Log, number: u32) {
    assert_eq!(ws.closed().code, 1011);
    assert!(ws.try_message().is_none(), "what was sent is taken back");
    assert!(ws.client().is_ended());
    assert_eq!(log.take(), [format!("{number}: Panicked")]);
}

#[track_caller]
fn assert_ended(source: &mut EventSource, log: &Log, number: u32) {
    assert!(source.is_ended() && source.try_event().is_none());
    assert_eq!(log.take(), [format!("{number}: Panicked")]);
}

#[test]
fn in_on_ws_message() {
    let log = Log::default();
    let app = serve(Probe::on_message(&log, |ws, _| send_and_fail(ws)));
    let (mut ws, mut other) = (app.ws("/"), app.ws("/"));
    ws.send("a");
    assert_failed(&mut ws, &log, 1);
    other.ping("alive?");
    assert_eq!(other.pong(), b"alive?", "the others live on");
}

#[test]
fn what_earlier_callbacks_of_the_turn_have_sent_stays() {
    let log = Log::default();
    let app = serve(Probe::on_message(&log, |ws, message| {
        ws.send(message);
        if message.text() == Some("b") {
            fail();
        }
    }));
    let mut ws = app.ws("/");
    ws.send_raw(
        ["a", "b", "c"].map(|text| crate::testing::frame(crate::ws::OpCode::Text, true, text.as_bytes())).concat(),
    );
    assert_eq!((ws.text(), ws.closed().code), ("a".to_owned(), 1011));
    assert!(ws.try_message().is_none());
    assert_eq!(log.take(), ["1: Panicked"]);
}

#[test]
fn in_on_ws_pong() {
    let log = Log::default();
    let mut ws = serve(Probe { pong: Box::new(|ws, _| send_and_fail(ws)), ..Probe::new(&log) }).ws("/");
    ws.send_frame(crate::ws::OpCode::Pong, true, b"");
    assert_failed(&mut ws, &log, 1);
}

#[test]
fn in_on_ws_tick() {
    let log = Log::default();
    let app =
        serve_with(Probe { tick: Box::new(send_and_fail), ..Probe::new(&log) }, |live| live.every = Some(seconds(1)));
    let mut ws = app.ws("/");
    app.advance(seconds(1));
    assert_failed(&mut ws, &log, 1);
}

#[test]
fn in_on_ws_drain() {
    let log = Log::default();
    let mut ws = serve(Probe { drain: Box::new(send_and_fail), ..Probe::echo(&log) }).ws("/");
    ws.client().window(0);
    ws.send("a");
    ws.client().window(usize::MAX);
    assert_eq!(ws.text(), "a");
    assert_failed(&mut ws, &log, 1);
}

#[test]
fn in_on_ws_open_it_is_500_and_nobody_is_told() {
    let log = Log::default();
    let app = serve(Probe::on_open(&log, |ws| {
        ws.subscribe("t");
        send_and_fail(ws);
    }));
    app.ws_request("/").expect(500);
    app.publish("t", "to nobody");
    assert_eq!((log.take(), app.connections()), (vec![], 0));
}

#[test]
fn in_on_ws_close_it_goes_no_further() {
    let log = Log::default();
    let app = serve(Probe { close: Box::new(|| fail()), ..Probe::echo(&log) });
    let (mut ws, mut other) = (app.ws("/"), app.ws("/"));
    ws.close(1000, "");
    assert_eq!(log.take().len(), 1);
    other.send("alive");
    assert_eq!(other.text(), "alive");
    drop((ws, other));
    assert_eq!(app.connections(), 0);
}

#[test]
fn in_on_sse_open_it_is_500() {
    let log = Log::default();
    let answer = serve(Probe::on_stream(&log, stream_and_fail)).sse_request("/").send().unwrap_err();
    assert_eq!((answer.status, log.take()), (500, vec![]));
}

#[test]
fn in_on_sse_tick_the_stream_ends_at_once_or_later() {
    let log = Log::default();
    let app = serve_with(Probe { stream_tick: Box::new(stream_and_fail), ..Probe::new(&log) }, |live| {
        live.every = Some(seconds(1))
    });
    assert_ended(&mut app.sse("/"), &log, 1);
}

#[test]
fn in_on_sse_drain() {
    let log = Log::default();
    let probe =
        Probe { stream_drain: Box::new(stream_and_fail), ..Probe::on_stream(&log, |stream| stream.subscribe("t")) };
    let app = serve(probe);
    let mut source = app.sse("/");
    source.client().window(0);
    app.publish("t", "kept");
    source.client().window(usize::MAX);
    assert_eq!(source.event().data, "kept");
    assert_ended(&mut source, &log, 1);
}

#[test]
fn a_close_that_was_said_before_the_panic_stands() {
    let log = Log::default();
    let mut ws = serve(Probe::on_message(&log, |ws, _| {
        ws.close_with(4000, "");
        fail();
    }))
    .ws("/");
    ws.send("a");
    assert_eq!((ws.closed().code, log.take()), (4000, vec!["1: Panicked".to_owned()]));
}

#[test]
fn what_waits_in_the_queue_stays_whatever_the_policy() {
    for overflow in [Overflow::Close, Overflow::DropNewest, Overflow::DropOldest] {
        let log = Log::default();
        let act = |ws: &mut WebSocket<'_>, message: Message<'_>| {
            ws.send(message);
            if message.is_empty() {
                (0..30).for_each(|_| _ = ws.send(vec![b'x'; 50]));
                fail();
            }
        };
        let app =
            serve_with(Probe::on_message(&log, act), move |live| (live.queue_bytes, live.overflow) = (500, overflow));
        let mut ws = app.ws("/");
        ws.client().window(1);
        for n in 0..9u8 {
            ws.send_binary([n; 50]);
        }
        ws.send_binary([]);
        ws.client().window(usize::MAX);
        let code = if overflow == Overflow::Close { 1013 } else { 1011 };
        assert_eq!(ws.closed().code, code, "{overflow:?}");
        let got: Vec<_> = std::iter::from_fn(|| ws.try_message()).collect();
        if overflow != Overflow::Close {
            assert!(
                got.iter().all(|message| message.borrow().as_bytes().first() < Some(&b'x')),
                "{overflow:?}: {got:?}"
            );
        }
        assert_eq!(log.take(), ["1: Panicked"], "{overflow:?}");
        assert!(ws.client().is_ended());
    }
}
