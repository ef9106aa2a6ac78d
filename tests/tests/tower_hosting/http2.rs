//! HTTP/2 with prior knowledge, by hyper's client.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, OriginalUri, Path};
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::future::join_all;
use hop::{HeaderMap, Peer, Response, StatusCode, route, routes};
use hop_tests::served::Served;
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;

/// Something that must come is waited for so long; then the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

type Sent = http_body_util::combinators::BoxBody<Bytes, Infallible>;
type Client = SendRequest<Sent>;

/// Runs a client.
pub fn client<T>(talk: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(PATIENCE, talk).await.expect("it takes too long") })
}

/// A connection, the client's own address, and the end of the connection.
pub async fn connect(server: SocketAddr) -> (Client, SocketAddr, JoinHandle<hyper::Result<()>>) {
    let stream = TcpStream::connect(server).await.unwrap();
    let local = stream.local_addr().unwrap();
    let (client, conn) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    (client, local, tokio::spawn(conn))
}

fn request(method: &str, path: &str, body: Sent) -> http::Request<Sent> {
    http::Request::builder().method(method).uri(format!("http://hop{path}")).body(body).unwrap()
}

pub async fn get_of(client: &mut Client, path: &str) -> http::Response<Incoming> {
    client.ready().await.unwrap();
    client.send_request(request("GET", path, Empty::new().boxed())).await.unwrap()
}

pub async fn text(answer: http::Response<Incoming>) -> (u16, String) {
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// A body whose frames are sent by a channel.
fn channel() -> (mpsc::Sender<Result<Frame<Bytes>, Infallible>>, Sent) {
    let (send, frames) = mpsc::channel(1);
    (send, StreamBody::new(ReceiverStream::new(frames)).boxed())
}

pub async fn next_text(body: &mut Incoming) -> String {
    let data = body.frame().await.unwrap().unwrap().into_data().unwrap();
    String::from_utf8(data.to_vec()).unwrap()
}

#[route("/own/{name}")]
fn own(hop::Path(name): hop::Path<&str>) -> String {
    format!("hop's own {name}")
}

fn app() -> Router {
    let seen = async |OriginalUri(uri): OriginalUri, Extension(peer): Extension<Peer>| format!("{uri} {peer}");
    Router::new()
        .route("/", get(async || "root"))
        .route("/hello/{name}", get(async |Path(name): Path<String>| format!("hello {name}")))
        .route("/seen", get(seen))
        .route("/echo", post(async |body: Body| body))
}

#[test]
fn requests_are_answered_by_services_and_by_hops_own_routes() {
    let server = Served::new(routes![own].tower("/old", app()));
    client(async {
        let (mut client, local, _) = connect(server.address).await;
        let answer = get_of(&mut client, "/old/hello/you").await;
        assert_eq!(answer.version(), http::Version::HTTP_2);
        assert_eq!(answer.headers()["content-length"], "9");
        assert!(answer.headers().contains_key("date"));
        assert_eq!(text(answer).await, (200, "hello you".into()));
        assert_eq!(text(get_of(&mut client, "/old").await).await, (200, "root".into()));
        let seen = format!("http://hop/seen?a=b {local}");
        assert_eq!(text(get_of(&mut client, "/old/seen?a=b").await).await, (200, seen));
        assert_eq!(text(get_of(&mut client, "/own/route").await).await, (200, "hop's own route".into()));
        assert_eq!(text(get_of(&mut client, "/missing").await).await.0, 404);
        assert_eq!(text(get_of(&mut client, "/old/missing").await).await.0, 404);
        let head = client.send_request(request("HEAD", "/old/hello/you", Empty::new().boxed())).await.unwrap();
        assert_eq!(text(head).await, (200, String::new()));
    });
}

#[test]
fn hooks_hold_for_services() {
    let guarded = routes![].tower("/old", app()).before(|request| match request.header("authorization") {
        Some(_) => None,
        None => Some(Response::new(StatusCode::UNAUTHORIZED)),
    });
    let guarded = guarded.after(|head, _| drop(head.headers.insert("x-hook", "ran".parse().unwrap())));
    let server = Served::new(guarded);
    client(async {
        let (mut client, ..) = connect(server.address).await;
        assert_eq!(text(get_of(&mut client, "/old/hello/you").await).await.0, 401);
        let mut request = request("GET", "/old/hello/you", Empty::new().boxed());
        request.headers_mut().insert("authorization", "mine".parse().unwrap());
        let answer = client.send_request(request).await.unwrap();
        assert_eq!(answer.headers()["x-hook"], "ran");
        assert_eq!(text(answer).await, (200, "hello you".into()));
    });
}

#[test]
fn bodies_stream_both_ways_at_once() {
    let server = Served::new(hop::tower::service(app()));
    client(async {
        let (mut client, ..) = connect(server.address).await;
        let (send, body) = channel();
        let mut answer = client.send_request(request("POST", "/echo", body)).await.unwrap();
        for part in ["one", "two", "three"] {
            send.send(Ok(Frame::data(part.into()))).await.unwrap();
            assert_eq!(next_text(answer.body_mut()).await, part);
        }
        drop(send);
        assert!(answer.into_body().collect().await.unwrap().to_bytes().is_empty());
    });
}

#[test]
fn trailers_pass_both_ways() {
    let server = Served::new(hop::tower::service(app()));
    client(async {
        let (mut client, ..) = connect(server.address).await;
        let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "12".parse().unwrap())]);
        let (send, body) = channel();
        send.send(Ok(Frame::data("data".into()))).await.unwrap();
        let answer = client.send_request(request("POST", "/echo", body));
        let (answer, _) = tokio::join!(answer, async {
            send.send(Ok(Frame::trailers(trailers.clone()))).await.unwrap();
            drop(send);
        });
        let whole = answer.unwrap().into_body().collect().await.unwrap();
        assert_eq!(whole.trailers(), Some(&trailers));
        assert_eq!(whole.to_bytes(), "data");
    });
}

#[test]
fn large_bodies_pass() {
    let server = Served::new(hop::tower::service(app()));
    client(async {
        let (mut client, ..) = connect(server.address).await;
        let large = Bytes::from_iter((0..8 << 20).map(|index| index as u8));
        let answer = client.send_request(request("POST", "/echo", Full::new(large.clone()).boxed())).await.unwrap();
        assert!(answer.into_body().collect().await.unwrap().to_bytes() == large, "it came back as it was");
    });
}

#[test]
fn hundreds_of_requests_run_beside_each_other() {
    let barrier = Arc::new(tokio::sync::Barrier::new(100));
    let meet = async move |Path(name): Path<String>| {
        barrier.wait().await;
        name
    };
    let server = Served::new(hop::tower::service(app().route("/meet/{name}", get(meet))));
    client(async {
        let (client, ..) = connect(server.address).await;
        let ask = async |index: usize| {
            let answer = client.clone().send_request(request("GET", &format!("/meet/{index}"), Empty::new().boxed()));
            assert_eq!(text(answer.await.unwrap()).await, (200, index.to_string()));
        };
        join_all((0..300).map(ask)).await;
    });
}

/// Says when it is dropped.
struct Bomb(mpsc::UnboundedSender<&'static str>);

impl Drop for Bomb {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

#[test]
fn a_client_that_resets_a_stream_or_leaves_drops_the_future() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let hangs = async move || {
        let _bomb = Bomb(tell.clone());
        tell.send("called").unwrap();
        std::future::pending::<()>().await
    };
    let server = Served::new(hop::tower::service(app().route("/hangs", get(hangs))));
    client(async {
        let (mut client, _, conn) = connect(server.address).await;
        let call = client.send_request(request("GET", "/hangs", Empty::new().boxed()));
        let called = async { assert_eq!(told.recv().await, Some("called")) };
        tokio::select! { _ = call => panic!("there is no answer"), () = called => {} }
        assert_eq!(told.recv().await, Some("dropped"));
        assert_eq!(text(get_of(&mut client, "/").await).await, (200, "root".into()));
        let call = client.send_request(request("GET", "/hangs", Empty::new().boxed()));
        let called = async { assert_eq!(told.recv().await, Some("called")) };
        tokio::select! { _ = call => panic!("there is no answer"), () = async { called.await; conn.abort() } => {} }
        assert_eq!(told.recv().await, Some("dropped"));
    });
}

#[test]
fn a_service_that_panics_is_answered_500_and_others_are_undisturbed() {
    let panics = async || -> &'static str { panic!("as it should") };
    let server = Served::new(hop::tower::service(app().route("/panics", get(panics))));
    client(async {
        let (mut client, ..) = connect(server.address).await;
        assert_eq!(text(get_of(&mut client, "/panics").await).await.0, 500);
        assert_eq!(text(get_of(&mut client, "/").await).await, (200, "root".into()));
    });
}

/// An endless body that counts what is taken of it.
struct Endless(Arc<AtomicUsize>);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.fetch_add(8192, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'e'; 8192])))))
    }
}

#[test]
fn a_client_that_does_not_read_bounds_what_is_taken_of_a_body() {
    let taken = Arc::new(AtomicUsize::new(0));
    let body = Arc::clone(&taken);
    let endless = async move || Body::new(Endless(body));
    let server = Served::new(hop::tower::service(app().route("/endless", get(endless))));
    client(async {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(65_535).initial_connection_window_size(1 << 20);
        let (mut client, conn) = builder.handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(conn);
        let mut answer = get_of(&mut client, "/endless").await;
        for _ in 0..3 {
            assert_eq!(text(get_of(&mut client, "/").await).await, (200, "root".into()));
        }
        let bytes = taken.load(Ordering::Relaxed);
        assert!(bytes < 256 * 1024, "{bytes} bytes were taken");
        assert!(answer.body_mut().frame().await.unwrap().is_ok());
    });
}

#[test]
fn a_service_that_does_not_read_bounds_what_its_client_can_send() {
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let wait = Arc::new(std::sync::Mutex::new(Some(wait)));
    let deaf = async move |body: Body| {
        let wait = wait.lock().unwrap().take().unwrap();
        wait.await.unwrap();
        body
    };
    let server = Served::new(hop::tower::service(app().route("/deaf", post(deaf))));
    client(async {
        let (mut client, ..) = connect(server.address).await;
        let taken = Arc::new(AtomicUsize::new(0));
        let call = client.send_request(request("POST", "/deaf", Endless(Arc::clone(&taken)).boxed()));
        let call = tokio::spawn(call);
        // Each of these has the client do all that it can do.
        for _ in 0..100 {
            assert_eq!(text(get_of(&mut client, "/").await).await, (200, "root".into()));
        }
        let bytes = taken.load(Ordering::Relaxed);
        // The window of the stream, and what the client itself holds back.
        assert!(bytes < 3 << 20, "{bytes} bytes were taken");
        go.send(()).unwrap();
        let mut answer = call.await.unwrap().unwrap();
        let mut echoed = 0;
        while echoed < 4 << 20 {
            echoed += answer.body_mut().frame().await.unwrap().unwrap().into_data().unwrap().len();
        }
    });
}

#[test]
fn an_idle_connection_is_closed() {
    let app = hop::tower::service(app()).timeouts(|timeouts| timeouts.idle = Duration::from_millis(500));
    let server = Served::new(app);
    client(async {
        let (mut client, _, conn) = connect(server.address).await;
        assert_eq!(text(get_of(&mut client, "/").await).await, (200, "root".into()));
        let _ = conn.await.unwrap();
        assert!(client.is_closed());
    });
}

#[test]
fn a_server_that_stops_finishes_what_is_in_flight() {
    let (called, go) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let (tell, wait) = (Arc::clone(&called), Arc::clone(&go));
    let work = async move || {
        tell.notify_one();
        wait.notified().await;
        "finished"
    };
    let server = Served::new(hop::tower::service(app().route("/work", get(work))));
    let handle = server.handle.clone();
    client(async {
        let (mut idle, _, idle_conn) = connect(server.address).await;
        assert_eq!(text(get_of(&mut idle, "/").await).await, (200, "root".into()));
        let (client, _, conn) = connect(server.address).await;
        let call = tokio::spawn(async move { text(get_of(&mut { client }, "/work").await).await });
        called.notified().await;
        handle.shutdown();
        let _ = idle_conn.await.unwrap();
        go.notify_one();
        assert_eq!(call.await.unwrap(), (200, "finished".into()));
        let _ = conn.await.unwrap();
    });
    assert_eq!(server.stop().cut, 0);
}

#[test]
fn a_preface_that_goes_on_with_nonsense_ends_the_connection() {
    let server = Served::new(hop::tower::service(app()));
    let mut dial = hop_tests::dial::Dial::to(server.address);
    dial.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    dial.rest();
    assert_eq!(hop_tests::dial::ask(server.address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").body, "root");
}

#[test]
fn an_app_without_services_speaks_no_http2() {
    let server = Served::new(routes![own]);
    let mut dial = hop_tests::dial::Dial::to(server.address);
    let answer = dial.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").answer("PRI");
    assert!(answer.status >= 400, "{}", answer.status);
}
