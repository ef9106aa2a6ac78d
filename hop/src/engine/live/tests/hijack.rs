//! Hijacked connections that stay on the poll loop.

use std::io::Read;

use super::*;
use crate::testing::Client;
use crate::{Body, RawConn, RawIo, State, handler, route, routes};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n";

fn hijacked(take: impl Fn(RawConn) + Clone + Send + Sync + 'static) -> App {
    serve(handler(move |_, reply| reply.send(Response::hijack(take.clone()).with_header("upgrade", "raw"))))
}

/// What is called for each connection, afresh.
fn on_readable(callback: impl Fn(&mut RawIo<'_>) + Clone + Send + Sync + 'static) -> App {
    hijacked(move |conn| conn.on_readable(callback.clone()))
}

/// Says each whole line in upper case.
fn shout() -> App {
    on_readable(|io| {
        if let Some(end) = io.unread().iter().position(|byte| *byte == b'\n') {
            let line = io.unread()[..=end].to_ascii_uppercase();
            io.consume(end + 1);
            io.send(&line);
        }
    })
}

/// A client whose connection was hijacked.
#[track_caller]
fn upgraded(app: &App) -> Client {
    let mut client = app.raw(REQUEST).send();
    assert_eq!(client.answer().status, 101);
    client
}

#[test]
fn the_callback_is_called_again_while_unread_bytes_remain() {
    let app = shout();
    let mut client = upgraded(&app);
    client.send("one\ntwo\nthree\nfo");
    assert_eq!(client.take(), b"ONE\nTWO\nTHREE\n");
    client.send("ur\n");
    assert_eq!(client.take(), b"FOUR\n");
}

#[test]
fn bytes_that_come_with_the_request_are_not_lost_in_any_split() {
    let bytes = format!("{REQUEST}one\ntwo\nthr");
    let app = shout();
    for cut in 0..bytes.len() {
        let mut client = app.raw(&bytes).split_at(cut).send();
        assert_eq!(client.answer().status, 101, "cut at {cut}");
        client.send("ee\n");
        assert_eq!(client.take(), b"ONE\nTWO\nTHREE\n", "cut at {cut}");
    }
    let mut client = app.raw(&bytes).split_every(1).send();
    assert_eq!((client.answer().status, client.take()), (101, b"ONE\nTWO\n".to_vec()));
}

#[test]
fn a_body_of_another_status_is_what_the_hijacker_says() {
    let app = serve(handler(|_, reply| {
        let response = Response::hijack(|conn| conn.on_readable(|io| io.send(b"called")));
        reply.send(response.with_status(crate::StatusCode::OK))
    }));
    let mut client = app.raw(REQUEST).send();
    client.send("x");
    let text = String::from_utf8(client.take()).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\ncalled"), "{text}");
    assert!(!text.contains("transfer-encoding"), "{text}");
}

#[test]
fn what_is_not_consumed_is_bounded() {
    let app = on_readable(|_| {});
    let mut client = upgraded(&app);
    (0..100).for_each(|_| client.send([0; 1000]));
    assert!(client.unread_by_the_server() > 50_000);
}

#[test]
fn what_waits_is_counted_once() {
    let log = Log::default();
    let noted = log.clone();
    let app = on_readable(move |io| {
        io.consume(1);
        io.send(&[b'x'; 100]);
        noted.add(io.queued_bytes().to_string());
    });
    let mut client = upgraded(&app);
    client.window(0);
    client.send("ab");
    client.send("c");
    client.send("d");
    assert_eq!(log.take(), ["100", "200", "300", "400"]);
}

#[test]
fn it_closes_behind_what_it_has_sent_and_is_not_called_again() {
    let log = Log::default();
    let noted = log.clone();
    let app = on_readable(move |io| {
        noted.add("called");
        io.send(b"bye");
        io.close();
    });
    let mut client = upgraded(&app);
    client.send("x");
    assert_eq!((client.take(), client.is_ended(), log.take()), (b"bye".to_vec(), true, vec!["called".to_owned()]));
    client.send("more");
    client.end();
    assert_eq!((log.take(), app.connections()), (vec![], 0));
}

#[test]
fn a_panic_takes_back_its_turn_and_ends_the_connection() {
    let app = on_readable(|io| {
        io.consume(1);
        io.send(b"x");
        if io.unread().first() == Some(&b'!') {
            fail();
        }
    });
    let mut client = upgraded(&app);
    client.send("ab!c");
    assert_eq!((client.take(), client.is_ended()), (b"x".to_vec(), true));
    let greedy = on_readable(|io| io.consume(io.unread().len() + 1));
    let mut client = upgraded(&greedy);
    client.send("a");
    assert!(client.is_ended(), "more than there is cannot be consumed");
}

#[test]
fn a_panic_of_the_hijacker_ends_the_connection() {
    let app = hijacked(|_| fail());
    let mut client = app.raw(REQUEST).send();
    assert_eq!((client.answer().status, client.is_ended(), app.connections()), (101, true, 0));
}

#[test]
fn it_is_told_of_the_end_once_with_what_is_left() {
    let log = Log::default();
    let noted = log.clone();
    let app = on_readable(move |io| {
        noted.add(format!("{}{}", io.unread().escape_ascii(), if io.is_ended() { " end" } else { "" }));
        if io.is_ended() {
            io.send(b"goodbye");
        }
    });
    let mut client = upgraded(&app);
    client.send("ab");
    client.end();
    assert_eq!(log.take(), ["ab", "ab end"]);
    assert_eq!((client.take(), client.is_ended(), app.connections()), (b"goodbye".to_vec(), true, 0));
    upgraded(&app).end();
    assert_eq!(log.take(), [" end"]);
}

#[test]
fn it_is_told_of_the_end_although_its_output_waits() {
    let log = Log::default();
    let noted = log.clone();
    let app = on_readable(move |io| {
        io.consume(io.unread().len());
        if io.is_ended() {
            noted.add("end");
        } else {
            io.send(&[0; 100_000]);
        }
    });
    let mut client = upgraded(&app);
    client.window(0);
    client.send("a");
    client.end();
    assert_eq!(log.take(), ["end"]);
    client.window(usize::MAX);
    assert_eq!((client.take().len(), app.connections()), (100_000, 0));
}

#[test]
fn an_end_before_the_hijackers_turn_is_told_too() {
    let log = Log::default();
    let noted = log.clone();
    let app = on_readable(move |io| {
        noted.add(format!("{} {}", io.unread().len(), io.is_ended()));
        io.consume(io.unread().len());
    });
    let mut client = app.connect();
    client.window(10);
    client.send(format!("{REQUEST}abc"));
    client.end();
    assert_eq!(log.take(), [""; 0], "the head has not left");
    client.window(usize::MAX);
    assert_eq!((log.take(), app.connections()), (vec!["3 true".to_owned()], 0));
}

#[test]
fn while_its_output_waits_it_is_not_called() {
    let app = on_readable(|io| {
        let n = io.unread().len();
        io.consume(n);
        io.send(&vec![b'x'; 50 * n]);
    });
    let mut client = upgraded(&app);
    client.window(0);
    (0..100).for_each(|_| client.send([0; 1000]));
    assert!(client.unread_by_the_server() > 50_000);
    client.window(usize::MAX);
    assert_eq!(client.take().len(), 50 * 100_000);
}

#[test]
fn reading_never_blocks() {
    let log = Log::default();
    let noted = log.clone();
    let app = on_readable(move |io| {
        let mut all = Vec::new();
        let error = io.read_to_end(&mut all).map_err(|error| error.kind());
        noted.add(format!("{} {error:?}", all.escape_ascii()));
    });
    let mut client = upgraded(&app);
    client.send("abc");
    client.end();
    assert_eq!(log.take(), ["abc Err(WouldBlock)", " Ok(0)"]);
}

#[test]
#[cfg(feature = "hyper")]
fn one_that_says_no_more_still_listens() {
    let log = Log::default();
    let noted = log.clone();
    let app = on_readable(move |io| {
        noted.add(format!("{} {}", io.unread().escape_ascii(), io.is_ended()));
        io.consume(io.unread().len());
        io.send(b".");
        io.mute();
    });
    let mut client = upgraded(&app);
    client.send("a");
    assert_eq!((client.take(), client.is_ended()), (b".".to_vec(), true));
    client.send("b");
    client.end();
    assert_eq!((log.take(), app.connections()), (vec!["a false".into(), "b false".into(), " true".to_owned()], 0));
}

#[test]
fn who_keeps_nothing_closes() {
    let app = hijacked(drop);
    let mut client = app.raw(REQUEST).send();
    assert_eq!((client.answer().status, client.is_ended(), app.connections()), (101, true, 0));
}

#[test]
fn in_memory_there_is_no_stream_to_give() {
    let log = Log::default();
    let noted = log.clone();
    let app = hijacked(move |conn| noted.add(format!("{:?}", conn.into_stream().unwrap_err().kind())));
    drop(upgraded(&app));
    assert_eq!(log.take(), ["Unsupported"]);
}

#[test]
fn what_the_callback_holds_is_dropped_with_the_connection() {
    let held = Arc::new(());
    let owner = Arc::clone(&held);
    let app = hijacked(move |conn| {
        let owner = Arc::clone(&owner);
        conn.on_readable(move |_| _ = &owner);
    });
    let client = upgraded(&app);
    let open = Arc::strong_count(&held);
    drop(client);
    assert_eq!(Arc::strong_count(&held), open - 1);
}

#[test]
fn no_time_is_too_long_for_it() {
    let app = shout();
    let mut client = upgraded(&app);
    app.advance(seconds(100_000));
    client.send("still here\n");
    assert_eq!(client.take(), b"STILL HERE\n");
}

#[test]
fn one_that_rests_may_rest_as_long_again_after_every_call() {
    let app = on_readable(|io| {
        io.consume(io.unread().len());
        io.rest();
    });
    let mut client = upgraded(&app);
    for _ in 0..10 {
        client.send("busy");
        app.advance(seconds(70));
        assert_eq!(app.connections(), 1);
    }
    app.advance(seconds(6));
    assert_eq!((client.is_ended(), app.connections()), (true, 0));
}

/// What the one who takes the request's body was told.
#[derive(Clone, Default)]
struct Told(Log);

/// Takes the request's body, and gives the connection away.
#[route(POST, "/")]
fn take_body_and_hijack(body: Body, State(told): State<Told>) -> Response {
    let Told(log) = told.clone();
    body.on_chunk(move |chunk| log.add(format!("{chunk:?}")));
    Response::hijack(|conn| conn.on_readable(|io| io.consume(io.unread().len()))).with_header("upgrade", "raw")
}

#[test]
fn who_takes_the_requests_body_is_told_that_it_ends_where_http_does() {
    let told = Told::default();
    let app = App::new(routes![take_body_and_hijack].state(told.clone()));
    let mut client = app.raw("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe").send();
    assert_eq!(client.answer().status, 101);
    client.send("llo");
    assert_eq!(told.0.take(), ["Failed(Closed)"]);
    assert_eq!(app.connections(), 1);
}
