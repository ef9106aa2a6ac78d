//! Answers that come at once, later, from elsewhere, in pieces, or not at all.

use std::io::Read;
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::time::Duration;

use hop::prelude::*;
use hop::testing::App;
use hop::unversioned::Now;
use hop::{Body, Chunk, Responder, Sent, State, StatusCode};
use hop_tests::sim::host::Host;

/// Where handlers leave their responders for the test.
type Shelf = Arc<Mutex<Vec<Responder>>>;

#[route(ANY, "/later")]
fn later(out: Responder, State(shelf): State<Shelf>) {
    shelf.lock().unwrap().push(out);
}

#[route("/now")]
fn now() -> &'static str {
    "now"
}

fn shelf() -> (Shelf, App) {
    let shelf = Shelf::default();
    (Arc::clone(&shelf), App::new(routes![later, now].state(shelf)))
}

const LATER: &[u8] = b"GET /later HTTP/1.1\r\nHost: a\r\n\r\n";
const NOW: &[u8] = b"GET /now HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_deferred_answer_keeps_its_place_among_pipelined_ones() {
    let (shelf, app) = shelf();
    let mut client = app.connect();
    client.send([NOW, LATER, NOW, LATER].concat());
    assert_eq!(client.answer().text(), "now");
    assert!(client.take().is_empty(), "nothing may overtake the answer that is owed");
    assert_eq!(shelf.lock().unwrap().pop().unwrap().send("first"), Sent::Now);
    assert_eq!((client.answer().text(), client.answer().text()), ("first", "now"));
    assert_eq!(shelf.lock().unwrap().pop().unwrap().send("second"), Sent::Now);
    assert_eq!(client.answer().text(), "second");
}

#[test]
fn a_deferred_answer_comes_from_another_thread() {
    let (shelf, app) = shelf();
    let mut client = app.connect();
    client.send(LATER);
    let responder = shelf.lock().unwrap().pop().unwrap();
    let thread = std::thread::spawn(move || responder.send("from afar"));
    assert_eq!(client.answer().text(), "from afar");
    assert_eq!(thread.join().unwrap(), Sent::Now);
}

#[test]
fn a_responder_that_is_dropped_answers_500() {
    let (shelf, app) = shelf();
    let mut client = app.connect();
    client.send(LATER);
    shelf.lock().unwrap().clear();
    client.answer().expect(500);
}

#[test]
fn a_responder_says_closed_after_a_reset() {
    let (shelf, app) = shelf();
    let mut client = app.connect();
    client.send(LATER);
    client.reset();
    let responder = shelf.lock().unwrap().pop().unwrap();
    assert!(responder.is_closed());
    assert_eq!(responder.send("to nobody"), Sent::Closed);
    assert_eq!(app.connections(), 0);
}

#[test]
fn an_answer_owed_is_sent_after_a_half_close() {
    let (shelf, app) = shelf();
    let mut client = app.connect();
    client.send(LATER);
    client.end();
    assert_eq!(shelf.lock().unwrap().pop().unwrap().send("still"), Sent::Now);
    assert_eq!(client.answer().text(), "still");
    assert_eq!(app.connections(), 0);
}

#[test]
fn requests_that_came_before_a_half_close_are_all_answered() {
    let (_, app) = shelf();
    let mut client = app.connect();
    client.send([NOW, NOW].concat());
    client.end();
    assert_eq!((client.answer().text(), client.answer().text()), ("now", "now"));
    assert_eq!(app.connections(), 0);
}

/// Says when it is dropped.
struct Witness(mpsc::Sender<()>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.send(()).ok();
    }
}

#[route("/wakes/{times}")]
async fn wakes(Path(times): Path<u32>) -> String {
    let mut left = times;
    std::future::poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        let waker = cx.waker().clone();
        std::thread::spawn(move || waker.wake());
        Poll::Pending
    })
    .await;
    format!("woken {times} times")
}

#[route("/never")]
async fn never(State(witness): State<Arc<Mutex<Option<Witness>>>>) -> &'static str {
    let _witness = witness.lock().unwrap().take();
    std::future::pending().await
}

#[route("/panics/later")]
async fn panics_later() -> &'static str {
    panic!("on purpose")
}

#[test]
fn a_future_is_polled_at_once_and_whenever_it_is_woken() {
    let app = App::new(routes![wakes]);
    assert_eq!(app.get("/wakes/0").text(), "woken 0 times");
    assert_eq!(app.get("/wakes/3").text(), "woken 3 times");
}

#[test]
fn a_future_is_dropped_when_its_client_resets_the_connection() {
    let (dropped, was_dropped) = mpsc::channel();
    let witness = Arc::new(Mutex::new(Some(Witness(dropped))));
    let app = App::new(routes![never].state(witness));
    let mut client = app.connect();
    client.send(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(was_dropped.try_recv().is_err());
    client.reset();
    assert!(was_dropped.try_recv().is_ok());
}

#[test]
fn a_future_that_panics_answers_500_and_the_connection_lives_on() {
    let app = App::new(routes![panics_later, now]);
    let mut client = app.connect();
    client.send([b"GET /panics/later HTTP/1.1\r\nHost: a\r\n\r\n", NOW].concat());
    client.answer().expect(500);
    client.answer().expect(200);
}

#[route("/panics")]
fn panics() -> &'static str {
    panic!("on purpose")
}

#[route("/panics/blocking", blocking)]
fn panics_blocking() -> &'static str {
    panic!("on purpose")
}

#[test]
fn a_handler_that_panics_answers_500_and_the_connection_lives_on() {
    let app = App::new(routes![panics, panics_blocking, now]);
    for path in ["/panics", "/panics/blocking"] {
        let mut client = app.connect();
        client.send([format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes(), NOW].concat());
        client.answer().expect(500);
        assert_eq!(client.answer().text(), "now", "{path}");
    }
}

#[route(POST, "/shout", blocking)]
fn shout(body: &str) -> String {
    body.to_uppercase()
}

#[route(POST, "/count/blocking", blocking)]
fn count_blocking(mut body: Body) -> String {
    let mut read = Vec::new();
    match body.read_to_end(&mut read) {
        Ok(n) => n.to_string(),
        Err(error) => error.to_string(),
    }
}

#[route(POST, "/count/async")]
async fn count_async(mut body: Body) -> String {
    let mut n = 0;
    while let Some(chunk) = body.chunk().await {
        match chunk {
            Ok(chunk) => n += chunk.len(),
            Err(error) => return error.to_string(),
        }
    }
    n.to_string()
}

#[route(POST, "/count/plain")]
fn count_plain(out: Responder, body: Body) {
    let (mut n, mut out) = (0, Some(out));
    body.on_chunk(move |chunk| match chunk {
        Chunk::Data(data) => n += data.len(),
        Chunk::End => drop(out.take().map(|out| out.send(n.to_string()))),
        Chunk::Failed(error) => drop(out.take().map(|out| out.send(error.to_string()))),
    });
}

#[test]
fn a_blocking_callback_gets_its_own_copy_of_the_request() {
    let app = App::new(routes![shout]);
    assert_eq!(app.post("/shout", "hello").text(), "HELLO");
}

#[test]
fn a_body_streams_to_its_consumer_in_any_split() {
    let app = App::new(routes![count_async, count_plain]);
    for path in ["/count/async", "/count/plain"] {
        for framing in [
            "Content-Length: 10\r\n\r\n0123456789",
            "Transfer-Encoding: chunked\r\n\r\n3\r\n012\r\n7\r\n3456789\r\n0\r\n\r\n",
        ] {
            let request = format!("POST {path} HTTP/1.1\r\nHost: a\r\n{framing}");
            for cut in 0..request.len() {
                let mut client = app.raw(&request).split_at(cut).send();
                assert_eq!(client.answer().text(), "10", "{path} cut at {cut}");
                client.send(request.as_bytes());
                assert_eq!(client.answer().text(), "10", "the connection can be used again");
            }
        }
    }
}

#[test]
fn the_end_of_a_body_needs_no_room_where_the_body_waits() {
    let app = App::new(routes![count_async, count_plain].limits(|limits| limits.stream_bytes = 4));
    for path in ["/count/async", "/count/plain"] {
        for cut in 0..8 {
            let request = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n01234567");
            let mut client = app.raw(&request).split_at(request.len() - cut).send();
            assert_eq!(client.answer().text(), "8", "{path}, {cut} bytes come later");
        }
    }
}

#[test]
fn a_body_streams_to_a_thread_of_the_blocking_pool() {
    let app = routes![count_blocking].build().expect("one route has no conflicts");
    let mut host = Host::new(app, Now::default());
    let id = host.connect(None, usize::MAX).expect("an empty engine takes a connection");
    let arrive = |host: &mut Host, bytes: &[u8]| {
        host.socket(id).expect("the connection stays").arrived.extend(bytes);
        host.readable(id, usize::MAX);
    };
    arrive(&mut host, b"POST /count/blocking HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
    let job = host.jobs.pop_front().expect("the callback runs before its body is whole");
    let thread = std::thread::spawn(|| job.run());
    arrive(&mut host, b"56789");
    thread.join().expect("the job does not panic");
    host.work();
    let sent = &host.socket(id).expect("the connection stays").sent;
    assert!(sent.ends_with(b"\r\n\r\n10"), "{}", sent.escape_ascii());
}

#[test]
fn a_body_that_is_cut_short_is_an_error_to_its_consumer() {
    let app = App::new(routes![count_async, count_plain]);
    for path in ["/count/async", "/count/plain"] {
        let request = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
        let mut client = app.raw(request).send();
        client.end();
        assert!(client.answer().text().contains("before the body was complete"), "{path}");
    }
}

#[test]
fn continue_is_said_when_the_body_is_first_wanted_and_not_before() {
    let app = App::new(routes![count_async, shout, later].state(Shelf::default()));
    for (path, interim) in [("/count/async", 1), ("/shout", 1), ("/later", 0)] {
        let mut client = app.connect();
        client.send(format!("POST {path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
        let said = String::from_utf8(client.take()).unwrap();
        assert_eq!(said.matches("HTTP/1.1 100 Continue\r\n\r\n").count(), interim, "{path}: {said}");
        assert!(said.len() <= 25, "{path}: {said}");
    }
}

#[route("/stream/{n}")]
fn stream(Path(n): Path<usize>) -> hop::Response {
    hop::Response::stream((0..n).map(|i| Ok(format!("{i};").into())))
}

#[route("/broken")]
fn broken() -> hop::Response {
    let parts = [Ok("some".into()), Err(std::io::Error::other("on purpose"))];
    hop::Response::stream(parts.into_iter())
}

#[route("/promise/{n}")]
fn promise(Path(n): Path<usize>) -> hop::Response {
    hop::Response::stream([Ok("12345".into())].into_iter()).with_header("content-length", n)
}

#[test]
fn a_stream_is_chunked_and_the_connection_can_be_used_again() {
    let app = App::new(routes![stream]);
    let mut client = app.connect();
    for n in [0, 1, 10_000] {
        client.send(format!("GET /stream/{n} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let answer = client.answer().expect(200);
        assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
        assert_eq!(answer.text(), (0..n).map(|i| format!("{i};")).collect::<String>());
    }
}

#[test]
fn a_stream_to_http_1_0_ends_with_the_connection() {
    let app = App::new(routes![stream]);
    let mut client = app.raw("GET /stream/3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").send();
    let answer = client.answer().expect(200);
    assert_eq!((answer.text(), answer.header("connection")), ("0;1;2;", Some("close")));
    assert!(client.is_ended());
}

#[test]
fn a_stream_that_fails_ends_the_connection_without_its_end() {
    let app = App::new(routes![broken]);
    let mut client = app.raw("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n").send();
    let sent = String::from_utf8(client.take()).unwrap();
    assert!(sent.ends_with("4\r\nsome\r\n"), "{sent}");
    assert!(client.is_ended());
}

#[test]
fn a_body_that_breaks_its_declared_length_ends_the_connection() {
    let app = App::new(routes![promise]);
    app.get("/promise/5").expect(200);
    for (n, body) in [(4, ""), (6, "12345")] {
        let mut client = app.raw(format!("GET /promise/{n} HTTP/1.1\r\nHost: a\r\n\r\n")).send();
        let sent = String::from_utf8(client.take()).unwrap();
        assert!(sent.ends_with(&format!("\r\n\r\n{body}")), "{n}: {sent}");
        assert!(client.is_ended(), "{n}");
    }
}

#[test]
fn answers_without_a_body_have_none_even_when_the_handler_gives_one() {
    #[route("/status/{code}")]
    fn status(Path(code): Path<u16>) -> hop::Response {
        hop::Response::new(StatusCode::from_u16(code).unwrap()).with_text("a body")
    }
    let app = App::new(routes![status, stream]);
    for code in [204, 304] {
        let mut client = app.connect();
        client.send(format!("GET /status/{code} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(client.take().ends_with(b"\r\n\r\n"), "{code}");
    }
    for path in ["/status/200", "/stream/3"] {
        let mut client = app.connect();
        client.send(format!("HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(client.take().ends_with(b"\r\n\r\n"), "{path}");
    }
    assert_eq!(app.get("/status/205").expect(205).header("content-length"), Some("0"));
    app.get("/status/150").expect(500);
}

#[test]
fn an_idle_connection_is_closed_after_its_time_and_a_busy_one_is_not() {
    let (shelf, app) = shelf();
    let (mut idle, mut waiting) = (app.connect(), app.connect());
    idle.send(NOW);
    idle.answer();
    waiting.send(LATER);
    app.advance(Duration::from_secs(74));
    assert!(!idle.is_ended());
    app.advance(Duration::from_secs(2));
    assert!(idle.is_ended());
    app.advance(Duration::from_secs(3600));
    assert_eq!(shelf.lock().unwrap().pop().unwrap().send("patience"), Sent::Now);
    assert_eq!(waiting.answer().text(), "patience");
}

#[route("/slow", timeout = "5s")]
fn slow(out: Responder, State(shelf): State<Shelf>) {
    shelf.lock().unwrap().push(out);
}

#[test]
fn an_answer_that_takes_longer_than_its_route_allows_becomes_503() {
    let shelf = Shelf::default();
    let app = App::new(routes![slow, now].state(Arc::clone(&shelf)));
    let mut client = app.connect();
    client.send([b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", NOW].concat());
    app.advance(Duration::from_millis(4900));
    assert!(client.take().is_empty());
    app.advance(Duration::from_millis(200));
    client.answer().expect(503);
    assert_eq!(client.answer().text(), "now", "the connection lives on");
    assert_eq!(shelf.lock().unwrap().pop().unwrap().send("too late"), Sent::Closed);
}

#[test]
fn a_head_that_follows_another_has_its_own_time() {
    let (_, app) = shelf();
    let mut client = app.connect();
    for _ in 0..4 {
        client.send(&NOW[..9]);
        app.advance(Duration::from_secs(6));
        client.send([&NOW[9..], &NOW[..9]].concat());
        app.advance(Duration::from_secs(6));
        client.send(&NOW[9..]);
        assert_eq!((client.answer().text(), client.answer().text()), ("now", "now"));
    }
}
