//! `on_ws_tick` and `on_sse_tick`: when they are called, and when not.

use super::*;

/// A route with ticks every ten seconds; a socket's tick sends `t`, a stream's does so, too.
fn ticking(log: &Log) -> App {
    let probe = Probe {
        tick: Box::new(|ws| _ = ws.send("t")),
        stream_tick: Box::new(|stream| _ = stream.send("t")),
        ..Probe::echo(log)
    };
    serve_with(probe, |live| live.every = Some(seconds(10)))
}

#[test]
fn a_socket_ticks_after_each_period_and_not_at_once() {
    let app = ticking(&Log::default());
    let mut ws = app.ws("/");
    assert!(ws.is_empty());
    app.advance(Duration::from_millis(9900));
    assert!(ws.is_empty());
    app.advance(Duration::from_millis(200));
    assert_eq!(ws.text(), "t");
    app.advance(seconds(9));
    assert!(ws.is_empty());
    app.advance(seconds(1));
    assert_eq!(ws.text(), "t");
}

#[test]
fn a_stream_ticks_at_once_and_after_each_period() {
    let app = ticking(&Log::default());
    let mut source = app.sse("/");
    assert_eq!(source.event().data, "t");
    assert!(source.is_empty());
    app.advance(seconds(35));
    (0..3).for_each(|_| assert_eq!(source.event().data, "t"));
    assert_eq!(source.try_event(), None);
}

#[test]
fn each_connection_has_its_own_phase() {
    let app = ticking(&Log::default());
    let mut first = app.ws("/");
    app.advance(seconds(4));
    let mut second = app.ws("/");
    app.advance(Duration::from_millis(6100));
    assert!(first.try_message().is_some() && second.try_message().is_none());
    app.advance(seconds(4));
    assert!(first.try_message().is_none() && second.try_message().is_some());
}

#[test]
fn messages_do_not_move_the_phase() {
    let app = ticking(&Log::default());
    let mut ws = app.ws("/");
    for _ in 0..3 {
        app.advance(seconds(3));
        ws.send("m");
        assert_eq!(ws.text(), "m");
    }
    assert!(ws.is_empty());
    app.advance(Duration::from_millis(1100));
    assert_eq!(ws.text(), "t");
}

#[test]
fn while_output_waits_no_tick_comes_and_what_was_missed_is_not_made_up_for() {
    let app = ticking(&Log::default());
    let (mut source, mut ws) = (app.sse("/"), app.ws("/"));
    assert_eq!(source.event().data, "t");
    source.client().window(0);
    ws.client().window(0);
    app.advance(seconds(28));
    source.client().window(usize::MAX);
    ws.client().window(usize::MAX);
    // One had been sent before it waited, and one that was late may come now.
    let events = std::iter::from_fn(|| source.try_event()).count();
    let messages = std::iter::from_fn(|| ws.try_message()).count();
    assert!((1..=2).contains(&events) && (1..=2).contains(&messages), "{events} events, {messages} messages");
    app.advance(seconds(1));
    assert!(source.try_event().is_none() && ws.try_message().is_none());
    app.advance(Duration::from_millis(1100));
    assert!(source.try_event().is_some() && ws.try_message().is_some(), "the phase is kept");
}

#[test]
fn a_worker_that_wakes_late_ticks_once() {
    let app = ticking(&Log::default());
    let mut ws = app.ws("/");
    app.jump(seconds(55));
    assert_eq!(ws.text(), "t");
    assert!(ws.try_message().is_none());
    app.advance(Duration::from_millis(4900));
    assert!(ws.try_message().is_none());
    app.advance(Duration::from_millis(200));
    assert_eq!(ws.text(), "t", "at 60 seconds, as if nothing had happened");
}

#[test]
fn a_period_of_nothing_is_one_of_a_tick() {
    let log = Log::default();
    let noted = log.clone();
    let probe = Probe { tick: Box::new(move |_| noted.add("tick")), ..Probe::new(&log) };
    let app = serve_with(probe, |live| live.every = Some(Duration::ZERO));
    let _ws = app.ws("/");
    app.advance(Duration::from_millis(100));
    assert_eq!(log.take(), ["tick"; 10]);
}

#[test]
fn none_comes_after_the_end() {
    let log = Log::default();
    let noted = log.clone();
    let probe = Probe { tick: Box::new(move |_| noted.add("tick")), ..Probe::on_message(&log, |ws, _| ws.close()) };
    let app = serve_with(probe, |live| live.every = Some(seconds(1)));
    let mut ws = app.ws("/");
    app.advance(seconds(1));
    ws.send("close");
    app.advance(seconds(5));
    assert_eq!(log.take(), ["tick", "1: Closed { code: 1000 }"]);
}

#[test]
fn a_tick_may_close() {
    let log = Log::default();
    let probe = Probe { stream_tick: Box::new(|stream| stream.close()), ..Probe::new(&log) };
    let app = serve_with(probe, |live| live.every = Some(seconds(1)));
    assert!(app.sse("/").is_ended());
    assert_eq!(log.take(), ["1: Closed { code: 1000 }"]);
}
