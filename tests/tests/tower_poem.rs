//! A poem app on two servers, hop and poem's own, over real sockets: the answers are the same.

#[path = "../../examples/src/bin/poem_example/adapter.rs"]
mod adapter;
mod both;

use std::net::SocketAddr;
use std::sync::mpsc::{Sender, channel};

use futures_util::{StreamExt, stream};
use hop_tests::alloc::Counting;
use hop_tests::dial::{ask, request};
use hop_tests::served::Served;
use hop_tests::upload::{self, Tally};
use poem::endpoint::BoxEndpoint;
use poem::http::StatusCode;
use poem::listener::TcpAcceptor;
use poem::middleware::{AddData, CatchPanic, Cors, SizeLimit};
use poem::web::sse::{Event, SSE};
use poem::web::{Data, Form, Json, Multipart, Path, Query, RemoteAddr};
use poem::{Body, EndpointExt, IntoResponse, Request, Route, get, handler, post};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;

use crate::both::Reference;
use crate::both::checks::{self, Case, FORM, Guard, JSON, Work};

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

fn hop(app: BoxEndpoint<'static>) -> Served {
    Served::new(hop::tower::service(adapter::service(app)))
}

#[track_caller]
fn same<T: PartialEq + std::fmt::Debug>(talk: impl Fn(SocketAddr) -> T) -> T {
    both::same(reference(app()), hop(app()), talk)
}

const CASES: &[Case] = &[
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
    checks::answers(reference(app()), hop(app()), CASES);
}

#[test]
fn bodies_stream_both_ways() {
    same(checks::streams);
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

fn work(work: Work) -> BoxEndpoint<'static> {
    poem::endpoint::make(move |_| work.clone().finished()).map_to_response().boxed()
}

#[test]
fn a_request_in_flight_is_finished_when_the_server_stops() {
    checks::stopping(|app| reference(work(app)), |app| hop(work(app)));
}

fn pending(told: Sender<&'static str>) -> BoxEndpoint<'static> {
    poem::endpoint::make(move |_| Guard::new(&told, "dropped").keep()).map_to_response().boxed()
}

#[test]
fn a_client_that_leaves_has_its_future_dropped() {
    let (told, heard) = channel();
    let reference = reference(pending(told.clone()));
    let hop = hop(pending(told));
    for address in [reference.address, hop.address] {
        checks::leave(address, &request("GET /pending", &[], ""), &heard, "dropped");
    }
}
