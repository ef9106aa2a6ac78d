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
//!
//! [`App::ws`] opens a WebSocket and [`App::sse`] an event stream: see [`WebSocket`] and [`EventSource`].

mod answer;
mod client;
mod sse;
#[cfg(test)]
mod tests;
mod world;
mod ws;
mod ws_request;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

pub use self::answer::Answer;
pub use self::client::Client;
pub use self::sse::{Event, EventSource, SseRequest};
use self::world::World;
pub use self::ws::{Closed, WebSocket, frame};
pub use self::ws_request::{Opening, WsRequest};
use crate::app::live::topic::{IntoPublication, Publication};
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

    /// Opens a WebSocket.
    ///
    /// # Panics
    ///
    /// When it is refused; the message has the answer.
    #[track_caller]
    pub fn ws(&self, target: &str) -> WebSocket {
        self.ws_request(target).open()
    }

    /// A WebSocket's handshake, to be completed and sent on a connection of its own.
    ///
    /// ```
    /// # use hop::{Callbacks, EventHandler, Method, Request, Response, Routes, WebSocket, testing::App};
    /// # struct Chat;
    /// # impl EventHandler for Chat {
    /// #     type Conn = ();
    /// #     const CALLBACKS: Callbacks = Callbacks::WEB_SOCKET;
    /// #     fn on_ws_open(&self, ws: &mut WebSocket<'_>, request: &Request<'_>) -> Result<(), Response> {
    /// #         request.header("cookie").ok_or(Response::new(hop::StatusCode::UNAUTHORIZED))?;
    /// #         ws.protocol("chat.v2");
    /// #         Ok(())
    /// #     }
    /// # }
    /// # let app = App::new(Routes::new().route("/chat", Method::GET, Chat));
    /// let ws = app.ws_request("/chat").header("Cookie", "user=ada").protocol("chat.v2").open();
    /// assert_eq!(ws.protocol(), Some("chat.v2"));
    /// app.ws_request("/chat").expect(401);
    /// ```
    pub fn ws_request(&self, target: &str) -> WsRequest {
        WsRequest::new(self.clone(), target)
    }

    /// Opens an event stream.
    ///
    /// # Panics
    ///
    /// When it is refused; the message has the answer.
    #[track_caller]
    pub fn sse(&self, target: &str) -> EventSource {
        self.sse_request(target).open()
    }

    /// A request for an event stream, to be completed and sent on a connection of its own.
    ///
    /// ```
    /// # use hop::{Callbacks, EventHandler, EventStream, Method, Request, Response, Routes, testing::App};
    /// # struct News;
    /// # impl EventHandler for News {
    /// #     type Conn = ();
    /// #     const CALLBACKS: Callbacks = Callbacks::EVENT_STREAM;
    /// #     fn on_sse_open(&self, stream: &mut EventStream<'_>, _: &Request<'_>) -> Result<(), Response> {
    /// #         let last = stream.last_event_id();
    /// #         stream.resume_from("news", last.as_deref());
    /// #         Ok(())
    /// #     }
    /// # }
    /// # let app = App::new(Routes::new().route("/news", Method::GET, News).retain("news", 10));
    /// let mut source = app.sse("/news");
    /// app.publish("news", "it is noon");
    /// app.publish("news", "it is one");
    /// let seen = source.event().id.unwrap();
    /// let event = app.sse_request("/news").last_event_id(&seen).open().event();
    /// assert_eq!(event.data, "it is one");
    /// ```
    pub fn sse_request(&self, target: &str) -> SseRequest {
        SseRequest::new(self.clone(), target)
    }

    /// Sends to all subscribers of a topic, as [`Handle::publish`](crate::Handle::publish) does.
    pub fn publish(&self, topic: impl AsRef<str>, message: impl IntoPublication) {
        self.world.borrow_mut().publish(Publication::new(topic.as_ref(), message));
    }

    /// Tells the server to stop gracefully: WebSockets are closed with 1001, event streams end, what is in flight is finished.
    pub fn stop(&self) {
        self.world.borrow_mut().stop();
    }

    /// Lets time pass: what is due in it happens, in order.
    pub fn advance(&self, time: Duration) {
        self.world.borrow_mut().advance(time);
    }

    /// Lets time pass while the worker does not look, as on a machine that sleeps: what was due happens at the end.
    pub fn jump(&self, time: Duration) {
        self.world.borrow_mut().jump(time);
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.world.borrow().connections()
    }

    /// How many WebSockets and event streams are open.
    pub fn open(&self) -> (usize, usize) {
        self.world.borrow_mut().open_live()
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
