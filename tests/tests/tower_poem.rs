//! A poem app on two servers, hop and poem's own, over real sockets: the answers are the same.

mod both;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use hop_tests::alloc::Counting;
use hop_tests::dial::{Dial, Seen, ask, request};
use hop_tests::served::Served;
use hop_tests::upload::{self, Tally};
use http_body_util::BodyExt;
use poem::endpoint::BoxEndpoint;
use poem::http::StatusCode;
use poem::http::uri::Scheme;
use poem::listener::TcpAcceptor;
use poem::middleware::{AddData, CatchPanic, Cors, SizeLimit};
use poem::web::sse::{Event, SSE};
use poem::web::{Data, Form, Json, LocalAddr, Multipart, Path, Query, RemoteAddr};
use poem::{Addr, Body, Endpoint, EndpointExt, IntoResponse, Request, Route, get, handler, post};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio::sync::Notify;

use crate::both::Reference;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Deserialize, Serialize)]
struct Item {
    name: String,
    count: u32,
}

#[handler]
fn index() -> &'static str {
    "index"
}

#[handler]
fn user(Path(id): Path<u32>) -> String {
    format!("user {id}")
}

#[handler]
fn json(Json(item): Json<Item>) -> Json<Item> {
    Json(Item { count: item.count + 1, ..item })
}

#[handler]
fn form(Form(item): Form<Item>) -> String {
    format!("{} {}", item.name, item.count)
}

#[handler]
fn query(Query(item): Query<Item>) -> String {
    format!("{} {}", item.name, item.count)
}

#[handler]
fn state(Data(state): Data<&&'static str>) -> String {
    (*state).to_string()
}

#[handler]
fn missing(Data(missing): Data<&u64>) -> String {
    missing.to_string()
}

#[handler]
fn uri(request: &Request) -> String {
    format!("{} {}", request.uri(), request.original_uri())
}

#[handler]
fn peer(remote: &RemoteAddr) -> String {
    remote.as_socket_addr().map_or_else(String::new, |address| address.ip().to_string())
}

#[handler]
fn teapot() -> impl IntoResponse {
    "short".with_status(StatusCode::IM_A_TEAPOT).with_header("x-one", "1")
}

#[handler]
fn panics() -> &'static str {
    panic!("as it should")
}

#[handler]
fn echo(body: Body) -> Body {
    body
}

#[handler]
fn events() -> SSE {
    SSE::new(stream::iter((0..3).map(|n| Event::message(format!("line {n}")))))
}

#[handler]
async fn upload_stream(body: Body) -> String {
    let mut tally = Tally::default();
    let mut pieces = std::pin::pin!(body.into_bytes_stream());
    while let Some(piece) = pieces.next().await {
        tally.add(&piece.unwrap());
    }
    tally.text()
}

#[handler]
async fn upload_form(mut parts: Multipart) -> String {
    let mut tally = Tally::default();
    let mut piece = vec![0; 16 * 1024];
    while let Ok(Some(field)) = parts.next_field().await {
        let mut field = field.into_async_read();
        loop {
            match field.read(&mut piece).await.unwrap() {
                0 => break,
                n => tally.add(&piece[..n]),
            }
        }
    }
    tally.text()
}

fn app() -> BoxEndpoint<'static> {
    let cors = Cors::new().allow_origin("https://a.example").allow_method("PUT");
    Route::new()
        .at("/", get(index))
        .at("/users/:id", get(user))
        .at("/json", post(json).with(SizeLimit::new(64)))
        .at("/form", post(form))
        .at("/query", get(query))
        .at("/state", get(state))
        .at("/missing", get(missing))
        .nest("/nested", Route::new().at("/uri", get(uri)))
        .at("/peer", get(peer))
        .at("/teapot", get(teapot))
        .at("/panic", get(panics))
        .at("/echo", post(echo))
        .at("/events", get(events))
        .at("/cors", get(index).with(cors))
        .at("/upload/stream", post(upload_stream))
        .at("/upload/form", post(upload_form))
        .with(AddData::new("the state"))
        .with(CatchPanic::new())
        .boxed()
}

fn reference(app: BoxEndpoint<'static>) -> Reference {
    Reference::new(|listener, stopped| {
        let server = poem::Server::new_with_acceptor(TcpAcceptor::from_tokio(listener).unwrap());
        async { server.run_with_graceful_shutdown(app, async { drop(stopped.await) }, None).await.unwrap() }
    })
}

/// poem has no adapter to a tower service: this is the one of `poem_example`.
fn hop(app: BoxEndpoint<'static>) -> Served {
    let app = Arc::new(app);
    Served::new(hop::tower::service(tower::service_fn(move |request: http::Request<hop::Body>| {
        let app = Arc::clone(&app);
        async move {
            let (parts, body) = request.into_parts();
            let remote = match parts.extensions.get() {
                Some(hop::Peer::Tcp(address)) => Addr::SocketAddr(*address),
                _ => Addr::custom("unknown", ""),
            };
            let parts = (parts, LocalAddr::default(), RemoteAddr(remote), Scheme::HTTP).into();
            let request = Request::from_parts(parts, body.map_err(io::Error::other).boxed().into());
            let response: http::Response<_> = app.get_response(request).await.into();
            Ok::<_, Infallible>(response)
        }
    })))
}

#[track_caller]
fn same<T: PartialEq + std::fmt::Debug>(talk: impl Fn(SocketAddr) -> T) -> T {
    both::same(reference(app()), hop(app()), talk)
}

const JSON: &str = "Content-Type: application/json";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

/// First line, further lines, body, and the status that both servers give.
const CASES: &[(&str, &[&str], &str, u16)] = &[
    ("GET /", &[], "", 200),
    ("HEAD /", &[], "", 200),
    ("POST /", &[], "", 405),
    ("GET /users/7", &[], "", 200),
    ("GET /users/x", &[], "", 400),
    ("POST /json", &[JSON], r#"{"name":"a","count":1}"#, 200),
    ("POST /json", &[JSON], r#"{"name":"a","#, 400),
    ("POST /json", &["Content-Type: text/plain"], r#"{"name":"a","count":1}"#, 415),
    (
        "POST /json",
        &[JSON],
        r#"{"name":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","count":1}"#,
        413,
    ),
    ("POST /form", &[FORM], "name=a&count=1", 200),
    ("POST /form", &[FORM], "name=a", 400),
    ("GET /query?name=a&count=2", &[], "", 200),
    ("GET /query?name=a", &[], "", 400),
    ("GET /state", &[], "", 200),
    ("GET /missing", &[], "", 500),
    ("GET /nested/uri?a=b", &[], "", 200),
    ("GET /peer", &[], "", 200),
    ("GET /teapot", &[], "", 418),
    ("GET /panic", &[], "", 500),
    ("GET /cors", &["Origin: https://a.example"], "", 200),
    ("OPTIONS /cors", &["Origin: https://a.example", "Access-Control-Request-Method: PUT"], "", 200),
    ("GET /cors", &["Origin: https://b.example"], "", 403),
    ("GET /nowhere", &[], "", 404),
];

#[test]
fn every_request_is_answered_the_same() {
    let answers: Vec<Seen> = same(|address| {
        CASES.iter().map(|(line, headers, body, _)| ask(address, &request(line, headers, body))).collect()
    });
    for ((line, _, body, status), answer) in CASES.iter().zip(answers) {
        assert_eq!((answer.status, answer.complete), (*status, true), "{line} {body}: {answer:?}");
    }
}

#[test]
fn bodies_stream_both_ways() {
    same(|address| {
        let mut client = Dial::to(address);
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        for piece in ["first", "second"] {
            client.send(format!("{:x}\r\n{piece}\r\n", piece.len()));
            client.until(&format!("{piece}\r\n"));
        }
        client.send("0\r\n\r\n");
        client.until("0\r\n\r\n");
    });
}

#[test]
fn server_sent_events() {
    let answer = same(|address| ask(address, &request("GET /events", &[], "")));
    assert!(answer.complete && answer.body.contains("data: line 2\n\n"), "{}", answer.body);
}

#[test]
fn uploads_of_100_mb() {
    assert_eq!(same(|address| upload::stream(address, "/upload/stream")), upload::whole());
    assert_eq!(same(|address| upload::multipart(address, "/upload/form")), upload::whole());
}

/// Says when it was asked; answers when it is told.
fn work(asked: &Arc<Notify>, go: &Arc<Notify>) -> BoxEndpoint<'static> {
    let (asked, go) = (Arc::clone(asked), Arc::clone(go));
    poem::endpoint::make(move |_| {
        let (asked, go) = (Arc::clone(&asked), Arc::clone(&go));
        async move {
            asked.notify_one();
            go.notified().await;
            "finished"
        }
    })
    .map_to_response()
    .boxed()
}

#[test]
fn a_request_in_flight_is_finished_when_the_server_stops() {
    let (asked, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let talk = |address: SocketAddr, stop: &mut dyn FnMut()| {
        let mut client = Dial::to(address);
        client.send(request("GET /work", &[], ""));
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(asked.notified());
        stop();
        go.notify_one();
        (client.answer("GET").body, client.rest())
    };
    let mut reference = reference(work(&asked, &go));
    let expected = talk(reference.address, &mut || reference.order_to_stop());
    reference.stop();
    let hop = hop(work(&asked, &go));
    let handle = hop.handle.clone();
    assert_eq!(talk(hop.address, &mut || handle.shutdown()), expected);
    assert_eq!(hop.stop().cut, 0);
}

/// Says that it was dropped.
struct Guard(Sender<&'static str>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

fn pending(told: Sender<&'static str>) -> BoxEndpoint<'static> {
    poem::endpoint::make(move |_| {
        let guard = Guard(told.clone());
        async move {
            guard.0.send("begun").unwrap();
            std::future::pending::<()>().await;
            drop(guard);
            "never"
        }
    })
    .map_to_response()
    .boxed()
}

#[test]
fn a_client_that_leaves_has_its_future_dropped() {
    let leave = |address: SocketAddr, heard: std::sync::mpsc::Receiver<&'static str>| {
        let mut client = Dial::to(address);
        client.send(request("GET /pending", &[], ""));
        let hear = || heard.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!(hear(), "begun");
        client.reset();
        assert_eq!(hear(), "dropped");
    };
    let (told, heard) = channel();
    let reference = reference(pending(told));
    leave(reference.address, heard);
    let (told, heard) = channel();
    let hop = hop(pending(told));
    leave(hop.address, heard);
}
