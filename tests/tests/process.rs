//! What a server does to its process, and what it stands from it: threads, descriptors, signals. One test at a time.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use hop::{Builder, Handle, Report, Responder, Server, State, route, routes};
use rustix::process::{Resource, Rlimit, Signal, getpid, getrlimit, kill_process, setrlimit};

/// The process is shared by all tests of this file.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[route("/")]
fn hello() -> &'static str {
    "hello"
}

#[route("/blocking", blocking)]
fn blocking() -> &'static str {
    "hello"
}

/// Gives the promise of an answer to the test.
#[route("/later")]
fn later(out: Responder, State(to): State<Promises>) {
    to.0.lock().unwrap().send(out).unwrap();
}

#[derive(Clone)]
struct Promises(Arc<Mutex<Sender<Responder>>>);

/// Holds its worker up until the test drops what it is given.
#[route("/hold")]
fn hold(State(to): State<Holds>) -> &'static str {
    let (held, released) = channel();
    to.0.lock().unwrap().send(held).unwrap();
    assert!(released.recv().is_err());
    "hello"
}

#[derive(Clone)]
struct Holds(Arc<Mutex<Sender<Sender<()>>>>);

struct Running {
    handle: Handle,
    thread: thread::JoinHandle<Report>,
}

fn run(server: Server) -> Running {
    let handle = server.handle();
    Running { handle, thread: thread::spawn(move || server.run().unwrap()) }
}

fn builder() -> Builder {
    Server::builder().routes(routes![hello, blocking])
}

fn ask(mut stream: &TcpStream, path: &str) {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
}

/// The client's view of one answer `hello`: whether it came before the end of the connection.
fn is_answered(mut stream: &TcpStream) -> bool {
    let mut text = Vec::new();
    let mut bytes = [0; 512];
    while !text.ends_with(b"hello") {
        match stream.read(&mut bytes) {
            Ok(0) | Err(_) => return false,
            Ok(n) => text.extend_from_slice(&bytes[..n]),
        }
    }
    true
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The threads that hop has started; those of the test runner come and go.
fn threads() -> usize {
    let names = std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path().join("comm"));
    // A thread that has ended since it was listed has no name.
    names.filter(|name| std::fs::read_to_string(name).is_ok_and(|name| name.starts_with("hop-"))).count()
}

#[test]
fn threads_and_descriptors_return_to_their_starting_number() {
    let _alone = alone();
    let before = descriptors();
    for portable in [false, true] {
        let server = builder().workers(3).portable(portable).bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().tcp().unwrap();
        let running = run(server);
        let clients = [(); 10].map(|()| TcpStream::connect(address).unwrap());
        for client in &clients {
            ask(client, "/blocking");
            assert!(is_answered(client));
        }
        // Two workers beside the thread that called `run`, and at least one of the blocking pool.
        assert!(threads() >= 3 && descriptors() > before + 20);
        running.handle.shutdown();
        running.thread.join().unwrap();
        // The handle is still there, and keeps nothing open.
        drop(clients);
        assert_eq!(descriptors(), before, "portable: {portable}");
        // A thread that was joined may be listed for a moment.
        assert!((0..100_000).any(|_| threads() == 0), "portable: {portable}");
        assert_eq!(running.handle.stats().accepted, 10);
    }
}

/// A limit of descriptors that leaves room for `room` more. Descriptors are taken from the lowest free number upwards, and those that
/// the process was born with may leave gaps: so it is the numbers that count.
fn room_for(room: usize) -> Rlimit {
    let taken: Vec<_> = (0..room).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
    let highest = taken.iter().map(AsRawFd::as_raw_fd).max().unwrap();
    Rlimit { current: Some(u64::from(highest.unsigned_abs()) + 1), ..getrlimit(Resource::Nofile) }
}

#[test]
fn running_out_of_descriptors_is_no_spin_and_passes() {
    let _alone = alone();
    let limit = getrlimit(Resource::Nofile);
    let (send, holds) = channel();
    let server = Server::builder().routes(routes![hello, hold]).state(Holds(Arc::new(Mutex::new(send))));
    let server = server.workers(1).signals(false).bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().tcp().unwrap();
    let running = run(server);
    // The server has all that it needs for itself, and its only worker is held up: whoever connects now waits in the queue.
    let first = TcpStream::connect(address).unwrap();
    ask(&first, "/hold");
    let held = holds.recv().unwrap();
    let clients = [(); 20].map(|()| TcpStream::connect(address).unwrap());
    clients.iter().for_each(|client| ask(client, "/"));
    setrlimit(Resource::Nofile, room_for(5)).unwrap();
    drop(held);
    while running.handle.stats().exhausted < 3 {
        thread::yield_now();
    }
    setrlimit(Resource::Nofile, limit).unwrap();
    let answered = clients.iter().filter(|client| is_answered(client)).count();
    let stats = running.handle.stats();
    // Each time one client was let go, so that it need not wait in vain; all others are served in the end.
    assert_eq!(answered as u64, 20 - stats.exhausted, "{stats:?}");
    assert!(is_answered(&first) && stats.wakeups < 60, "{stats:?}");
    running.handle.shutdown();
    running.thread.join().unwrap();
}

#[test]
fn the_first_signal_stops_and_the_second_cuts() {
    let _alone = alone();
    let (send, promises) = channel();
    let state = Promises(Arc::new(Mutex::new(send)));
    let server = Server::builder().routes(routes![hello, later]).state(state).workers(2);
    let server = server.timeouts(|timeouts| timeouts.shutdown = Duration::from_secs(3600)).bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().tcp().unwrap();
    let running = run(server);
    let (idle, waiting) = (TcpStream::connect(address).unwrap(), TcpStream::connect(address).unwrap());
    ask(&idle, "/");
    assert!(is_answered(&idle));
    ask(&waiting, "/later");
    let promise = promises.recv().unwrap();
    kill_process(getpid(), Signal::TERM).unwrap();
    // The idle connection ends, the other one is waited for.
    assert_eq!((&idle).read(&mut [0]).unwrap(), 0);
    assert!(!running.thread.is_finished() && !promise.is_closed());
    kill_process(getpid(), Signal::INT).unwrap();
    let report = running.thread.join().unwrap();
    assert_eq!((report.finished, report.cut), (1, 1));
    assert!(promise.is_closed());
}

/// Unread input at which a connection that waits for its answer is not read any further.
const PAUSE_BYTES: usize = 16 * 1024;

#[test]
fn the_end_of_a_client_that_is_not_read_is_noticed_by_a_look_at_it() {
    let _alone = alone();
    for portable in [false, true] {
        let (send, promises) = channel();
        let state = Promises(Arc::new(Mutex::new(send)));
        let server = Server::builder().routes(routes![hello, later]).state(state).workers(1).portable(portable);
        let server = server.signals(false).bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().tcp().unwrap();
        let running = run(server);
        let (client, other) = (TcpStream::connect(address).unwrap(), TcpStream::connect(address).unwrap());
        ask(&client, "/later");
        let promise = promises.recv().unwrap();
        // Just as much as is read ahead, so that nothing is left in the socket to hide the end.
        let head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        let rest = "\r\n\r\n";
        write!(&client, "{head}{}{rest}", "x".repeat(PAUSE_BYTES - head.len() - rest.len())).unwrap();
        // What came before this has been read when it is answered. Then no deadline is left that could wake the worker.
        ask(&other, "/");
        assert!(is_answered(&other));
        drop(other);
        while running.handle.stats().connections > 1 {
            thread::yield_now();
        }
        let wakeups = || running.handle.stats().wakeups;
        let before = wakeups();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        while wakeups() == before {
            thread::yield_now();
        }
        let before = wakeups();
        promise.send("first, then hello");
        let mut answers = String::new();
        (&client).read_to_string(&mut answers).unwrap();
        assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "portable: {portable}: {answers}");
        // The answer has woken the worker, unless that was awake still; the end, which it knew, has not.
        assert!(wakeups() <= before + 1, "portable: {portable}");
        running.handle.shutdown();
        running.thread.join().unwrap();
    }
}
