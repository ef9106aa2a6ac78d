//! Clients and handlers that do harm: each is held to its bound, and the others do not notice.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use hop::prelude::*;
use hop::testing::{App, Client};
use hop::{Body, Part, Responder, Response, Source, State};

#[route(ANY, "/now")]
fn now() -> &'static str {
    "now"
}

const NOW: &[u8] = b"GET /now HTTP/1.1\r\nHost: a\r\n\r\n";

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// What the client has got so far.
fn taken(client: &mut Client) -> String {
    String::from_utf8(client.take()).unwrap()
}

/// Wakes itself for ever.
#[route("/yields", timeout = "5s")]
async fn yields() -> &'static str {
    std::future::poll_fn(|cx: &mut Context<'_>| {
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

#[test]
fn a_future_that_wakes_itself_for_ever_keeps_nobody_waiting_and_has_its_timeout() {
    let app = App::new(routes![yields, now]);
    let mut client = app.connect();
    client.send(get("/yields"));
    assert_eq!(app.get("/now").text(), "now");
    app.advance(Duration::from_secs(6));
    client.answer().expect(503);
}

/// A source that gives what it is told to, and panics when it is dropped.
struct Bomb(Option<&'static str>);

impl Source for Bomb {
    fn poll_part(&mut self, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Part>>> {
        match self.0.take() {
            Some("wait") => Poll::Pending,
            text => Poll::Ready(text.map(|text| Ok(Part::Data(text.into())))),
        }
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("on purpose, in a destructor");
    }
}

#[route("/bomb/{text}")]
async fn bomb(Path(text): Path<String>) -> Response {
    Response::stream(Bomb(Some(if text == "wait" { "wait" } else { "text" })))
}

#[test]
fn a_source_that_panics_when_it_is_dropped_ends_its_own_connection_only() {
    let app = App::new(routes![bomb, now]);
    for path in ["/bomb/text", "/bomb/wait"] {
        let mut client = app.connect();
        client.send(get(path));
        client.reset();
    }
    let mut client = app.connect();
    client.send("HEAD /bomb/text HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(client.is_ended());
    assert_eq!((app.get("/now").text(), app.connections()), ("now", 0));
}

#[route("/later")]
fn later(out: Responder, State(shelf): State<Arc<Mutex<Vec<Responder>>>>) {
    shelf.lock().unwrap().push(out);
}

#[test]
fn an_unwanted_answer_that_panics_when_it_is_dropped_hurts_nobody() {
    let shelf = Arc::<Mutex<Vec<Responder>>>::default();
    let app = App::new(routes![later, now].state(Arc::clone(&shelf)));
    let mut client = app.connect();
    client.send("HEAD /later HTTP/1.1\r\nHost: a\r\n\r\n");
    shelf.lock().unwrap().pop().unwrap().send(Response::stream(Bomb(None)));
    assert_eq!((app.get("/now").text(), app.connections()), ("now", 0));
}

#[route("/fails")]
async fn fails() -> Response {
    let mut begun = false;
    Response::stream(std::iter::from_fn(move || {
        let first = !std::mem::replace(&mut begun, true);
        Some(if first { Ok("some".into()) } else { Err(std::io::Error::other("on purpose")) })
    }))
}

#[test]
fn a_client_that_does_not_close_after_a_broken_answer_is_closed() {
    let app = App::new(routes![fails]);
    let mut client = app.connect();
    client.send(get("/fails"));
    assert!(client.is_ended());
    app.advance(Duration::from_secs(3));
    assert_eq!(app.connections(), 0);
}

/// Sends a body back as it comes.
struct Echo(Body);

impl Source for Echo {
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<std::io::Result<Part>>> {
        self.0.poll_chunk(cx).map(|chunk| chunk.map(|chunk| Ok(Part::Data(chunk?))))
    }
}

#[route(POST, "/echo")]
fn echo(body: Body) -> Response {
    Response::stream(Echo(body))
}

#[test]
fn no_interim_answer_gets_into_the_body_of_the_final_one() {
    let app = App::new(routes![echo]);
    let mut client = app.connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    client.send("hello");
    let said = taken(&mut client);
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.ends_with("\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), "{said}");
    assert!(!said.contains("100 Continue"), "{said}");
}

#[test]
fn a_client_that_ends_within_the_trailers_is_not_waited_for() {
    let app = App::new(routes![echo]);
    let mut client = app.connect();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n");
    client.end();
    assert_eq!(app.connections(), 0);
}

#[test]
fn after_a_tunnel_was_granted_nothing_is_read_as_a_request() {
    let tunnel = hop::handler(|_, reply| reply.send("a tunnel?"));
    let app = App::new(hop::Routes::new().fallback(tunnel));
    let mut client = app.connect();
    client.send([b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", NOW].concat());
    let said = taken(&mut client);
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.ends_with("\r\n\r\n"), "{said}");
    assert!(said.contains("connection: close") && !said.contains("length") && client.is_ended(), "{said}");
}

#[route(POST, "/flagged")]
fn flagged(State(called): State<Arc<AtomicBool>>) -> &'static str {
    called.store(true, Ordering::Relaxed);
    "called"
}

/// Panics at the end of its body.
#[route(POST, "/explodes")]
fn explodes(_out: Responder, body: Body) {
    body.on_chunk(|chunk| assert!(!matches!(chunk, hop::Chunk::End), "on purpose"));
}

#[test]
fn nothing_is_called_for_a_connection_that_was_cut() {
    let called = Arc::new(AtomicBool::new(false));
    let app = App::new(routes![flagged, explodes].state(Arc::clone(&called)));
    let mut client = app.connect();
    client.send(
        "POST /explodes HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab".to_owned()
            + &get("/x").replace("GET /x", "POST /flagged"),
    );
    assert!(client.is_ended() && !called.load(Ordering::Relaxed));
}

/// Has nothing, and counts how often it is asked.
struct Empty(Arc<AtomicUsize>);

impl Source for Empty {
    fn poll_part(&mut self, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Part>>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Poll::Pending
    }
}

#[route("/empty")]
fn empty(State(asked): State<Arc<AtomicUsize>>) -> Response {
    Response::stream(Empty(Arc::clone(&asked)))
}

#[test]
fn a_source_that_has_nothing_is_not_asked_again_until_it_wakes() {
    let asked = Arc::new(AtomicUsize::new(0));
    let app = App::new(routes![empty].state(Arc::clone(&asked)));
    let mut client = app.connect();
    client.send(get("/empty"));
    let at_first = asked.load(Ordering::Relaxed);
    (0..10).for_each(|_| client.send("GET /"));
    assert_eq!((at_first, asked.load(Ordering::Relaxed)), (1, 1));
}

/// Bodies that nobody wants yet.
type Kept = Arc<Mutex<Vec<(Responder, Body)>>>;

/// Wants its body when it is told to.
#[route(POST, "/wants-late")]
fn wants_late(out: Responder, body: Body, State(shelf): State<Kept>) {
    shelf.lock().unwrap().push((out, body));
}

#[test]
fn a_client_that_was_not_told_to_continue_is_not_late() {
    let shelf = Kept::default();
    let app = App::new(routes![wants_late].state(Arc::clone(&shelf)));
    let mut client = app.connect();
    client.send("POST /wants-late HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    app.advance(Duration::from_secs(60));
    assert_eq!(taken(&mut client), "");
    let (out, body) = shelf.lock().unwrap().pop().unwrap();
    let mut out = Some(out);
    body.on_chunk(move |chunk| {
        if let hop::Chunk::End = chunk {
            out.take().unwrap().send("thanks");
        }
    });
    app.advance(Duration::from_secs(1));
    assert_eq!(taken(&mut client), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ab");
    assert_eq!(client.answer().text(), "thanks");
}

/// Takes its body and never answers.
#[route(POST, "/swallows")]
fn swallows(out: Responder, body: Body) {
    body.on_chunk(move |_| _ = out.is_closed());
}

#[test]
fn a_client_that_was_told_to_continue_and_does_not_is_late() {
    let app = App::new(routes![swallows]);
    let mut client = app.connect();
    client.send("POST /swallows HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(taken(&mut client), "HTTP/1.1 100 Continue\r\n\r\n");
    app.advance(Duration::from_secs(31));
    assert!(taken(&mut client).starts_with("HTTP/1.1 408 "));
}
