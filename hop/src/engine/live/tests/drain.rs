//! `on_ws_drain` and `on_sse_drain`: once, when all that had to wait has left.

use super::*;

/// Echoes and subscribes to `t`, and notes when it is drained.
fn noting(log: &Log) -> App {
    let (of_socket, of_stream) = (log.clone(), log.clone());
    serve(Probe {
        drain: Box::new(move |ws| of_socket.add(format!("drained, {} wait", ws.queued_bytes()))),
        stream_drain: Box::new(move |stream| of_stream.add(format!("drained, {} wait", stream.queued_bytes()))),
        open: Box::new(|ws| ws.subscribe("t")),
        stream_open: Box::new(|stream| stream.subscribe("t")),
        ..Probe::echo(log)
    })
}

#[test]
fn it_is_told_once_for_all_that_waited() {
    let log = Log::default();
    let app = noting(&log);
    let mut ws = app.ws("/");
    ws.client().window(0);
    (0..5).for_each(|_| ws.send("a"));
    ws.client().window(7);
    assert_eq!(log.take(), [""; 0]);
    ws.client().window(usize::MAX);
    assert_eq!(log.take(), ["drained, 0 wait"]);
    ws.send("b");
    assert_eq!(log.take(), [""; 0], "nothing had to wait");
    ws.client().window(0);
    ws.send("c");
    ws.client().window(usize::MAX);
    assert_eq!(log.take(), ["drained, 0 wait"]);
}

#[test]
fn streams_are_told_too() {
    let log = Log::default();
    let app = noting(&log);
    let mut source = app.sse("/");
    source.client().window(0);
    app.publish("t", "a");
    app.publish("t", "b");
    assert_eq!(log.take(), [""; 0]);
    source.client().window(usize::MAX);
    assert_eq!(log.take(), ["drained, 0 wait"]);
}

#[test]
fn what_left_at_once_has_not_waited_however_large() {
    let log = Log::default();
    let app = noting(&log);
    let (mut ws, mut source) = (app.ws("/"), app.sse("/"));
    app.publish("t", "x".repeat(100_000));
    ws.send(vec![0; 200_000]);
    assert_eq!((ws.text().len(), ws.binary().len(), source.event().data.len()), (100_000, 200_000, 100_000));
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn what_it_sends_leaves_and_may_make_it_be_told_again() {
    let log = Log::default();
    let noted = log.clone();
    let drain = move |ws: &mut WebSocket<'_>| {
        noted.add("drained");
        ws.send("more");
    };
    let app = serve(Probe { drain: Box::new(drain), ..Probe::echo(&log) });
    let mut ws = app.ws("/");
    ws.client().window(0);
    ws.send("a");
    ws.client().window(3);
    assert_eq!(log.take(), ["drained"]);
    ws.client().window(usize::MAX);
    assert_eq!(log.take(), ["drained"], "what it had sent had to wait as well");
    assert_eq!([ws.text(), ws.text(), ws.text()], ["a", "more", "more"]);
}

#[test]
fn what_the_handler_sees_waiting_is_what_waits() {
    let log = Log::default();
    let noted = log.clone();
    let app = serve(Probe::on_message(&log, move |ws, message| {
        let before = ws.queued_bytes();
        ws.send(message);
        noted.add(format!("{before} {}", ws.queued_bytes()));
    }));
    let mut ws = app.ws("/");
    ws.client().window(2);
    ws.send("abc");
    ws.send("de");
    assert_eq!(log.take(), ["0 5", "3 7"]);
}
