//! WebSockets and event streams: an echo and a delivery allocate nothing, an idle one costs next to nothing, and what a client
//! announces costs nothing at all.

use std::sync::Arc;

use hop::prelude::*;
use hop::unversioned::{Accept, App, ConnId, Engine, Mailbox, Output, Verdict};
use hop::ws::{Header, OpCode};
use hop::{Routes, routes};
use hop_tests::alloc::counts;

use super::{NOW, Nobody, OUTSIDE};

/// What an idle WebSocket or event stream may cost, with its connection and without what its user keeps.
const IDLE_BYTES_MAX: f64 = 256.0;
/// Many, so that what grows by pages and by doubling, the connection's own place among it, is counted for what it is; and a little
/// less than a power of two, so that a list of places is nearly full. Right after it has doubled it is 32 bytes more for each.
const CONNECTIONS: usize = 16_000;
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

#[route("/echo")]
fn echo(ws: &mut WebSocket<'_>, message: Message<'_>) {
    ws.send(message);
}

/// Takes whatever is announced.
#[route("/endless", max_message = "4611686018427387904B")]
fn endless(ws: &mut WebSocket<'_>, message: Message<'_>) {
    ws.send(message);
}

struct Room;

#[route("/room")]
impl Room {
    fn on_ws_open(&self, ws: &mut WebSocket<'_>) {
        ws.subscribe("room");
    }

    fn on_sse_open(&self, stream: &mut EventStream<'_>) {
        stream.subscribe("room");
    }

    fn on_ws_message(&self, ws: &mut WebSocket<'_>, message: Message<'_>) {
        ws.publish("room", message);
    }
}

#[route("/clock", every = "1s")]
fn clock() -> Event {
    Event::data("it is noon")
}

/// A worker whose clients take everything at once.
struct Worker(Engine);

impl Worker {
    fn new(routes: Routes) -> Worker {
        let app: App = routes.build().expect("the routes have no conflicts");
        Worker(Engine::new(Arc::new(app), 0, Arc::new(Mailbox::new(Arc::new(Nobody))), NOW))
    }

    fn connect(&mut self) -> ConnId {
        let Accept::Open(id) = self.0.accept(&OUTSIDE) else { panic!("a client is refused") };
        id
    }

    fn open_socket(&mut self, path: &str) -> ConnId {
        let id = self.connect();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        assert!(self.send(id, head.as_bytes()) > 0, "{path} does not open");
        id
    }

    fn open_stream(&mut self, path: &str) -> ConnId {
        let id = self.connect();
        let head = format!("GET {path} HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n");
        assert!(self.send(id, head.as_bytes()) > 0, "{path} does not open");
        id
    }

    /// One read from a client: how many bytes it is sent.
    fn send(&mut self, id: ConnId, input: &[u8]) -> usize {
        self.0.input(id)[..input.len()].copy_from_slice(input);
        self.0.received(id, input.len(), &OUTSIDE);
        self.flush(id)
    }

    /// Work that waits: how many bytes are sent, to whomever.
    fn run(&mut self) -> usize {
        let mut sent_bytes = 0;
        while let Some(id) = self.0.run(&OUTSIDE) {
            sent_bytes += self.flush(id);
        }
        sent_bytes
    }

    fn flush(&mut self, id: ConnId) -> usize {
        let mut sent_bytes = 0;
        while let Output::Bytes(bytes) = self.0.output(id, &OUTSIDE) {
            let bytes = bytes.len();
            self.0.wrote(id, bytes, &OUTSIDE);
            sent_bytes += bytes;
        }
        let open = matches!(self.0.verdict(id, &OUTSIDE), Verdict::Watch { write: false, .. });
        assert!(open || sent_bytes > 0, "a connection ends with a word");
        sent_bytes
    }
}

/// A frame of a client, of this payload.
fn frame(opcode: OpCode, fin: bool, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    let payload_bytes = payload.len() as u64;
    Header { fin, rsv1: false, opcode, mask: Some(KEY), payload_bytes }.encode(&mut frame);
    let start = frame.len();
    frame.extend_from_slice(payload);
    hop::ws::unmask(&mut frame[start..], KEY, 0);
    frame
}

fn allocations_of(work: impl FnOnce()) -> usize {
    let before = counts().allocations;
    work();
    counts().allocations - before
}

#[test]
fn an_echo_allocates_nothing() {
    let mut worker = Worker::new(routes![echo]);
    let id = worker.open_socket("/echo");
    for bytes in [20, 1024] {
        for opcode in [OpCode::Text, OpCode::Binary] {
            let message = frame(opcode, true, &vec![b'x'; bytes]);
            worker.send(id, &message);
            let allocations = allocations_of(|| (0..100).for_each(|_| _ = worker.send(id, &message)));
            assert_eq!(allocations, 0, "{opcode:?} of {bytes} bytes");
        }
    }
}

#[test]
fn messages_of_one_read_are_echoed_without_allocation() {
    let mut worker = Worker::new(routes![echo]);
    let id = worker.open_socket("/echo");
    let messages = frame(OpCode::Text, true, b"twenty bytes of text").repeat(16);
    worker.send(id, &messages);
    assert_eq!(allocations_of(|| assert_eq!(worker.send(id, &messages), 16 * 22)), 0);
}

#[test]
fn a_delivery_of_what_was_published_allocates_nothing() {
    let publication_to = |members: usize| {
        let mut worker = Worker::new(routes![Room]);
        let publisher = worker.open_socket("/room");
        for at in 0..members {
            if at % 2 == 0 {
                worker.open_socket("/room")
            } else {
                worker.open_stream("/room")
            };
        }
        let message = frame(OpCode::Text, true, &[b'x'; 64]);
        let mut publish = || worker.send(publisher, &message) + worker.run();
        publish();
        allocations_of(|| assert!(publish() > members * 64, "all have it"))
    };
    // That of the publication itself: the message and its encodings.
    let few = publication_to(2);
    assert!((1..=16).contains(&few), "{few} allocations");
    assert_eq!(publication_to(1000), few);
}

#[test]
fn an_announced_length_allocates_nothing() {
    for path in ["/echo", "/endless"] {
        let mut worker = Worker::new(routes![echo, endless]);
        let id = worker.open_socket(path);
        worker.send(id, &frame(OpCode::Text, true, b"something to warm up with"));
        let mut head = Vec::new();
        let mask = Some(KEY);
        Header { fin: true, rsv1: false, opcode: OpCode::Binary, mask, payload_bytes: 1 << 62 }.encode(&mut head);
        let before = counts().live_bytes;
        let said_bytes = worker.send(id, &head);
        let grown = counts().live_bytes - before;
        // Where it is allowed, what is known of a message that has begun; where it is not, a close frame says so.
        assert!(
            if path == "/endless" { said_bytes == 0 && grown <= 128 } else { said_bytes > 4 && grown <= 0 },
            "{path}: {grown} bytes"
        );
    }
}

#[test]
fn an_idle_web_socket_costs_at_most_256_bytes() {
    let mut worker = Worker::new(routes![echo]);
    let warm = worker.open_socket("/echo");
    traffic(&mut worker, warm);
    let before = counts().live_bytes;
    let ids: Vec<_> = (0..CONNECTIONS).map(|_| worker.open_socket("/echo")).collect();
    check_each("before traffic", before, &ids);
    ids.iter().for_each(|id| traffic(&mut worker, *id));
    check_each("after traffic", before, &ids);
}

#[test]
fn an_idle_event_stream_costs_at_most_256_bytes() {
    let mut worker = Worker::new(routes![clock, Room]);
    let publisher = worker.open_socket("/room");
    let publish = |worker: &mut Worker| {
        worker.send(publisher, &frame(OpCode::Text, true, b"to whom it may concern"));
        assert!(worker.run() > 0, "it is delivered");
    };
    worker.open_stream("/clock");
    worker.open_stream("/room");
    publish(&mut worker);
    // One that has joined a topic pays for its place there, too.
    for path in ["/clock", "/room"] {
        let before = counts().live_bytes;
        let ids: Vec<_> = (0..CONNECTIONS).map(|_| worker.open_stream(path)).collect();
        check_each(path, before, &ids);
        publish(&mut worker);
        check_each(path, before, &ids);
    }
}

/// A message in one read, one in many reads and fragments, and a ping.
fn traffic(worker: &mut Worker, id: ConnId) {
    let message = frame(OpCode::Text, true, &[b'x'; 1000]);
    assert_eq!(worker.send(id, &message), 1004);
    let fragments =
        [frame(OpCode::Text, false, &[b'x'; 500]), frame(OpCode::Continuation, true, &[b'x'; 500])].concat();
    assert_eq!(fragments.chunks(100).map(|piece| worker.send(id, piece)).sum::<usize>(), 1004);
    assert_eq!(worker.send(id, &frame(OpCode::Ping, true, b"")), 2);
}

fn check_each(when: &str, before: isize, ids: &Vec<ConnId>) {
    let own = ids.capacity() * size_of::<ConnId>();
    let each = (counts().live_bytes - before - own as isize) as f64 / ids.len() as f64;
    println!("{when}: {each:.1} bytes each");
    assert!((1.0..=IDLE_BYTES_MAX).contains(&each), "{when}: {each:.1} bytes each");
}

#[test]
fn fragments_cost_what_they_bring() {
    const FRAGMENTS: usize = 65_536;
    let mut worker = Worker::new(routes![echo]);
    let id = worker.open_socket("/echo");
    let before = counts().live_bytes;
    let mut most = 0;
    for (payload, expected_bytes) in [(&b"x"[..], FRAGMENTS + 10), (b"", 2)] {
        worker.send(id, &frame(OpCode::Text, false, payload));
        let fragment = frame(OpCode::Continuation, false, payload);
        for _ in 0..FRAGMENTS - 2 {
            assert_eq!(worker.send(id, &fragment), 0);
            most = most.max(counts().live_bytes - before);
        }
        assert_eq!(worker.send(id, &frame(OpCode::Continuation, true, payload)), expected_bytes);
    }
    // The message grows by doubling.
    assert!(most <= 2 * FRAGMENTS as isize + 1024, "{most} bytes at most");
    worker.0.closed(id);
    let left = counts().live_bytes - before;
    // The cork and the last message are kept for the next ones.
    assert!(left <= 3 * FRAGMENTS as isize, "{left} bytes are left");
}
