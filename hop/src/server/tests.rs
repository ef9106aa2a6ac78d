//! Whole servers over real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::*;
use crate::app::handler::EventHandler;
use crate::app::reply::{Replied, Reply};
use crate::app::request::Request;
use crate::app::responder::{Responder, Sent};
use crate::app::router::BodyMode;

/// Answers `/` with its path, and sends the responder of any other path to the test.
struct Handler(Mutex<Sender<Responder>>);

impl EventHandler for Handler {
    type Conn = ();

    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied {
        if request.path() == "/" {
            return reply.send("hello");
        }
        let (responder, replied) = reply.defer();
        self.0.lock().unwrap().send(responder).unwrap();
        replied
    }
}

/// A server on a thread of its own.
struct Running {
    handle: Handle,
    deferred: Receiver<Responder>,
    thread: JoinHandle<Report>,
}

const ONE_WORKER: Options =
    Options { workers: 1, pool: PoolLimits::DEFAULT, signals: false, wait: Wait::Native, spread: Spread::BEST };

fn start(address: &str, options: Options) -> Running {
    start_with(address, options, |_| {})
}

fn start_with(address: &str, options: Options, adjust: impl FnOnce(&mut App)) -> Running {
    let (send, deferred) = channel();
    let mut app = App::of(Handler(Mutex::new(send)), BodyMode::Whole);
    adjust(&mut app);
    let server = Server::bind(app, address.parse().unwrap(), options).unwrap();
    let handle = server.handle();
    let thread = thread::spawn(move || server.run().unwrap());
    Running { handle, deferred, thread }
}

impl Running {
    fn address(&self) -> SocketAddr {
        self.handle.local_addr().tcp().unwrap()
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address()).unwrap()
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
            let server = start(address, options);
            let clients = [(); 8].map(|()| server.connect());
            for client in clients.iter().chain(&clients) {
                assert!(ask(client, "/").ends_with("\r\n\r\nhello"), "{options:?}");
            }
            assert_eq!(server.handle.stats().accepted, 8);
            assert_eq!(server.stop(), Report { finished: 8, ..Report::default() });
        }
    }
}
