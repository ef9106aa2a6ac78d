//! hop's own routes over HTTP/2: answered beside the workers, and yet a part of the server.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use hop::prelude::*;
use hop::{Builder, Event, Routes, route, routes};
use hop_tests::dial::Dial;
use hop_tests::served::Served;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::oneshot;
use tokio::sync::oneshot::{Receiver, Sender};

use crate::http2::{client, connect, get_of, next_text, text};

/// A server that speaks HTTP/2.
fn serve(routes: Routes) -> Served {
    Served::new(routes.tower("/service", Router::new()))
}

struct News;

#[route("/news")]
impl News {
    type Conn = ();

    fn on_sse_open(&self, stream: &mut EventStream<'_>) {
        stream.subscribe("news");
        stream.send(Event::data("welcome"));
    }
}

/// An event stream's next event must be this one.
async fn expect(body: &mut Incoming, event: &str) {
    assert_eq!(next_text(body).await, format!("data: {event}\n\n"));
}

#[test]
fn subscribers_beside_the_workers_take_nothing_from_those_on_them() {
    let server = serve(routes![News]);
    let mut on_a_worker = Dial::to(server.address);
    on_a_worker.send("GET /news HTTP/1.1\r\nHost: a\r\n\r\n").until("welcome");
    client(async {
        let (mut client, ..) = connect(server.address).await;
        let mut beside = get_of(&mut client, "/news").await.into_body();
        expect(&mut beside, "welcome").await;
        server.handle.publish("news", "to all");
        expect(&mut beside, "to all").await;
    });
    on_a_worker.until("to all");
    server.handle.publish("news", "to one");
    on_a_worker.until("to one");
}

#[test]
fn requests_over_http2_are_no_connections() {
    let routes = routes![News].limits(|limits| limits.connections = Some(1));
    let server = serve(routes);
    client(async {
        let (mut client, ..) = connect(server.address).await;
        let mut streams = Vec::new();
        for _ in 0..2 {
            let mut stream = get_of(&mut client, "/news").await.into_body();
            expect(&mut stream, "welcome").await;
            streams.push(stream);
        }
        assert_eq!(server.handle.stats().connections, 1);
    });
}

#[test]
fn an_event_stream_ends_when_the_server_stops() {
    let server = serve(routes![News]);
    client(async {
        let (mut client, _, conn) = connect(server.address).await;
        let mut stream = get_of(&mut client, "/news").await.into_body();
        expect(&mut stream, "welcome").await;
        server.handle.shutdown();
        assert!(stream.collect().await.unwrap().to_bytes().is_empty());
        let _ = conn.await.unwrap();
    });
    assert_eq!(server.stop().cut, 0);
}

/// What a blocking handler says it has begun by, and waits for.
type Turn = Mutex<Option<(Sender<()>, Receiver<()>)>>;

#[route("/block", blocking)]
fn block(turn: StateRef<'_, Turn>) -> &'static str {
    let turn = turn.lock().unwrap().take();
    if let Some((begin, end)) = turn {
        begin.send(()).unwrap();
        end.blocking_recv().unwrap();
    }
    "done"
}

#[test]
fn blocking_handlers_run_on_the_servers_pool() {
    let ((begin, begun), (go, end)) = (oneshot::channel(), oneshot::channel());
    let routes = routes![block].state::<Turn>(Mutex::new(Some((begin, end)))).tower("/service", Router::new());
    let server = Served::new(Builder::from(routes).blocking(1, 0));
    client(async {
        let (mut client, ..) = connect(server.address).await;
        let mut other = client.clone();
        let first = tokio::spawn(async move { text(get_of(&mut other, "/block").await).await });
        begun.await.unwrap();
        assert_eq!(text(get_of(&mut client, "/block").await).await.0, 503);
        go.send(()).unwrap();
        assert_eq!(first.await.unwrap(), (200, "done".into()));
    });
}

/// Futures that were begun, and those that were dropped.
#[derive(Default)]
struct Counts {
    begun: AtomicUsize,
    dropped: AtomicUsize,
}

/// Counts when it is dropped, which takes its time.
struct Counted(Arc<Counts>);

impl Drop for Counted {
    fn drop(&mut self) {
        (0..100).for_each(|_| std::thread::yield_now());
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

#[route("/hang")]
async fn hang(State(counts): State<Arc<Counts>>) -> &'static str {
    let counted = Counted(counts);
    counted.0.begun.fetch_add(1, Ordering::Relaxed);
    pending().await
}

#[test]
fn when_a_server_has_ended_so_has_everything_beside_its_workers() {
    const CALLS: usize = 100;
    let counts = Arc::<Counts>::default();
    let server = serve(routes![hang].state(Arc::clone(&counts)));
    client(async {
        let (client, ..) = connect(server.address).await;
        let calls = (0..CALLS).map(|_| {
            let mut client = client.clone();
            tokio::spawn(async move { get_of(&mut client, "/hang").await })
        });
        let _calls: Vec<_> = calls.collect();
        while counts.begun.load(Ordering::Relaxed) < CALLS {
            tokio::task::yield_now().await;
        }
        drop(server);
        assert_eq!(counts.dropped.load(Ordering::Relaxed), CALLS);
    });
}
