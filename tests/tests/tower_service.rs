//! hop's routes as a tower service: inside of an axum app, below layers, by `oneshot`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use axum::Router;
use futures_util::stream;
use hop::prelude::*;
use hop::tower::{AppBody, AppService};
use hop::{Bytes, Peer, Source};
use hop_tests::dial::{Dial, Seen, ask, request};
use hop_tests::served::Served;
use http::{Request as HttpRequest, Response as HttpResponse, header};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use tower::{Layer, ServiceExt};
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::set_header::SetResponseHeaderLayer;

#[route("/hello/{name}")]
fn hello(Path(name): Path<&str>) -> String {
    format!("hello {name}")
}

#[route(POST, "/double", limit = "1KB")]
fn double(body: String) -> String {
    body.repeat(2)
}

#[route("/yield")]
async fn yields() -> String {
    // What is not `Send` stays on its thread.
    let text = Rc::new("after a while".to_owned());
    tokio::task::yield_now().await;
    text.to_string()
}

#[route("/timer")]
async fn timer() -> &'static str {
    tokio::time::sleep(Duration::from_millis(1)).await;
    "in a runtime"
}

#[route("/blocking", blocking)]
fn blocking() -> &'static str {
    "from the pool"
}

#[route("/later")]
fn later(out: Responder) {
    std::thread::spawn(move || out.send("from a thread"));
}

#[route("/panic")]
fn panics() -> &'static str {
    panic!("as it should")
}

#[route(POST, "/sum", limit = "1GB")]
async fn sum(mut body: Body) -> Result<String, StatusCode> {
    let mut bytes = 0;
    while let Some(chunk) = body.chunk().await {
        bytes += chunk.map_err(|_| StatusCode::BAD_REQUEST)?.len();
    }
    Ok(format!("{bytes} bytes and {} trailers", body.trailers().map_or(0, |trailers| trailers.len())))
}

#[route("/pieces")]
fn pieces() -> Response {
    Response::stream((0..1000).map(|n| Ok(Bytes::from(format!("piece {n};").repeat(100)))))
}

#[route("/peer")]
fn peer(peer: Peer) -> String {
    peer.to_string()
}

fn all() -> Routes {
    let routes = routes![hello, double, yields, timer, blocking, later, panics, sum, pieces, peer];
    routes.after(|head, _| drop(head.headers.insert("x-hook", "ran".parse().unwrap())))
}

fn service() -> AppService {
    all().into_service().unwrap()
}

fn get(path: &str) -> HttpRequest<Empty<Bytes>> {
    HttpRequest::get(path).body(Empty::new()).unwrap()
}

async fn oneshot<B>(request: HttpRequest<B>) -> HttpResponse<AppBody>
where
    B: http_body::Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    service().oneshot(request).await.unwrap()
}

async fn text(response: HttpResponse<AppBody>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn every_kind_of_route_answers() {
    let cases = [
        ("/hello/Ada", 200, "hello Ada"),
        ("/yield", 200, "after a while"),
        ("/timer", 200, "in a runtime"),
        ("/blocking", 200, "from the pool"),
        ("/later", 200, "from a thread"),
        ("/panic", 500, ""),
        ("/nowhere", 404, ""),
        ("/double", 405, ""),
        ("/peer", 200, "unknown"),
    ];
    for (path, status, body) in cases {
        let response = oneshot(get(path)).await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["x-hook"].as_bytes()),
            (status, &b"ran"[..]),
            "{path}"
        );
        assert_eq!(response.body().size_hint().exact(), Some(body.len() as u64), "{path}");
        assert_eq!(text(response).await, body);
    }
}

#[tokio::test]
async fn bodies_are_gathered_up_to_the_routes_limit() {
    let post = |body: String| HttpRequest::post("/double").body(Full::<Bytes>::from(body)).unwrap();
    assert_eq!(text(oneshot(post("ab".to_owned())).await).await, "abab");
    assert_eq!(oneshot(post("a".repeat(1025))).await.status(), 413);
}

#[tokio::test]
async fn bodies_stream_in_with_trailers() {
    let piece = Bytes::from(vec![b'x'; 10_000]);
    let trailers = [("x-a".parse().unwrap(), "b".parse().unwrap())].into_iter().collect();
    let frames = (0..500).map(move |_| Frame::data(piece.clone())).chain([Frame::trailers(trailers)]);
    let body = StreamBody::new(stream::iter(frames.map(Ok::<_, Infallible>)));
    let response = oneshot(HttpRequest::post("/sum").body(body).unwrap()).await;
    assert_eq!(text(response).await, "5000000 bytes and 1 trailers");
}

#[tokio::test]
async fn a_client_that_waits_to_be_asked_is_asked() {
    let body = StreamBody::new(stream::iter([Ok::<_, Infallible>(Frame::data(Bytes::from("12345")))]));
    let post = HttpRequest::post("/sum").header(header::EXPECT, "100-continue").body(body).unwrap();
    assert_eq!(text(oneshot(post).await).await, "5 bytes and 0 trailers");
}

#[tokio::test]
async fn a_body_of_empty_frames_for_ever_keeps_nobody() {
    let body = StreamBody::new(stream::repeat_with(|| Ok::<_, Infallible>(Frame::data(Bytes::new()))));
    let mut call = pin!(service().oneshot(HttpRequest::post("/sum").body(body).unwrap()));
    assert!(futures_util::poll!(call.as_mut()).is_pending());
}

#[tokio::test]
async fn answers_stream_out() {
    let response = oneshot(get("/pieces")).await;
    assert_eq!(response.body().size_hint().exact(), None);
    let expected: String = (0..1000).map(|n| format!("piece {n};").repeat(100)).collect();
    assert_eq!(text(response).await, expected);
}

#[tokio::test]
async fn head_has_the_length_and_no_body() {
    let head = HttpRequest::head("/hello/Ada").body(Empty::<Bytes>::new()).unwrap();
    let response = oneshot(head).await;
    assert_eq!(response.headers()[header::CONTENT_LENGTH], "9");
    assert_eq!(text(response).await, "");
}

#[tokio::test]
async fn many_calls_at_once() {
    let service = service();
    let calls = (0..200).map(|n| service.clone().oneshot(get(if n % 2 == 0 { "/yield" } else { "/later" })));
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().status() == 200));
}

/// Tells when it is dropped.
struct Endless(Sender<()>);

impl Source for Endless {
    fn poll_part(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<std::io::Result<hop::Part>>> {
        std::task::Poll::Ready(Some(Ok(hop::Part::Data(Bytes::from_static(&[b'e'; 1000])))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.send(()).unwrap();
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_is_a_client_that_left() {
    let (told, heard) = channel();
    let to = std::sync::Mutex::new(told);
    let endless = hop::handler(move |_, reply| reply.send(Response::stream(Endless(to.lock().unwrap().clone()))));
    let service = Routes::new().route("/", Method::GET, endless).into_service().unwrap();
    let mut response = service.oneshot(get("/")).await.unwrap();
    response.body_mut().frame().await.unwrap().unwrap();
    drop(response);
    heard.recv_timeout(Duration::from_secs(20)).expect("the source is dropped");
}

fn axum_app() -> Router {
    Router::new()
        .route("/own", axum::routing::get(async || "axum"))
        .nest_service("/hop", service())
        .layer(CorsLayer::permissive())
}

#[test]
fn inside_of_an_axum_app() {
    let server = Served::new(hop::tower::service(axum_app()));
    let ask = |line: &str, body: &str| -> Seen { ask(server.address, &request(line, &["Origin: https://a"], body)) };
    assert_eq!(ask("GET /own", "").body, "axum");
    let answer = ask("GET /hop/hello/Ada", "");
    assert_eq!((answer.header("access-control-allow-origin"), answer.body.as_str()), (Some("*"), "hello Ada"));
    assert_eq!(ask("POST /hop/double", "ab").body, "abab");
    // The client's address goes through both.
    assert!(ask("GET /hop/peer", "").body.starts_with("127.0.0.1:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn inside_of_an_axum_app_on_axums_own_server() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, axum_app()).await.unwrap() });
    let answers = tokio::task::spawn_blocking(move || {
        ["GET /hop/hello/Ada", "GET /hop/yield", "GET /hop/timer"]
            .map(|line| ask(address, &request(line, &[], "")).body)
    });
    assert_eq!(answers.await.unwrap(), ["hello Ada", "after a while", "in a runtime"]);
    serving.abort();
}

#[test]
fn layers_around_routes() {
    let added = SetResponseHeaderLayer::overriding(header::SERVER, header::HeaderValue::from_static("layered"));
    let layered = all().layer(|routes| added.layer(CompressionLayer::new().layer(routes)));
    let server = Served::new(routes![hello].nest("/slow", layered));
    let ask = |line: &str, headers: &[&str]| ask(server.address, &request(line, headers, ""));
    let plain = ask("GET /hello/Ada", &[]);
    assert_eq!((plain.header("server"), plain.body.as_str()), (None, "hello Ada"));
    let layered = ask("GET /slow/hello/Ada", &[]);
    assert_eq!((layered.header("server"), layered.body.as_str()), (Some("layered"), "hello Ada"));
    assert_eq!(ask("GET /slow/pieces", &["Accept-Encoding: gzip"]).header("content-encoding"), Some("gzip"));
    assert_eq!(ask("GET /slow/timer", &[]).body, "in a runtime");
    assert_eq!(ask("GET /slow/nowhere", &[]).status, 404);
}

#[test]
fn what_does_not_fit_below_a_layer_is_told_when_the_app_is_built() {
    let error = routes![hello, hello].layer(|routes| routes).build().unwrap_err();
    assert!(error.to_string().contains("below a layer") && error.to_string().contains("hello"), "{error}");
}

#[test]
fn an_echo_through_both_streams_as_it_comes() {
    #[route(POST, "/echo")]
    fn echo(body: Body) -> Response {
        Response::stream(Echo(body))
    }

    struct Echo(Body);

    impl Source for Echo {
        fn poll_part(
            &mut self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<std::io::Result<hop::Part>>> {
            self.0.poll_chunk(cx).map(|chunk| chunk.map(|chunk| Ok(hop::Part::Data(chunk?))))
        }
    }

    let server = Served::new(routes![echo].layer(|routes| routes));
    let mut client = Dial::to(server.address);
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for piece in ["first", "second"] {
        client.send(format!("{:x}\r\n{piece}\r\n", piece.len()));
        client.until(&format!("{piece}\r\n"));
    }
    client.send("0\r\n\r\n");
    client.until("0\r\n\r\n");
}
