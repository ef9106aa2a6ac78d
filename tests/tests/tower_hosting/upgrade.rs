//! Upgraded connections of hyper, as the tasks that have them read and write them.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use hop_tests::dial::ask;
use hop_tests::served::Served;
use hyper::upgrade::{Upgraded, on};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

/// Something that must come is waited for so long; then the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Serves `/up`, which has `task` speak on the upgraded connection.
fn serve<F>(task: impl Fn(TokioIo<Upgraded>) -> F + Clone + Send + Sync + 'static) -> Served
where
    F: Future<Output = ()> + Send + 'static,
{
    let up = async move |mut request: Request| {
        let upgraded = on(&mut request);
        tokio::spawn(async move { task(TokioIo::new(upgraded.await.unwrap())).await });
        let response = Response::builder().status(101).header("connection", "upgrade").header("upgrade", "raw");
        response.body(axum::body::Body::empty()).unwrap()
    };
    Served::new(hop::tower::service(Router::new().route("/up", get(up)).route("/", get(async || "plain"))))
}

/// A client whose connection was upgraded.
fn upgraded(address: SocketAddr) -> TcpStream {
    let mut client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(b"GET /up HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\n").unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    client
}

fn read_all(client: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    client.read_to_end(&mut all).unwrap();
    all
}

/// Says its last at once, and tells how many bytes come after that, when it is allowed to read.
fn listener() -> (Served, Sender<oneshot::Receiver<()>>, Receiver<usize>) {
    let (gates, gate) = channel::<oneshot::Receiver<()>>();
    let gate = std::sync::Arc::new(std::sync::Mutex::new(gate));
    let (tell, told) = channel();
    let server = serve(move |mut io| {
        let gate = gate.lock().unwrap().recv().unwrap();
        let tell = tell.clone();
        async move {
            io.write_all(b"all I say").await.unwrap();
            io.shutdown().await.unwrap();
            gate.await.unwrap();
            let mut all = Vec::new();
            io.read_to_end(&mut all).await.unwrap();
            tell.send(all.len()).unwrap();
        }
    });
    (server, gates, told)
}

#[test]
fn one_that_has_said_its_last_goes_on_reading() {
    let (server, gates, told) = listener();
    let (go, gate) = oneshot::channel();
    gates.send(gate).unwrap();
    go.send(()).unwrap();
    let mut client = upgraded(server.address);
    assert_eq!(read_all(&mut client), b"all I say");
    for _ in 0..10 {
        client.write_all(&[7; 1000]).unwrap();
        assert_eq!(ask(server.address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").body, "plain");
    }
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(10_000));
}

#[test]
fn what_a_client_had_sent_before_it_left_waits_for_one_that_reads_late() {
    const BYTES: usize = 400 * 1024;
    let (server, gates, told) = listener();
    let (go, gate) = oneshot::channel();
    gates.send(gate).unwrap();
    let mut client = upgraded(server.address);
    assert_eq!(read_all(&mut client), b"all I say");
    client.write_all(&[7; BYTES]).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    // The worker sees that both sides have said their last, and is not kept awake by it.
    (0..3).for_each(|_| drop(ask(server.address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")));
    go.send(()).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(BYTES));
}

#[test]
fn one_that_is_dropped_closes() {
    let server = serve(async |mut io| io.write_all(b"all I say").await.unwrap());
    let mut client = upgraded(server.address);
    assert_eq!(read_all(&mut client), b"all I say");
    drop(client);
    assert_eq!(server.stop().cut, 0);
}
