//! Tests of an app without sockets: the same engine as in the server, in memory, under a virtual clock.
//!
//! [`App`] is a worker; [`Client`] is one connection to it. Nothing sleeps: time passes by [`App::advance`] alone. `blocking` routes
//! run at once. An answer from another thread is waited for, up to five seconds.
//!
//! ```
//! use hop::prelude::*;
//!
//! #[route("/hello/{name}")]
//! fn hello(Path(name): Path<&str>) -> String {
//!     format!("Hello, {name}!")
//! }
//!
//! let app = hop::testing::App::new(routes![hello]);
//! assert_eq!(app.get("/hello/Ada").expect(200).text(), "Hello, Ada!");
//! app.raw(b"GET /hello/Ada HTTP/1.1\r\nHost: a\r\n\r\n").split_every(1).expect(200);
//! app.get("/nowhere").expect(404);
//! ```

mod answer;
mod client;
mod world;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

pub use self::answer::Answer;
pub use self::client::Client;
use self::world::World;
use crate::app::router::IntoApp;

/// An app under test: one worker without sockets.
#[derive(Clone)]
pub struct App {
    world: Rc<RefCell<World>>,
}

impl App {
    /// Builds the app.
    ///
    /// # Panics
    ///
    /// When it cannot be built; the message names the routes that conflict or the state that is missing.
    #[track_caller]
    pub fn new(app: impl IntoApp) -> App {
        match app.into_app() {
            Ok(app) => App { world: Rc::new(RefCell::new(World::new(app))) },
            Err(error) => panic!("the app cannot be built: {error}"),
        }
    }

    /// A new connection.
    ///
    /// # Panics
    ///
    /// When the app takes no more connections.
    #[track_caller]
    pub fn connect(&self) -> Client {
        Client::open(Rc::clone(&self.world))
    }

    /// Answers to a `GET` on a connection of its own.
    #[track_caller]
    pub fn get(&self, target: &str) -> Answer {
        self.request("GET", target).send()
    }

    /// Answers to a `POST` on a connection of its own.
    #[track_caller]
    pub fn post(&self, target: &str, body: impl AsRef<[u8]>) -> Answer {
        self.request("POST", target).body(body).send()
    }

    /// A request, to be completed and sent on a connection of its own.
    pub fn request(&self, method: &str, target: &str) -> Request {
        let head = format!("{method} {target} HTTP/1.1\r\nHost: test\r\n").into_bytes();
        Request { app: self.clone(), head, body: Vec::new() }
    }

    /// Bytes as they are, on a connection of its own.
    pub fn raw(&self, bytes: impl AsRef<[u8]>) -> Raw {
        Raw { app: self.clone(), bytes: bytes.as_ref().to_vec(), cuts: Vec::new() }
    }

    /// Lets time pass: what is due in it happens, in order.
    pub fn advance(&self, time: Duration) {
        self.world.borrow_mut().advance(time);
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.world.borrow().connections()
    }
}

/// A request being made: see [`App::request`].
pub struct Request {
    app: App,
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Request {
    /// With a header field.
    ///
    /// # Panics
    ///
    /// When HTTP does not allow the name or the value; use [`App::raw`] to send what it does not allow.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Request {
        HeaderName::try_from(name).expect("the header's name is a token");
        HeaderValue::try_from(value).expect("the header's value has no control characters");
        self.head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        self
    }

    /// With a body; `Content-Length` is added.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Request {
        self.body = body.as_ref().to_vec();
        self.head.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        self
    }

    /// Sends it and gives the answer.
    ///
    /// # Panics
    ///
    /// When no whole answer comes.
    #[track_caller]
    pub fn send(self) -> Answer {
        let mut client = self.app.connect();
        client.send([self.head.as_slice(), b"\r\n", &self.body].concat());
        if self.head.starts_with(b"HEAD ") { client.answer_to_head() } else { client.answer() }
    }
}

/// Bytes to be sent as they are: see [`App::raw`].
pub struct Raw {
    app: App,
    bytes: Vec<u8>,
    cuts: Vec<usize>,
}

impl Raw {
    /// Sends them in pieces of `n` bytes.
    ///
    /// # Panics
    ///
    /// When `n` is 0.
    #[track_caller]
    pub fn split_every(mut self, n: usize) -> Raw {
        self.cuts = (0..self.bytes.len()).step_by(n).skip(1).collect();
        self
    }

    /// Sends them in two pieces, the first of `n` bytes.
    pub fn split_at(mut self, n: usize) -> Raw {
        self.cuts = vec![n.min(self.bytes.len())];
        self
    }

    /// Sends them and gives the client.
    #[track_caller]
    pub fn send(self) -> Client {
        let mut client = self.app.connect();
        let mut from = 0;
        for to in self.cuts.into_iter().chain([self.bytes.len()]) {
            client.send(&self.bytes[from..to]);
            from = to;
        }
        client
    }

    /// Sends them and gives the first answer, which must have this status.
    ///
    /// # Panics
    ///
    /// When no whole answer comes, or another status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        self.send().answer().expect(status)
    }
}
