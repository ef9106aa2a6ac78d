//! The opening of a WebSocket or an event stream: at once, by a future, on the blocking pool, or by whoever holds the [`Opening`].

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, StatusCode, header};

use super::link::Link;
use super::message::{IntoMessage, Message};
use super::port::Port;
use super::setup::{Accepted, Action, AnyConn, Kind, Setup};
use super::socket::WebSocket;
use super::stream::EventStream;
use super::topic::Publication;
use crate::app::into_response::IntoResponse;
use crate::app::peer::Peer;
use crate::app::reply::{Replied, Reply};
use crate::app::request::Request;
use crate::app::responder::Responder;
use crate::app::response::{Body, Response};
use crate::app::sent::Sent;
use crate::wire::event::Event;

/// The answer: the head of the connection, with the connection behind it; or the refusal.
fn answer<C: Send + 'static>(setup: Setup, opened: Result<C, Response>) -> Response {
    match opened {
        Ok(conn) => accepted(setup, Box::new(conn)),
        Err(refusal) => refusal,
    }
}

fn accepted(mut setup: Setup, conn: AnyConn) -> Response {
    let mut response = match &setup.kind {
        Kind::Socket(upgrade) => {
            let mut head = Response::new(StatusCode::SWITCHING_PROTOCOLS);
            upgrade.write(&mut head.head.headers);
            head
        }
        Kind::Stream => stream_head(),
    };
    response.head.headers.extend(std::mem::take(&mut setup.headers));
    response.body = Body::Live(Box::new(Accepted { setup, conn }));
    response
}

/// With what keeps caches and proxies from holding events back.
pub(crate) fn stream_head() -> Response {
    let mut response = Response::new(StatusCode::OK);
    response.head.content_type = Some("text/event-stream");
    response.head.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response.head.headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// Records what a connection will do; nothing of it happens if it is refused.
impl Port for Setup {
    fn message(&mut self, message: Message<'_>) -> Sent {
        self.actions.push(Action::Message(message.to_owned()));
        Sent::Now
    }

    fn event(&mut self, event: &Event) -> Sent {
        self.actions.push(Action::Event(event.clone()));
        Sent::Now
    }

    fn ping(&mut self, payload: &[u8]) {
        self.actions.push(Action::Ping(payload.to_vec()));
    }

    fn close(&mut self, code: u16, reason: &str) {
        self.actions.push(Action::Close { code, reason: reason.to_owned() });
    }

    fn subscribe(&mut self, topic: &str, after: Option<&str>) {
        self.actions.push(Action::Subscribe { topic: topic.to_owned(), after: after.map(str::to_owned) });
    }

    fn unsubscribe(&mut self, topic: &str) {
        self.actions.push(Action::Unsubscribe(topic.to_owned()));
    }

    fn publish(&mut self, publication: Publication, to_self: bool) {
        self.actions.push(Action::Publish { publication: Box::new(publication), to_self });
    }

    fn pause(&mut self, paused: bool) {
        self.actions.push(Action::Pause(paused));
    }

    fn queued_bytes(&self) -> usize {
        0
    }

    fn link(&mut self) -> Arc<Link> {
        Arc::clone(self.link.link().expect("it is taken only when the connection opens, which consumes the setup"))
    }

    fn peer(&self) -> Peer {
        self.peer.clone()
    }

    fn setup(&mut self) -> Option<&mut Setup> {
        Some(self)
    }
}

/// How an opening is decided: as a [`Reply`] is for a request. For generated code.
#[doc(hidden)]
pub struct Opener<'a, C> {
    reply: Reply<'a>,
    setup: Setup,
    conn: PhantomData<fn(C)>,
}

impl<'a, C: Send + 'static> Opener<'a, C> {
    pub(crate) fn new(reply: Reply<'a>, setup: Setup) -> Self {
        Opener { reply, setup, conn: PhantomData }
    }

    /// Decides now, about a WebSocket.
    pub fn socket(self, decide: impl FnOnce(&mut WebSocket<'_>) -> Result<C, Response>) -> Replied {
        let Opener { reply, mut setup, .. } = self;
        let opened = decide(&mut WebSocket::new(&mut setup));
        reply.send(answer(setup, opened))
    }

    /// Decides now, about an event stream.
    pub fn stream(self, decide: impl FnOnce(&mut EventStream<'_>) -> Result<C, Response>) -> Replied {
        let Opener { reply, mut setup, .. } = self;
        let opened = decide(&mut EventStream::new(&mut setup));
        reply.send(answer(setup, opened))
    }

    /// Refuses: for what cannot be extracted.
    pub fn refuse(self, refusal: impl IntoResponse) -> Replied {
        self.reply.send(refusal.into_response())
    }

    /// A future decides, on the connection's worker.
    pub fn future<F>(self, decide: impl FnOnce(Opening<C>) -> F) -> Replied
    where
        F: Future<Output = Response> + 'static,
    {
        let Opener { reply, setup, .. } = self;
        reply.future(decide(Opening::new(setup, None)))
    }

    /// A closure decides, on the blocking pool.
    pub fn blocking(self, decide: impl FnOnce(Opening<C>, &Request<'_>) -> Response + Send + 'static) -> Replied {
        let Opener { reply, setup, .. } = self;
        let opening = Opening::new(setup, None);
        reply.blocking(move |request| decide(opening, request))
    }

    /// Whoever holds the [`Opening`] decides.
    pub fn defer(self) -> (Opening<C>, Replied) {
        let Opener { reply, setup, .. } = self;
        let (responder, replied) = reply.defer();
        (Opening::new(setup, Some(responder)), replied)
    }
}

impl<C> fmt::Debug for Opener<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Opener").field(&self.setup).finish()
    }
}

/// A WebSocket or an event stream that is not open yet: owned and `Send`, for whoever decides about it later.
///
/// * An `async fn` or a `blocking` function takes it as `&mut Opening<Conn>`, and returns what a plain one would.
/// * A plain function takes it by value, and somebody calls [`accept`](Opening::accept) or [`refuse`](Opening::refuse), from any thread.
///   Dropped, it refuses with 500.
///
/// What it sends and joins takes effect after the handshake. What the client sends meanwhile waits (16 KiB of it; then reading stops);
/// an opening that is undecided after ten seconds, or the route's `timeout`, is answered 503.
pub struct Opening<C = ()> {
    setup: Option<Setup>,
    /// Where whoever holds it by value decides.
    responder: Option<Responder>,
    conn: PhantomData<fn(C)>,
}

impl<C: Send + 'static> Opening<C> {
    fn new(setup: Setup, responder: Option<Responder>) -> Self {
        Opening { setup: Some(setup), responder, conn: PhantomData }
    }

    /// For generated code: the answer that a decision makes.
    #[doc(hidden)]
    pub fn decided(mut self, opened: Result<C, Response>) -> Response {
        match self.setup.take() {
            Some(setup) => answer(setup, opened),
            None => Response::new(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// Opens the connection. [`Sent::Closed`]: the client has gone, and `conn` is dropped.
    pub fn accept(self, conn: C) -> Sent {
        self.decide(Ok(conn))
    }

    /// Answers with what is no `101` and no stream, such as 401 or 403.
    pub fn refuse(self, refusal: impl IntoResponse) -> Sent {
        self.decide(Err(refusal.into_response()))
    }

    fn decide(mut self, opened: Result<C, Response>) -> Sent {
        let responder = self.responder.take();
        let answer = self.decided(opened);
        responder.map_or(Sent::Closed, |responder| responder.send(answer))
    }

    /// Whether the client has gone.
    pub fn is_closed(&self) -> bool {
        self.responder.as_ref().is_some_and(Responder::is_closed)
    }
}

impl<C> Opening<C> {
    fn port(&mut self) -> &mut Setup {
        self.setup.as_mut().expect("the setup is taken only by what consumes the opening")
    }

    /// The subprotocols that the client offers, the one that it likes best first.
    pub fn protocols(&mut self) -> Vec<String> {
        self.port().offered.clone()
    }

    /// Chooses a subprotocol. `false`: the client does not offer it.
    pub fn protocol(&mut self, name: &str) -> bool {
        self.port().choose(name)
    }

    /// Adds a field to the head of the answer. `false`: HTTP does not allow it, or it belongs to the handshake.
    pub fn header(&mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> bool {
        self.port().header(name, value)
    }

    /// The id of the event that the client of an event stream has seen last, if it comes back.
    pub fn last_event_id(&mut self) -> Option<String> {
        self.port().last_event_id.clone()
    }

    /// Sends a message as soon as the WebSocket is open.
    pub fn send(&mut self, message: impl IntoMessage) {
        message.lend(|message| self.port().message(message));
    }

    /// Sends an event as soon as the stream is open.
    pub fn send_event(&mut self, event: impl Into<Event>) {
        self.port().event(&event.into());
    }

    /// Joins a topic as soon as it is open.
    pub fn subscribe(&mut self, topic: impl AsRef<str>) {
        self.port().subscribe(topic.as_ref(), None);
    }
}

impl<C> fmt::Debug for Opening<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Opening").field(&self.setup).finish()
    }
}
