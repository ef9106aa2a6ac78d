//! Whole servers over real sockets.

mod readiness;
mod serving;
mod stopping;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::runtime::Choice;
use super::*;
use crate::app::handler::EventHandler;
use crate::app::hijack::RawStream;
use crate::app::reply::{Replied, Reply};
use crate::app::request::Request;
use crate::app::responder::Responder;
use crate::app::response::Response;
use crate::app::router::BodyMode;
use crate::app::sent::Sent;

/// What a handler is in the middle of.
enum Event {
    /// A request for `/later` wants to be answered.
    Later(Responder),
    /// A request for `/hold` holds the worker until this is dropped.
    Held(Sender<()>),
    /// The connection of a request for `/take` was given away.
    Taken(RawStream),
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
            "/take" => {
                let events = self.0.lock().unwrap().clone();
                reply.send(Response::hijack(move |conn| {
                    events.send(Event::Taken(conn.into_stream().unwrap())).unwrap();
                }))
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
            _ => panic!("something was to be deferred"),
        }
    }

    /// Holds the worker until the result is dropped.
    fn held(&self) -> Sender<()> {
        match self.events.recv().unwrap() {
            Event::Held(release) => release,
            _ => panic!("somebody was to be held"),
        }
    }

    /// The connection of a request for `/take`, when it was given away.
    fn taken(&self) -> RawStream {
        match self.events.recv().unwrap() {
            Event::Taken(stream) => stream,
            _ => panic!("a connection was to be taken"),
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

    /// Returns when the two connections that wait at most were accepted; `client` is one of the worker that accepts.
    fn catch_up(&self, client: &TcpStream) {
        // The first turn accepts one, and each answers a request before it accepts.
        (0..3).for_each(|_| drop(ask(client, "/")));
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
