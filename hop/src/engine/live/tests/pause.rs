//! `pause` and `resume`: by the handler, and by whoever has a handle.

use super::*;
use crate::WebSocketHandle;

/// An echo that pauses on `stop`, and gives its handle away.
fn pausing(log: &Log) -> (App, Arc<Mutex<Option<WebSocketHandle>>>) {
    let handle = Arc::new(Mutex::new(None));
    let taken = Arc::clone(&handle);
    let act = |ws: &mut WebSocket<'_>, message: Message<'_>| {
        ws.send(message);
        if message.text() == Some("stop") {
            ws.pause();
        }
    };
    let open = move |ws: &mut WebSocket<'_>| *taken.lock().unwrap() = Some(ws.handle());
    (serve(Probe { open: Box::new(open), ..Probe::on_message(log, act) }), handle)
}

#[test]
fn messages_wait_until_the_handler_resumes() {
    let log = Log::default();
    let (app, handle) = pausing(&log);
    let handle = move || handle.lock().unwrap().clone().unwrap();
    let mut ws = app.ws("/");
    ws.send_raw(
        ["stop", "a", "b"].map(|text| crate::testing::frame(crate::ws::OpCode::Text, true, text.as_bytes())).concat(),
    );
    ws.send("c");
    assert_eq!(ws.text(), "stop");
    assert!(ws.is_empty());
    handle().resume();
    app.advance(Duration::ZERO);
    assert_eq!([ws.text(), ws.text(), ws.text()], ["a", "b", "c"]);
}

#[test]
fn a_paused_connection_is_not_read_without_bound() {
    let (app, _handle) = pausing(&Log::default());
    let mut ws = app.ws("/");
    ws.send("stop");
    assert_eq!(ws.client().unread_by_the_server(), 0);
    for _ in 0..100 {
        ws.send_binary([0; 1000]);
    }
    let unread = ws.client().unread_by_the_server();
    assert!(unread > 20_000, "only {unread} of 100,000 bytes are left to the network");
}

#[test]
fn all_that_waited_comes_in_order() {
    let (app, handle) = pausing(&Log::default());
    let mut ws = app.ws("/");
    ws.send("stop");
    (0..200).for_each(|n| ws.send(format!("{n} {}", "x".repeat(500))));
    handle.lock().unwrap().as_ref().unwrap().resume();
    app.advance(Duration::ZERO);
    assert_eq!(ws.text(), "stop");
    (0..200).for_each(|n| assert!(ws.text().starts_with(&format!("{n} "))));
    assert!(ws.is_empty());
}

#[test]
fn a_paused_client_is_not_asked_and_its_silence_not_held_against_it() {
    let log = Log::default();
    let (app, handle) = pausing(&log);
    let mut ws = app.ws("/");
    ws.send("stop");
    assert_eq!(ws.text(), "stop");
    app.advance(seconds(1000));
    assert!(ws.is_empty() && log.take().is_empty());
    handle.lock().unwrap().as_ref().unwrap().resume();
    app.advance(seconds(29));
    assert!(ws.is_empty());
    app.advance(seconds(2));
    assert_eq!(ws.pinged(), b"");
}

#[test]
fn a_paused_client_that_leaves_is_noticed() {
    let log = Log::default();
    let (app, _handle) = pausing(&log);
    let mut ws = app.ws("/");
    ws.send("stop");
    ws.send("never read");
    ws.client().end();
    assert_eq!((log.take(), app.connections()), (vec!["1: Left".to_owned()], 0));
}

#[test]
fn it_may_be_paused_from_the_start() {
    let handle = Arc::new(Mutex::new(None));
    let taken = Arc::clone(&handle);
    let app = serve(Probe::on_open(&Log::default(), move |ws| {
        ws.pause();
        *taken.lock().unwrap() = Some(ws.handle());
    }));
    let mut ws = app.ws("/");
    ws.send("a");
    assert!(ws.is_empty());
    handle.lock().unwrap().as_ref().unwrap().resume();
    app.advance(Duration::ZERO);
    assert_eq!(ws.text(), "a");
}
