//! Services that misbehave, under a virtual clock: each is bounded, and others do not notice.

use std::convert::Infallible;
use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hop::testing::{App, Client};
use hop::{Body, BodyError, Bytes, Routes, StatusCode, route, routes};
use hop_tests::dial::{Dial, ask, request};
use hop_tests::served::Served;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full};
use tower_service::Service;

/// What a service does.
#[derive(Clone)]
enum Deed {
    NeverReady,
    ReadyAfter(usize),
    FailsToBeReady,
    NeverAnswers,
    Fails,
    PanicsInCall,
    PanicsInFuture,
    AnswersWhenTold,
    Streams(Stream),
    Echoes,
    IgnoresBody,
    PanicsInDrop,
}

/// The body of an answer.
#[derive(Clone, Copy)]
enum Stream {
    Endless,
    /// Frames without a byte, for ever.
    Nothing,
    Silent,
    Panics,
    /// Says so many bytes, gives three.
    Says(u64),
}

/// Does a deed, and counts what of it lives.
#[derive(Clone)]
struct Doer {
    deed: Deed,
    living: Living,
    polls: usize,
    told: Told,
}

/// How many futures and bodies there are.
#[derive(Clone, Default)]
struct Living(Arc<AtomicUsize>);

impl Living {
    fn begin(&self) -> Life {
        self.0.fetch_add(1, Ordering::Relaxed);
        Life(self.clone())
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

struct Life(Living);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether services that wait may answer, and who waits.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<(bool, Vec<Waker>)>>);

impl Told {
    fn tell(&self) {
        let mut told = self.0.lock().unwrap();
        told.0 = true;
        told.1.drain(..).for_each(Waker::wake);
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        let mut told = self.0.lock().unwrap();
        if told.0 {
            return Poll::Ready(());
        }
        told.1.push(cx.waker().clone());
        Poll::Pending
    }
}

type Answer = Response<http_body_util::combinators::UnsyncBoxBody<Bytes, BodyError>>;

impl Service<Request<Body>> for Doer {
    type Response = Answer;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, std::io::Error>>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), std::io::Error>> {
        self.polls += 1;
        match self.deed {
            Deed::NeverReady => Poll::Pending,
            Deed::FailsToBeReady => Poll::Ready(Err(std::io::Error::other("not today"))),
            Deed::ReadyAfter(polls) if self.polls < polls => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let life = self.living.begin();
        if let Deed::ReadyAfter(polls) = self.deed {
            assert_eq!(self.polls, polls, "it is called when it is ready, and not before");
        }
        let (told, living) = (self.told.clone(), self.living.clone());
        match self.deed.clone() {
            Deed::PanicsInCall => panic!("in the call"),
            Deed::NeverAnswers => Box::pin(async move {
                let _life = life;
                pending().await
            }),
            Deed::Fails => Box::pin(ready(Err(std::io::Error::other("as it should")))),
            Deed::PanicsInFuture => Box::pin(async { panic!("in the future") }),
            Deed::PanicsInDrop => Box::pin(async {
                let _bomb = Bomb;
                pending().await
            }),
            Deed::AnswersWhenTold => Box::pin(async move {
                let _life = life;
                std::future::poll_fn(|cx| told.poll(cx)).await;
                Ok(answer(Full::from("told")))
            }),
            Deed::Streams(kind) => {
                Box::pin(ready(Ok(Response::new(Streaming { kind, _life: living.begin() }.boxed_unsync()))))
            }
            Deed::Echoes => Box::pin(ready(Ok(Response::new(request.into_body().boxed_unsync())))),
            _ => Box::pin(ready(Ok(answer(Full::from("done"))))),
        }
    }
}

fn answer(body: Full<Bytes>) -> Answer {
    Response::new(body.map_err(|never: Infallible| match never {}).boxed_unsync())
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in the drop");
    }
}

struct Streaming {
    kind: Stream,
    _life: Life,
}

impl http_body::Body for Streaming {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let bytes = match self.kind {
            Stream::Endless => vec![b'e'; 1000],
            Stream::Nothing => Vec::new(),
            Stream::Silent => return Poll::Pending,
            Stream::Panics => panic!("in the body"),
            Stream::Says(_) => vec![b's'; 3],
        };
        Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
    }

    fn size_hint(&self) -> SizeHint {
        match self.kind {
            Stream::Says(bytes) => SizeHint::with_exact(bytes),
            _ => SizeHint::default(),
        }
    }
}

#[route("/other")]
fn other() -> &'static str {
    "undisturbed"
}

/// A service at `/s`, beside a route.
struct Stage {
    app: App,
    living: Living,
    told: Told,
}

impl Stage {
    fn new(deed: Deed) -> Stage {
        let (living, told) = (Living::default(), Told::default());
        let doer = Doer { deed, living: living.clone(), told: told.clone(), polls: 0 };
        Stage { app: App::new(routes![other].tower("/s", doer)), living, told }
    }

    fn ask(&self) -> Client {
        let mut client = self.app.connect();
        client.send("GET /s HTTP/1.1\r\nHost: a\r\n\r\n");
        client
    }

    /// Others are answered, and nothing of the service is left.
    fn is_calm(&self) {
        assert_eq!(self.app.get("/other").expect(200).text(), "undisturbed");
        assert_eq!(self.living.count(), 0, "something of the service is left");
    }
}

#[test]
fn one_that_is_never_ready_waits_until_its_client_leaves() {
    let stage = Stage::new(Deed::NeverReady);
    let mut client = stage.ask();
    stage.app.advance(Duration::from_secs(3600));
    assert!(client.take().is_empty());
    assert_eq!(stage.app.get("/other").expect(200).text(), "undisturbed");
    client.reset();
    assert_eq!(stage.app.connections(), 0);
    stage.is_calm();
}

#[test]
fn one_that_is_ready_later_is_called_then() {
    let stage = Stage::new(Deed::ReadyAfter(3));
    assert_eq!(stage.ask().answer().expect(200).text(), "done");
    stage.is_calm();
}

#[test]
fn one_that_fails_is_answered_500() {
    for deed in [Deed::Fails, Deed::FailsToBeReady, Deed::PanicsInCall, Deed::PanicsInFuture] {
        let stage = Stage::new(deed);
        let mut client = stage.ask();
        client.answer().expect(500);
        client.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
        client.answer().expect(200);
        stage.is_calm();
    }
}

#[test]
fn one_that_never_answers_is_dropped_when_its_client_resets() {
    let stage = Stage::new(Deed::NeverAnswers);
    let mut client = stage.ask();
    stage.app.advance(Duration::from_secs(3600));
    assert_eq!(stage.living.count(), 1);
    client.reset();
    stage.is_calm();
}

#[test]
fn one_that_never_answers_is_dropped_some_time_after_its_client_has_ended() {
    let stage = Stage::new(Deed::NeverAnswers);
    let mut client = stage.ask();
    client.end();
    stage.app.advance(Duration::from_millis(4900));
    assert_eq!(stage.living.count(), 1);
    stage.app.advance(Duration::from_millis(200));
    client.answer().expect(503);
    stage.is_calm();
}

#[test]
fn one_that_answers_soon_after_its_client_has_ended_is_heard() {
    let stage = Stage::new(Deed::AnswersWhenTold);
    let mut client = stage.ask();
    client.end();
    stage.app.advance(Duration::from_secs(1));
    stage.told.tell();
    assert_eq!(client.answer().expect(200).text(), "told");
    stage.is_calm();
}

#[test]
fn one_that_would_answer_after_its_client_left_is_dropped_before() {
    let stage = Stage::new(Deed::AnswersWhenTold);
    let mut client = stage.ask();
    assert_eq!(stage.living.count(), 1);
    client.reset();
    assert_eq!(stage.living.count(), 0);
    stage.told.tell();
    stage.is_calm();
}

#[test]
fn one_that_panics_when_it_is_dropped_ends_its_connection_only() {
    let stage = Stage::new(Deed::PanicsInDrop);
    stage.ask().reset();
    stage.is_calm();
}

#[test]
fn one_that_streams_for_ever_or_says_nothing_for_ever_leaves_others_alone() {
    for kind in [Stream::Nothing, Stream::Silent] {
        let stage = Stage::new(Deed::Streams(kind));
        let mut client = stage.ask();
        assert_eq!(stage.app.get("/other").expect(200).text(), "undisturbed");
        client.reset();
        stage.is_calm();
    }
}

#[test]
fn a_body_that_panics_or_lies_ends_its_connection() {
    for (kind, length) in [(Stream::Panics, None), (Stream::Says(2), Some("2")), (Stream::Says(4), Some("4"))] {
        let stage = Stage::new(Deed::Streams(kind));
        let mut client = stage.ask();
        assert!(client.is_ended());
        let sent = String::from_utf8(client.take()).unwrap();
        assert!(sent.starts_with("HTTP/1.1 200") && !sent.ends_with("0\r\n\r\n"), "{sent}");
        assert_eq!(length.is_some(), sent.contains("content-length"), "{sent}");
        client.end();
        stage.is_calm();
    }
}

#[test]
fn a_body_that_nobody_reads_is_drained_as_for_any_route() {
    let stage = Stage::new(Deed::IgnoresBody);
    let mut client = stage.app.connect();
    client.send("POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(client.answer().expect(200).header("connection"), None);
    client.send("POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    assert_eq!(client.answer().expect(200).header("connection"), Some("close"));
}

#[test]
fn the_client_is_asked_for_a_body_when_the_service_wants_it() {
    let post = "POST /s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    let stage = Stage::new(Deed::Echoes);
    let mut client = stage.app.connect();
    client.send(post);
    let head = String::from_utf8(client.take()).unwrap();
    // The answer's head left before the body was asked for: an interim answer must not follow it.
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("connection: close"), "{head}");

    let stage = Stage::new(Deed::IgnoresBody);
    let mut client = stage.app.connect();
    client.send(post);
    let answer = client.answer().expect(200);
    assert_eq!((answer.interim.as_slice(), answer.header("connection")), (&[][..], Some("close")));
}

/// Over real sockets, because memory takes whatever is written.
#[test]
fn shutdown_cuts_what_neither_answers_nor_ends() {
    let (living, told) = (Living::default(), Told::default());
    let doer = |deed| Doer { deed, living: living.clone(), told: told.clone(), polls: 0 };
    let routes = routes![other].tower("/never", doer(Deed::NeverAnswers));
    let routes = routes.tower("/endless", doer(Deed::Streams(Stream::Endless)));
    let server = Served::new(routes.timeouts(|timeouts| timeouts.shutdown = Duration::from_millis(50)));
    let mut clients = ["/never", "/endless"].map(|path| {
        let mut client = Dial::to(server.address);
        client.send(request(&format!("GET {path}"), &[], ""));
        client
    });
    clients[1].until("200 OK");
    assert_eq!(ask(server.address, &request("GET /other", &[], "")).body, "undisturbed");
    let report = server.stop();
    assert_eq!((report.cut, living.count()), (2, 0));
    clients.iter_mut().for_each(|client| drop(client.rest()));
}

#[test]
fn size_hints_and_trailers_pass() {
    let app = App::new(hop::tower::service(tower::service_fn(async |request: Request<Body>| {
        let (hint, end) = {
            let body = request.body();
            (http_body::Body::size_hint(body), http_body::Body::is_end_stream(body))
        };
        let collected = request.into_body().collect().await.unwrap();
        let trailers = collected.trailers().map(|trailers| trailers.len());
        let text = format!("{:?} {end} {:?} {trailers:?}", hint.exact(), collected.to_bytes());
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(text)))
    })));
    let said = |sent: &str| app.raw(sent).expect(200).text().to_owned();
    assert_eq!(said("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "Some(0) true b\"\" None");
    assert_eq!(said("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"), "Some(2) false b\"hi\" None");
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-a: b\r\n\r\n";
    assert_eq!(said(chunked), "None false b\"hi\" Some(1)");

    let mut client = app.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(client.take(), b"HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi");
    client.answer().expect(200);
}

#[test]
fn the_path_below_a_prefix_is_cut_and_the_whole_is_told() {
    let service = tower::service_fn(async |request: Request<Body>| {
        let original = request.extensions().get::<hop::tower::OriginalUri>().map(|original| original.0.to_string());
        let text = format!("{} {original:?}", request.uri());
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(text)))
    });
    let nested = Routes::new().nest("/in/{deep}", Routes::new().tower("/old", service));
    let app = App::new(nested.merge(routes![other]).tower("/", service));
    let said = |path: &str| app.get(path).expect(200).text().to_owned();
    assert_eq!(said("/in/7/old/a%20b/c?d=e"), r#"/a%20b/c?d=e Some("/in/7/old/a%20b/c?d=e")"#);
    assert_eq!(said("/in/7/old"), r#"/ Some("/in/7/old")"#);
    assert_eq!(said("/in/7/old/?x"), r#"/?x Some("/in/7/old/?x")"#);
    assert_eq!(said("/elsewhere"), r#"/elsewhere Some("/elsewhere")"#);
    assert_eq!(said("/"), r#"/ Some("/")"#);
    assert_eq!(app.get("/other").expect(200).text(), "undisturbed");
}

/// A service that says which method and path it was asked for.
fn teller() -> impl hop::tower::HttpService {
    tower::service_fn(async |request: Request<Body>| {
        let text = format!("{} {}", request.method(), request.uri());
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(text)))
    })
}

#[test]
fn a_service_takes_the_methods_that_no_route_of_a_path_below_it_answers() {
    let own = |request: &hop::Request<'_>, reply: hop::Reply<'_>| reply.send(format!("hop {}", request.path()));
    let routes = || {
        let routes = Routes::new().route("/old/items", hop::Method::GET, hop::handler(own));
        routes.route("/old/items/{id}", [hop::Method::GET, hop::Method::PUT], hop::handler(own))
    };
    for (app, prefix) in [(routes().tower("/old", teller()), ""), (routes().tower_fallback(teller()), "/old")] {
        let app = App::new(app.route("/new", hop::ANY, hop::handler(own)));
        let said = |method: &str, path: &str| app.request(method, path).send().expect(200).text().to_owned();
        assert_eq!(said("GET", "/old/items"), "hop /old/items");
        assert_eq!(said("POST", "/old/items?a"), format!("POST {prefix}/items?a"));
        assert_eq!(said("OPTIONS", "/old/items"), format!("OPTIONS {prefix}/items"));
        assert_eq!(said("PUT", "/old/items/7"), "hop /old/items/7");
        assert_eq!(said("DELETE", "/old/items/%37"), format!("DELETE {prefix}/items/%37"));
        assert_eq!(said("POST", "/new"), "hop /new");
    }
}

#[test]
fn where_no_service_covers_a_path_its_wrong_methods_are_405() {
    let own = |_: &hop::Request<'_>, reply: hop::Reply<'_>| reply.send("hop");
    let routes = Routes::new().route("/items/{id}", hop::Method::GET, hop::handler(own));
    let app = App::new(routes.tower("/old", teller()).nest("/in", Routes::new().tower_fallback(teller())));
    assert_eq!(app.request("POST", "/items/7").send().expect(405).header("allow"), Some("GET, HEAD, OPTIONS"));
    app.request("OPTIONS", "/items/7").send().expect(204);
}

#[test]
fn a_service_is_no_way_around_the_hooks_of_a_path_below_it() {
    let own = |_: &hop::Request<'_>, reply: hop::Reply<'_>| reply.send("hop");
    let refuse = |request: &hop::Request<'_>| request.header("in").is_none().then(|| StatusCode::UNAUTHORIZED.into());
    let guarded =
        || Routes::new().nest("/in", Routes::new().route("/a", hop::Method::GET, hop::handler(own)).before(refuse));
    for routes in [guarded().tower("/", teller()), guarded().tower_fallback(teller())] {
        let app = App::new(routes);
        app.request("POST", "/in/a").send().expect(401);
        app.request("POST", "/in/a").header("in", "yes").send().expect(405);
        assert_eq!(app.request("POST", "/in/b").send().expect(200).text(), "POST /in/b");
    }
}

#[test]
fn a_service_with_the_hooks_of_a_path_below_it_takes_its_other_methods() {
    let own = |_: &hop::Request<'_>, reply: hop::Reply<'_>| reply.send("hop");
    let routes = Routes::new().route("/in/a", hop::Method::GET, hop::handler(own)).tower_fallback(teller());
    let refuse = |request: &hop::Request<'_>| request.header("in").is_none().then(|| StatusCode::UNAUTHORIZED.into());
    let app = App::new(routes.before(refuse));
    app.request("POST", "/in/a").send().expect(401);
    assert_eq!(app.request("POST", "/in/a").header("in", "yes").send().expect(200).text(), "POST /in/a");
}

#[test]
fn hooks_see_services_as_any_route() {
    let service = tower::service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())));
    let routes = hop::tower::service(service)
        .before(|request| (request.path() == "/no").then(|| StatusCode::FORBIDDEN.into()))
        .after(|head, _| drop(head.headers.insert("x-seen", "yes".parse().unwrap())));
    let app = App::new(routes);
    assert_eq!(app.get("/").expect(200).header("x-seen"), Some("yes"));
    app.get("/no").expect(403);
}
