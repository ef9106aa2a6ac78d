//! Graceful stops, and what is left when all have gone: nothing.

use super::*;

#[test]
fn sockets_get_1001_and_streams_end() {
    let log = Log::default();
    let app = serve(Probe::echo(&log));
    let (mut ws, mut source) = (app.ws("/"), app.sse("/"));
    app.stop();
    assert_eq!((ws.closed().code, source.is_ended()), (1001, true));
    let mut told = log.take();
    told.sort();
    assert_eq!(told, ["1: Shutdown", "2: Shutdown"]);
    assert!(ws.client().is_ended());
}

#[test]
fn what_had_come_before_is_answered_first() {
    let mut ws = {
        let app = echo();
        let mut ws = app.ws("/");
        ws.client().window(0);
        (0..100).for_each(|n| ws.send(n.to_string()));
        app.stop();
        ws.client().window(usize::MAX);
        ws
    };
    (0..100).for_each(|n| assert_eq!(ws.text(), n.to_string()));
    assert_eq!(ws.closed().code, 1001);
}

#[test]
fn who_does_not_answer_the_close_is_not_waited_for() {
    let app = echo();
    let _silent = app.ws("/");
    let mut stuck = app.ws("/");
    stuck.client().window(0);
    app.stop();
    app.advance(seconds(3));
    assert_eq!(app.connections(), 1, "the one that takes nothing has until the write timeout");
    app.advance(seconds(30));
    assert_eq!(app.connections(), 0);
}

#[test]
fn one_that_opens_while_it_stops_is_told_at_once() {
    let log = Log::default();
    let app = serve(Probe::echo(&log));
    let bytes = app.ws_request("/").bytes();
    let mut client = app.raw(&bytes[..30]).send();
    app.stop();
    client.send(&bytes[30..]);
    let answer = client.take();
    assert!(answer.starts_with(b"HTTP/1.1 101 ") && answer.ends_with(b"\x88\x02\x03\xe9"), "{}", answer.escape_ascii());
    assert_eq!(log.take(), ["1: Shutdown"]);
}

#[test]
fn all_ends_of_a_crowd_are_told_once_each_and_no_slot_is_left() {
    let log = Log::default();
    let app = serve(Probe::echo(&log));
    let mut expected = Vec::new();
    for round in 0..200u32 {
        let number = round + 1;
        let mut ws = app.ws("/");
        ws.send("hi");
        assert_eq!(ws.text(), "hi");
        expected.push(match round % 4 {
            0 => {
                ws.close(1000, "");
                format!("{number}: Client {{ code: 1000, reason: \"\" }}")
            }
            1 => {
                ws.client().end();
                format!("{number}: Left")
            }
            2 => {
                ws.send_raw(b"\x81\x00");
                format!(
                    "{number}: Violation {{ code: 1002, what: \"a client's frame is not masked (RFC 6455 §5.1)\" }}"
                )
            }
            _ => format!("{number}: Left"),
        });
    }
    assert_eq!((log.take(), app.connections()), (expected, 0));
    app.advance(seconds(100));
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn what_the_handler_keeps_for_a_connection_is_dropped_with_it() {
    struct Keeping(Arc<()>);
    impl EventHandler for Keeping {
        type Conn = Arc<()>;
        const CALLBACKS: Callbacks = Callbacks::WEB_SOCKET.and(Callbacks::EVENT_STREAM);

        fn on_ws_open(&self, ws: &mut WebSocket<'_>, _: &Request<'_>) -> Result<Arc<()>, Response> {
            ws.subscribe("t");
            Ok(Arc::clone(&self.0))
        }

        fn on_sse_open(&self, stream: &mut EventStream<'_>, _: &Request<'_>) -> Result<Arc<()>, Response> {
            stream.subscribe("t");
            Ok(Arc::clone(&self.0))
        }
    }
    let kept = Arc::new(());
    let app = serve(Keeping(Arc::clone(&kept)));
    let before = Arc::strong_count(&kept);
    let clients: Vec<_> = (0..10).map(|_| (app.ws("/"), app.sse("/"))).collect();
    assert_eq!(Arc::strong_count(&kept), before + 20);
    drop(clients);
    assert_eq!((Arc::strong_count(&kept), app.connections()), (before, 0));
}

#[test]
fn the_app_counts_what_is_open() {
    let app = serve(Probe::on_stream(&Log::default(), |_| {}));
    let (ws, source) = (app.ws("/"), app.sse("/"));
    assert_eq!(app.open(), (1, 1));
    drop(ws);
    assert_eq!(app.open(), (0, 1));
    drop(source);
    assert_eq!(app.open(), (0, 0));
}
