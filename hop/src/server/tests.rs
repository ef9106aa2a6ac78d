//! Whole servers over real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::runtime::Choice;
use super::*;
use crate::app::handler::EventHandler;
use crate::app::reply::{Replied, Reply};
use crate::app::request::Request;
use crate::app::responder::{Responder, Sent};
use crate::app::router::BodyMode;

/// What a handler is in the middle of.
enum Event {
    /// A request for `/later` wants to be answered.
    Later(Responder),
    /// A request for `/hold` holds the worker until this is dropped.
    Held(Sender<()>),
}

struct Handler(Mutex<Sender<Event>>);

impl Handler {
    fn tell(&self, event: Event) {
        self.0.lock().unwrap().send(event).unwrap();
    }
}

impl EventHandler for Handler {
    type Conn = ();

    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied {
        match request.path() {
            "/later" => {
                let (responder, replied) = reply.defer();
                self.tell(Event::Later(responder));
                replied
            }
            "/hold" => {
                let (release, released) = channel();
                self.tell(Event::Held(release));
                // An error is what is waited for: the other end was dropped.
                let _ = released.recv();
                reply.send("held")
            }
            "/peer" => reply.send(request.peer().to_string()),
            _ => reply.send("hello"),
        }
    }
}

/// A server on a thread of its own.
struct Running {
    handle: Handle,
    events: Receiver<Event>,
    thread: JoinHandle<Report>,
}

const ONE_WORKER: Options = Options {
    workers: 1,
    pool: PoolLimits::DEFAULT,
    runtime: Choice::NONE,
    signals: false,
    wait: Wait::Native,
    spread: Spread::BEST,
};

fn start(address: &str, options: Options) -> Running {
    start_with(address, options, |_| {})
}

fn start_with(address: &str, options: Options, adjust: impl FnOnce(&mut App)) -> Running {
    let (send, events) = channel();
    let mut app = App::of(Handler(Mutex::new(send)), BodyMode::Whole);
    adjust(&mut app);
    let server = Server::bind(app, address.parse().unwrap(), options).unwrap();
    let handle = server.handle();
    let thread = thread::spawn(move || server.run().unwrap());
    Running { handle, events, thread }
}

impl Running {
    fn address(&self) -> SocketAddr {
        self.handle.local_addr().tcp().unwrap()
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address()).unwrap()
    }

    /// The responder of a request for `/later`, when it has reached the handler.
    fn later(&self) -> Responder {
        match self.events.recv().unwrap() {
            Event::Later(responder) => responder,
            Event::Held(_) => panic!("nobody was to be held"),
        }
    }

    /// Holds the worker until the result is dropped.
    fn held(&self) -> Sender<()> {
        match self.events.recv().unwrap() {
            Event::Held(release) => release,
            Event::Later(_) => panic!("nobody was to be deferred"),
        }
    }

    /// How often the worker wakes for 20 requests of an undisturbed connection, when all that came before has been seen.
    fn wakeups_of_20_requests(&self, undisturbed: &TcpStream) -> u64 {
        // Two requests, because what is ready beside the first may come after it in the same turn.
        ask(undisturbed, "/");
        ask(undisturbed, "/");
        let before = self.handle.stats().wakeups;
        (0..20).for_each(|_| drop(ask(undisturbed, "/")));
        self.handle.stats().wakeups - before
    }

    fn stop(self) -> Report {
        self.handle.shutdown();
        self.thread.join().unwrap()
    }
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()
}

/// One answer; its body ends where `Content-Length` says.
fn answer(mut from: impl Read) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        assert_eq!(from.read(&mut byte).unwrap(), 1, "the connection ended after {:?}", String::from_utf8_lossy(&text));
        text.push(byte[0]);
    }
    let head = String::from_utf8(text).unwrap().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    from.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn ask(mut stream: impl Read + Write, path: &str) -> String {
    stream.write_all(&get(path)).unwrap();
    answer(stream)
}

/// All ways in which bytes reach a worker.
fn ways() -> Vec<Options> {
    let mut ways = Vec::new();
    for wait in [Wait::Native, Wait::Portable] {
        for spread in [Spread::PerWorker, Spread::HandOver] {
            ways.extend([1, 2].map(|workers| Options { workers, wait, spread, ..ONE_WORKER }));
        }
    }
    ways
}

#[test]
fn requests_are_answered_in_every_way_of_waiting_and_of_spreading() {
    for options in ways() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let server = start(address, options.clone());
            let clients = [(); 8].map(|()| server.connect());
            for client in clients.iter().chain(&clients) {
                assert!(ask(client, "/").ends_with("\r\n\r\nhello"), "{options:?}");
            }
            assert_eq!(server.handle.stats().accepted, 8);
            assert_eq!(server.stop(), Report { finished: 8, ..Report::default() });
        }
    }
}

#[test]
fn a_unix_socket_is_served_by_all_workers() {
    let path = std::env::temp_dir().join(format!("hop-{}-served.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let server = start(path.to_str().unwrap(), Options { workers: 2, ..ONE_WORKER });
    for _ in 0..4 {
        assert!(ask(&UnixStream::connect(&path).unwrap(), "/peer").ends_with("unix"));
    }
    server.stop();
    assert!(!path.exists());
}

#[test]
fn the_peer_is_the_clients_address() {
    let server = start("127.0.0.1:0", ONE_WORKER);
    let client = server.connect();
    assert!(ask(&client, "/peer").ends_with(&client.local_addr().unwrap().to_string()));
    server.stop();
}

#[test]
fn a_request_costs_one_wake_up_and_an_idle_connection_none() {
    for wait in [Wait::Native, Wait::Portable] {
        let server = start("127.0.0.1:0", Options { wait, ..ONE_WORKER });
        let idle = [(); 50].map(|()| server.connect());
        idle.iter().for_each(|client| drop(ask(client, "/")));
        assert_eq!(server.wakeups_of_20_requests(&idle[0]), 20, "{wait:?}");
        server.stop();
    }
}

#[test]
fn pipelined_requests_share_one_wake_up() {
    let server = start("127.0.0.1:0", ONE_WORKER);
    let mut client = server.connect();
    ask(&client, "/");
    let before = server.handle.stats().wakeups;
    client.write_all(&get("/").repeat(16)).unwrap();
    (0..16).for_each(|_| assert!(answer(&client).ends_with("hello")));
    assert_eq!(server.handle.stats().wakeups, before + 1);
    server.stop();
}

#[test]
fn an_answer_from_another_thread_wakes_the_worker_once_at_most() {
    let server = start("127.0.0.1:0", ONE_WORKER);
    let mut client = server.connect();
    ask(&client, "/");
    let before = server.handle.stats().wakeups;
    client.write_all(&get("/later")).unwrap();
    server.later().send("at last");
    assert!(answer(&client).ends_with("at last"));
    // Fewer when it comes while the worker is still awake.
    assert!(server.handle.stats().wakeups <= before + 2);
    server.stop();
}

#[test]
fn a_half_closed_client_gets_its_answer_and_costs_nothing_meanwhile() {
    for wait in [Wait::Native, Wait::Portable] {
        let server = start("127.0.0.1:0", Options { wait, ..ONE_WORKER });
        let (mut client, other) = (server.connect(), server.connect());
        client.write_all(&get("/later")).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let responder = server.later();
        assert_eq!(server.wakeups_of_20_requests(&other), 20, "{wait:?}");
        assert_eq!(responder.send("at last"), Sent::Now);
        assert!(answer(&client).ends_with("at last"));
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        server.stop();
    }
}

/// Closes with a reset instead of a FIN.
fn reset(client: TcpStream) {
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
}

#[test]
fn a_reset_reaches_whoever_would_have_answered() {
    for wait in [Wait::Native, Wait::Portable] {
        let server = start("127.0.0.1:0", Options { wait, ..ONE_WORKER });
        let (mut client, other) = (server.connect(), server.connect());
        client.write_all(&get("/later")).unwrap();
        let responder = server.later();
        reset(client);
        server.wakeups_of_20_requests(&other);
        assert!(responder.is_closed(), "{wait:?}");
        assert_eq!(server.handle.stats().connections, 1);
        server.stop();
    }
}

/// A client that sends more behind a deferred request than the engine reads ahead.
fn flood(server: &Running) -> (TcpStream, Responder) {
    let mut client = server.connect();
    client.write_all(&get("/later")).unwrap();
    let responder = server.later();
    client.write_all(&get("/").repeat(2000)).unwrap();
    (client, responder)
}

#[test]
fn a_connection_that_is_not_read_costs_nothing_and_its_reset_is_seen() {
    for wait in [Wait::Native, Wait::Portable] {
        let server = start("127.0.0.1:0", Options { wait, ..ONE_WORKER });
        let other = server.connect();
        let (client, responder) = flood(&server);
        // Twenty requests, and at most one look at the paused connection.
        assert!(server.wakeups_of_20_requests(&other) <= 21, "{wait:?}");
        assert!(!responder.is_closed());
        reset(client);
        server.wakeups_of_20_requests(&other);
        assert!(responder.is_closed(), "{wait:?}");
        server.stop();
    }
}

#[test]
fn a_connection_that_was_paused_goes_on_where_it_was() {
    let server = start("127.0.0.1:0", ONE_WORKER);
    let (client, responder) = flood(&server);
    client.shutdown(std::net::Shutdown::Write).unwrap();
    responder.send("first");
    assert!(answer(&client).ends_with("first"));
    (0..2000).for_each(|_| assert!(answer(&client).ends_with("hello")));
    assert_eq!((&client).read(&mut [0]).unwrap(), 0);
    server.stop();
}

#[test]
fn a_lone_urgent_byte_does_not_keep_the_worker_awake() {
    for wait in [Wait::Native, Wait::Portable] {
        let server = start("127.0.0.1:0", Options { wait, ..ONE_WORKER });
        let (client, other) = (server.connect(), server.connect());
        ask(&client, "/");
        rustix::net::send(&client, b"!", rustix::net::SendFlags::OOB).unwrap();
        assert_eq!(server.wakeups_of_20_requests(&other), 20, "{wait:?}");
        assert!(ask(&client, "/").ends_with("hello"));
        server.stop();
    }
}

#[test]
fn a_slow_reader_gets_everything_and_disturbs_nobody() {
    const MUCH: usize = 32 << 20;
    let server = start("127.0.0.1:0", ONE_WORKER);
    let (mut client, other) = (server.connect(), server.connect());
    client.write_all(&get("/later")).unwrap();
    server.later().send(vec![b'x'; MUCH]);
    assert_eq!(server.wakeups_of_20_requests(&other), 20);
    let text = answer(&client);
    assert_eq!(text.bytes().rev().take_while(|&byte| byte == b'x').count(), MUCH);
    server.stop();
}

#[test]
fn connections_beyond_the_limit_are_refused_until_others_close() {
    let server = start_with("127.0.0.1:0", ONE_WORKER, |app| app.limits.connections = Some(1));
    let first = server.connect();
    assert!(ask(&first, "/").starts_with("http/1.1 200"));
    assert!(answer(server.connect()).starts_with("http/1.1 503"));
    assert_eq!(server.handle.stats().refused, 1);
    drop(first);
    // The end of the first may be seen after the next one has come.
    let served = (0..1000).any(|_| {
        let client = server.connect();
        (&client).write_all(&get("/")).unwrap();
        answer(&client).starts_with("http/1.1 200")
    });
    assert!(served);
    server.stop();
}

#[test]
fn two_servers_do_not_know_of_each_other() {
    let (one, other) = (start("127.0.0.1:0", ONE_WORKER), start("127.0.0.1:0", ONE_WORKER));
    let client = other.connect();
    one.stop();
    assert!(ask(&client, "/").ends_with("hello"));
    assert_eq!(other.handle.stats().accepted, 1);
    other.stop();
}

#[test]
fn a_graceful_stop_finishes_what_is_in_flight_and_says_that_it_is_the_last() {
    let server = start("127.0.0.1:0", ONE_WORKER);
    let mut client = server.connect();
    client.write_all(&get("/later")).unwrap();
    let responder = server.later();
    let idle = server.connect();
    ask(&idle, "/");
    server.handle.shutdown();
    // The idle connection ends at once, while the other one waits; so the worker knows when the answer comes.
    assert_eq!((&idle).read(&mut [0]).unwrap(), 0);
    responder.send("at last");
    let text = answer(&client);
    assert!(text.contains("connection: close") && text.ends_with("at last"), "{text}");
    drop(client);
    assert_eq!(server.thread.join().unwrap(), Report { finished: 2, ..Report::default() });
}

#[test]
fn what_a_client_of_a_unix_socket_has_sent_before_it_left_is_read() {
    for wait in [Wait::Native, Wait::Portable] {
        let path = std::env::temp_dir().join(format!("hop-leaves-{}-{wait:?}", std::process::id()));
        let server = start(&format!("unix:{}", path.display()), Options { wait, ..ONE_WORKER });
        let connect = || UnixStream::connect(&path).unwrap();
        let (mut first, mut leaves) = (connect(), connect());
        ask(&leaves, "/");
        first.write_all(&get("/hold")).unwrap();
        let hold = server.held();
        leaves.write_all(&get("/later")).unwrap();
        drop(leaves);
        drop(hold);
        answer(&first);
        // The wait that brings the first of these may tell of the one that left after it; the second has a wait of its own.
        ask(&first, "/");
        ask(&first, "/");
        assert!(matches!(server.events.try_recv(), Ok(Event::Later(_))), "{wait:?}");
        drop(first);
        server.stop();
    }
}

#[test]
fn a_graceful_stop_serves_whoever_had_connected_and_asked() {
    for spread in [Spread::PerWorker, Spread::HandOver] {
        let server = start("127.0.0.1:0", Options { spread, ..ONE_WORKER });
        let mut first = server.connect();
        first.write_all(&get("/hold")).unwrap();
        let hold = server.held();
        // The worker is busy: these wait in the queue of the listener.
        let waiting = [(); 20].map(|()| server.connect());
        waiting.iter().for_each(|mut client| client.write_all(&get("/")).unwrap());
        server.handle.shutdown();
        drop(hold);
        waiting.iter().for_each(|client| assert!(answer(client).ends_with("hello")));
        drop((first, waiting));
        server.thread.join().unwrap();
    }
}

#[test]
fn a_stopped_server_accepts_nothing() {
    let server = start("127.0.0.1:0", ONE_WORKER);
    let address = server.address();
    server.stop();
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn what_is_in_flight_is_cut_at_the_deadline() {
    let quick = |app: &mut App| app.timeouts.shutdown = Duration::from_millis(10);
    let server = start_with("127.0.0.1:0", ONE_WORKER, quick);
    let mut client = server.connect();
    client.write_all(&get("/later")).unwrap();
    let responder = server.later();
    server.handle.shutdown();
    assert_eq!(server.thread.join().unwrap(), Report { cut: 1, ..Report::default() });
    assert!(responder.is_closed());
    assert_eq!(responder.send("too late"), Sent::Closed);
}

#[test]
fn a_cut_does_not_wait() {
    let server = start("127.0.0.1:0", Options { workers: 2, ..ONE_WORKER });
    let mut client = server.connect();
    client.write_all(&get("/later")).unwrap();
    let _responder = server.later();
    server.handle.shutdown();
    server.handle.cut();
    assert_eq!(server.thread.join().unwrap(), Report { cut: 1, ..Report::default() });
}

#[test]
fn a_server_that_is_stopped_before_it_runs_ends_at_once() {
    let (send, _events) = channel();
    let app = App::of(Handler(Mutex::new(send)), BodyMode::Whole);
    let server = Server::bind(app, "127.0.0.1:0".parse().unwrap(), ONE_WORKER).unwrap();
    let handle = server.handle();
    handle.shutdown();
    assert_eq!(server.run().unwrap(), Report::default());
    // The handle outlives the server.
    handle.shutdown();
    assert_eq!(handle.stats().accepted, 0);
}
