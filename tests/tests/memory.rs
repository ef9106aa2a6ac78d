//! What costs memory and what does not: the plain path allocates nothing, an idle connection next to nothing, and whatever a
//! busy time took is given back.

#[path = "memory/open.rs"]
mod open;

use std::sync::Arc;

use hop::prelude::*;
use hop::unversioned::{Accept, App, ConnId, Engine, Mailbox, Now, Output, Outside, Peers, Ticks, Verdict, Wake};
use hop::{Bytes, Peer, routes};
use hop_tests::alloc::{Counting, counts};
use hop_tests::rng::for_seeds;
use hop_tests::sim::{self, Weather, live as room};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[route("/")]
fn index() -> &'static str {
    "hello from http over polling"
}

#[route("/bytes")]
fn bytes() -> Bytes {
    Bytes::from_static(b"shared by all answers")
}

#[route("/a/{one}/b/{two}/c/{three}")]
fn three(Path((one, two, three)): Path<(&str, &str, &str)>) -> &'static str {
    if (one, two, three) == ("1", "2", "x") { "right" } else { "wrong" }
}

#[route(POST, "/length")]
fn length(body: &[u8]) -> &'static str {
    if body == b"hello" { "right" } else { "wrong" }
}

#[route("/owned")]
fn owned() -> String {
    "made by the handler".to_string()
}

struct Nobody;

impl Peers for Nobody {
    fn peer(&self, _: ConnId) -> Peer {
        Peer::Unknown
    }
}

impl Wake for Nobody {
    fn wake(&self) {}
}

const NOW: Now = Now { ticks: Ticks(100), unix_seconds: 1_700_000_000 };
const OUTSIDE: Outside<'static> = Outside { now: NOW, peers: &Nobody };

fn engine() -> Engine {
    let app: App = routes![index, bytes, three, length, owned].build().expect("the routes have no conflicts");
    Engine::new(Arc::new(app), 0, Arc::new(Mailbox::new(Arc::new(Nobody))), NOW)
}

fn connect(engine: &mut Engine) -> ConnId {
    let Accept::Open(id) = engine.accept(&OUTSIDE) else { panic!("a client is refused") };
    id
}

/// Sends `request` in one read and takes the answer in one write, without any memory of its own.
fn exchange(engine: &mut Engine, id: ConnId, request: &[u8], expected_end: &[u8]) {
    engine.input(id)[..request.len()].copy_from_slice(request);
    engine.received(id, request.len(), &OUTSIDE);
    let n = match engine.output(id, &OUTSIDE) {
        Output::Bytes(bytes) => {
            assert!(
                bytes.starts_with(b"HTTP/1.1 200 OK\r\n") && bytes.ends_with(expected_end),
                "{}",
                bytes.escape_ascii()
            );
            bytes.len()
        }
        other => panic!("{other:?} is not one write"),
    };
    engine.wrote(id, n, &OUTSIDE);
    assert!(matches!(engine.output(id, &OUTSIDE), Output::Nothing), "one write is enough");
    assert_eq!(engine.verdict(id, &OUTSIDE), Verdict::Watch { read: true, write: false });
    assert_eq!(engine.run(&OUTSIDE), None, "no work is left over");
}

const BROWSER: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\nConnection: keep-alive\r\nCookie: a=b; c=d\r\nUpgrade-Insecure-Requests: 1\r\n\r\n";

/// Allocations of a hundred exchanges, once everything is warm.
fn allocations_of(request: &[u8], expected_end: &[u8]) -> usize {
    let mut engine = engine();
    let id = connect(&mut engine);
    for _ in 0..3 {
        exchange(&mut engine, id, request, expected_end);
    }
    let before = counts().allocations;
    for _ in 0..100 {
        exchange(&mut engine, id, request, expected_end);
    }
    counts().allocations - before
}

#[test]
fn the_plain_path_allocates_nothing() {
    let plain: [(&[u8], &[u8]); 6] = [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"hello from http over polling"),
        (BROWSER, b"hello from http over polling"),
        (b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n\r\n"),
        (b"GET /bytes HTTP/1.1\r\nHost: a\r\n\r\n", b"shared by all answers"),
        (b"GET /a/1/b/2/c/x HTTP/1.1\r\nHost: a\r\n\r\n", b"right"),
        (b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", b"right"),
    ];
    for (request, end) in plain {
        assert_eq!(allocations_of(request, end), 0, "\"{}\"", request.escape_ascii());
    }
}

#[test]
fn what_a_handler_allocates_is_counted() {
    let request = b"GET /owned HTTP/1.1\r\nHost: a\r\n\r\n";
    assert!(allocations_of(request, b"made by the handler") >= 100, "the allocator counts");
}

#[test]
fn pipelined_requests_are_answered_in_one_write_without_allocation() {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(16);
    assert_eq!(allocations_of(&request, b"hello from http over polling"), 0);
}

#[test]
fn an_idle_connection_that_made_a_request_costs_at_most_128_bytes() {
    const CONNECTIONS: usize = 16 * 1024;
    let mut engine = engine();
    let first = connect(&mut engine);
    exchange(&mut engine, first, BROWSER, b"polling");
    let before = counts().live_bytes;
    for _ in 0..CONNECTIONS {
        let id = connect(&mut engine);
        exchange(&mut engine, id, BROWSER, b"polling");
    }
    let each = (counts().live_bytes - before) as f64 / CONNECTIONS as f64;
    println!("{each:.1} bytes each");
    assert!(engine.connections() == CONNECTIONS + 1 && (1.0..=128.0).contains(&each), "{each:.1} bytes each");
}

#[test]
fn a_request_that_came_in_pieces_leaves_nothing_behind() {
    let mut engine = engine();
    let id = connect(&mut engine);
    let live_after_a_request_in = |engine: &mut Engine, pieces: usize| {
        for piece in BROWSER.chunks(BROWSER.len().div_ceil(pieces)) {
            engine.input(id)[..piece.len()].copy_from_slice(piece);
            engine.received(id, piece.len(), &OUTSIDE);
            while let Output::Bytes(bytes) = engine.output(id, &OUTSIDE) {
                let n = bytes.len();
                engine.wrote(id, n, &OUTSIDE);
            }
            assert_eq!(engine.verdict(id, &OUTSIDE), Verdict::Watch { read: true, write: false });
        }
        counts().live_bytes
    };
    let whole = live_after_a_request_in(&mut engine, 1);
    assert_eq!(live_after_a_request_in(&mut engine, 2), whole);
    assert_eq!(live_after_a_request_in(&mut engine, 40), whole);
}

#[test]
fn after_a_busy_time_memory_is_back_where_it_was() {
    for_seeds(7_000_000, 15, |seed| {
        let (mut host, later) = sim::host(seed);
        let mut live_after_a_play = || {
            sim::play(&mut host, &later, seed, Weather::Calm);
            host.shrink();
            later.shrink();
            counts().live_bytes
        };
        let once = live_after_a_play();
        assert!(live_after_a_play() <= once && live_after_a_play() <= once, "memory grows from play to play");
    });
}

#[test]
fn after_a_busy_time_of_open_connections_memory_is_back_where_it_was() {
    for_seeds(8_000_000, 15, |seed| {
        let (mut host, ledger) = room::host(seed, Weather::Calm);
        let mut live_after_a_play = || {
            room::play(&mut host, &ledger, seed, Weather::Calm);
            host.shrink();
            ledger.clear();
            counts().live_bytes
        };
        // The worker and its mailbox exchange their two vectors: only the second play finds both as large as they get.
        live_after_a_play();
        let once = live_after_a_play();
        assert!(live_after_a_play() <= once && live_after_a_play() <= once, "memory grows from play to play");
    });
}
