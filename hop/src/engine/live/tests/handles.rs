//! Handles: they act from anywhere, and on nothing but the connection that they belong to.

use super::*;
use crate::{EventStreamHandle, Sent, WebSocketHandle};

type Handles<H> = Arc<Mutex<Vec<H>>>;

/// An echo that gives its handles away.
fn giving(log: &Log) -> (App, Handles<WebSocketHandle>, Handles<EventStreamHandle>) {
    let (sockets, streams) = (Handles::default(), Handles::default());
    let (of_socket, of_stream) = (Arc::clone(&sockets), Arc::clone(&streams));
    let app = serve(Probe {
        open: Box::new(move |ws| of_socket.lock().unwrap().push(ws.handle())),
        stream_open: Box::new(move |stream| of_stream.lock().unwrap().push(stream.handle())),
        ..Probe::echo(log)
    });
    (app, sockets, streams)
}

fn take<H>(handles: &Handles<H>) -> H {
    handles.lock().unwrap().pop().expect("a connection was opened")
}

#[test]
fn they_send_ping_join_and_close_from_another_thread() {
    let log = Log::default();
    let (app, sockets, _) = giving(&log);
    let mut ws = app.ws("/");
    let handle = take(&sockets);
    let other = std::thread::spawn(move || {
        assert_eq!([handle.subscribe("t"), handle.send("hi"), handle.ping(b"p")], [Sent::Now; 3]);
        handle
    });
    assert_eq!((ws.text(), ws.pinged()), ("hi".to_owned(), b"p".to_vec()));
    let handle = other.join().unwrap();
    app.publish("t", "published");
    assert_eq!(ws.text(), "published");
    handle.unsubscribe("t");
    app.publish("t", "not for this one");
    handle.close_with(4000, "over");
    assert_eq!((ws.closed().code, ws.try_message()), (4000, None));
    assert_eq!(log.take(), ["1: Closed { code: 4000 }"]);
}

#[test]
fn they_send_events_join_and_end_streams() {
    let log = Log::default();
    let (app, _, streams) = giving(&log);
    let mut source = app.sse("/");
    let handle = take(&streams);
    assert_eq!((handle.send("hi"), handle.subscribe("t")), (Sent::Now, Sent::Now));
    app.publish("t", "published");
    handle.unsubscribe("t");
    app.publish("t", "not for this one");
    assert_eq!([source.event().data, source.event().data], ["hi", "published"]);
    handle.close();
    app.advance(Duration::ZERO);
    assert!(source.try_event().is_none() && source.is_ended());
    assert_eq!((handle.send("late"), log.take()), (Sent::Closed, vec!["1: Closed { code: 1000 }".to_owned()]));
}

#[test]
fn after_the_end_they_say_closed() {
    let (app, sockets, streams) = giving(&Log::default());
    let (mut ws, source) = (app.ws("/"), app.sse("/"));
    let (handle, of_stream) = (take(&sockets), take(&streams));
    assert!(!handle.is_closed() && !of_stream.is_closed());
    ws.close(1000, "");
    drop(source);
    assert!(handle.is_closed() && of_stream.is_closed());
    let said = [
        handle.send("a"),
        handle.ping(b""),
        handle.close(),
        handle.subscribe("t"),
        handle.pause(),
        of_stream.send("a"),
    ];
    assert_eq!(said, [Sent::Closed; 6]);
}

#[test]
fn from_the_close_on_they_say_closed_although_the_client_has_not_answered() {
    let (app, sockets, _) = giving(&Log::default());
    let _ws = app.ws("/");
    let handle = take(&sockets);
    handle.close();
    app.advance(Duration::ZERO);
    assert_eq!((handle.is_closed(), handle.send("a")), (true, Sent::Closed));
}

#[test]
fn whoever_takes_the_place_of_a_connection_is_not_touched() {
    let (app, sockets, _) = giving(&Log::default());
    let ws = app.ws("/");
    let old = take(&sockets);
    // It is on its way when its connection goes.
    old.send("for the first");
    drop(ws);
    let mut second = app.ws("/");
    old.close();
    app.advance(seconds(1));
    assert!(second.is_empty());
}

#[test]
fn what_is_asked_before_the_connection_is_open_is_done_after_it() {
    let app = serve(Probe::on_open(&Log::default(), |ws| {
        let handle = ws.handle();
        handle.subscribe("t");
        handle.send("by the handle");
        ws.send("by the opening");
    }));
    let mut ws = app.ws("/");
    assert_eq!([ws.text(), ws.text()], ["by the opening", "by the handle"]);
    app.publish("t", "published");
    assert_eq!(ws.text(), "published");
}

#[test]
fn those_of_a_refused_opening_are_closed_and_touch_nobody() {
    struct SecondTime(Handles<WebSocketHandle>);
    impl EventHandler for SecondTime {
        type Conn = ();
        const CALLBACKS: Callbacks = Callbacks::WEB_SOCKET;

        fn on_ws_open(&self, ws: &mut WebSocket<'_>, _: &Request<'_>) -> Result<(), Response> {
            let mut handles = self.0.lock().unwrap();
            handles.push(ws.handle());
            handles[0].send("on its way while it is refused");
            if handles.len() == 1 { Err(Response::new(crate::StatusCode::UNAUTHORIZED)) } else { Ok(()) }
        }
    }
    let handles = Handles::default();
    let app = serve(SecondTime(Arc::clone(&handles)));
    let mut client = app.connect();
    client.send(app.ws_request("/").bytes());
    assert_eq!(client.answer().status, 401);
    let refused = handles.lock().unwrap()[0].clone();
    assert!(refused.is_closed());
    client.send(app.ws_request("/").bytes());
    assert_eq!(client.answer().status, 101);
    assert_eq!(refused.send("a"), Sent::Closed);
    app.advance(seconds(1));
    assert_eq!(client.take(), b"", "the second one is not the first one's");
}

#[test]
fn what_is_on_its_way_is_bounded() {
    let sockets = Handles::<WebSocketHandle>::default();
    let given = Arc::clone(&sockets);
    let probe = Probe::on_open(&Log::default(), move |ws| given.lock().unwrap().push(ws.handle()));
    let app = serve_with(probe, |live| live.queue_bytes = 1000);
    let mut ws = app.ws("/");
    let handle = take(&sockets);
    let sent: Vec<Sent> = (0..3).map(|_| handle.send(vec![0; 400])).collect();
    assert_eq!(sent, [Sent::Now, Sent::Now, Sent::Full]);
    app.advance(Duration::ZERO);
    assert_eq!(handle.send(vec![0; 5000]), Sent::Now, "one is always taken");
    app.advance(Duration::ZERO);
    assert_eq!([400, 400, 5000], [(); 3].map(|()| ws.binary().len()));
}

#[test]
fn they_keep_nothing_open() {
    let (app, sockets, _) = giving(&Log::default());
    let mut ws = app.ws("/");
    let _handle = take(&sockets);
    ws.close(1000, "");
    assert_eq!((ws.closed().code, app.connections()), (1000, 0));
}
