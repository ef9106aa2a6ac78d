//! The event-handler trait: one value serves all connections of a route on all workers.

use std::sync::Arc;

use super::live::closing::CloseReason;
use super::live::message::{Message, MessageError};
use super::live::opening::Opener;
use super::live::socket::WebSocket;
use super::live::stream::EventStream;
use super::reply::{Replied, Reply};
use super::request::Request;
use super::response::Response;

/// Which callbacks a handler has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callbacks(u16);

impl Callbacks {
    /// `on_request`.
    pub const REQUEST: Callbacks = Callbacks(1);
    /// The route opens WebSockets.
    pub const WEB_SOCKET: Callbacks = Callbacks(1 << 1);
    /// The route opens event streams.
    pub const EVENT_STREAM: Callbacks = Callbacks(1 << 2);

    /// Both of them.
    pub const fn and(self, other: Callbacks) -> Callbacks {
        Callbacks(self.0 | other.0)
    }

    /// Whether all of `other` are among these.
    pub const fn has(self, other: Callbacks) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Callbacks for what happens on a route's connections. `#[route]` writes this for functions and `impl` blocks; it can also be written by hand.
///
/// Callbacks run on a worker thread, on which other connections wait: they must not block.
///
/// Each connection that was opened is told of its end exactly once, whatever ends it. A callback of an open connection that panics ends
/// that connection (1011); what it had sent in this turn is taken back.
///
/// ```
/// use hop::{EventHandler, Replied, Reply, Request};
///
/// struct Hello;
///
/// impl EventHandler for Hello {
///     type Conn = ();
///
///     fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied {
///         reply.send(format!("you asked for {}", request.path()))
///     }
/// }
/// ```
///
/// A WebSocket by hand:
///
/// ```
/// use hop::{Callbacks, EventHandler, Message, Request, Response, WebSocket};
///
/// struct Count;
///
/// impl EventHandler for Count {
///     type Conn = usize;
///     const CALLBACKS: Callbacks = Callbacks::WEB_SOCKET;
///
///     fn on_ws_open(&self, _: &mut WebSocket<'_>, _: &Request<'_>) -> Result<usize, Response> {
///         Ok(0)
///     }
///
///     fn on_ws_message(&self, ws: &mut WebSocket<'_>, count: &mut usize, message: Message<'_>) {
///         *count += message.len();
///         ws.send(format!("{count} bytes so far"));
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event handler",
    note = "put `#[route(\"/path\")]` on a function or on an `impl` block, or implement `hop::EventHandler`"
)]
pub trait EventHandler: Send + Sync + 'static {
    /// What the handler keeps for each open WebSocket or event stream.
    type Conn: Send + 'static;

    /// Which kinds of callbacks this handler has: the others are never called.
    const CALLBACKS: Callbacks = Callbacks::REQUEST;

    /// A request is there; its body too, when the route wants it whole. `reply` must be used: that gives the `Replied`.
    ///
    /// A panic is caught: the client gets 500, or the end of the connection when the answer had begun.
    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied {
        let _ = request;
        reply.send(http::StatusCode::NOT_FOUND)
    }

    /// A client asks for a WebSocket. `Err` is the answer instead of one, such as 401. Without this callback: 501.
    fn on_ws_open(&self, ws: &mut WebSocket<'_>, request: &Request<'_>) -> Result<Self::Conn, Response> {
        let _ = (ws, request);
        Err(Response::new(http::StatusCode::NOT_IMPLEMENTED))
    }

    /// A message is there, whole.
    fn on_ws_message(&self, ws: &mut WebSocket<'_>, conn: &mut Self::Conn, message: Message<'_>) {
        let _ = (ws, conn, message);
    }

    /// A pong is there.
    fn on_ws_pong(&self, ws: &mut WebSocket<'_>, conn: &mut Self::Conn, payload: &[u8]) {
        let _ = (ws, conn, payload);
    }

    /// The route's `every` has passed again. A late tick is not made up for.
    fn on_ws_tick(&self, ws: &mut WebSocket<'_>, conn: &mut Self::Conn) {
        let _ = (ws, conn);
    }

    /// All that had to wait has left: there is room again.
    fn on_ws_drain(&self, ws: &mut WebSocket<'_>, conn: &mut Self::Conn) {
        let _ = (ws, conn);
    }

    /// A message is not what the callback takes; the connection is closed with the error's code after this.
    fn on_ws_error(&self, ws: &mut WebSocket<'_>, conn: &mut Self::Conn, error: &MessageError) {
        let _ = (ws, conn, error);
    }

    /// The WebSocket has ended.
    fn on_ws_close(&self, conn: Self::Conn, why: CloseReason) {
        let _ = (conn, why);
    }

    /// A client asks for an event stream. `Err` is the answer instead of one. Without this callback: 501.
    fn on_sse_open(&self, stream: &mut EventStream<'_>, request: &Request<'_>) -> Result<Self::Conn, Response> {
        let _ = (stream, request);
        Err(Response::new(http::StatusCode::NOT_IMPLEMENTED))
    }

    /// The stream was opened, or the route's `every` has passed again. Ticks are skipped while output waits; a late one is not made up for.
    fn on_sse_tick(&self, stream: &mut EventStream<'_>, conn: &mut Self::Conn) {
        let _ = (stream, conn);
    }

    /// All that had to wait has left: there is room again.
    fn on_sse_drain(&self, stream: &mut EventStream<'_>, conn: &mut Self::Conn) {
        let _ = (stream, conn);
    }

    /// The event stream has ended.
    fn on_sse_close(&self, conn: Self::Conn, why: CloseReason) {
        let _ = (conn, why);
    }

    /// For generated code that keeps the handler beyond the callback.
    #[doc(hidden)]
    fn on_request_shared(this: &Arc<Self>, request: &Request<'_>, reply: Reply<'_>) -> Replied
    where
        Self: Sized,
    {
        this.on_request(request, reply)
    }

    /// For generated code that decides later.
    #[doc(hidden)]
    fn on_ws_opening(this: &Arc<Self>, request: &Request<'_>, opener: Opener<'_, Self::Conn>) -> Replied
    where
        Self: Sized,
    {
        opener.socket(|ws| this.on_ws_open(ws, request))
    }

    /// For generated code that decides later.
    #[doc(hidden)]
    fn on_sse_opening(this: &Arc<Self>, request: &Request<'_>, opener: Opener<'_, Self::Conn>) -> Replied
    where
        Self: Sized,
    {
        opener.stream(|stream| this.on_sse_open(stream, request))
    }
}

/// A handler from a closure: for what needs no `#[route]`. Its request comes with the body whole.
///
/// ```
/// use hop::{Method, Routes, handler};
///
/// let routes = Routes::new()
///     .route("/ping", Method::GET, handler(|_, reply| reply.send("pong")))
///     .fallback(handler(|request, reply| reply.send((hop::StatusCode::NOT_FOUND, format!("no {}", request.path())))));
/// ```
pub fn handler<F>(f: F) -> FnHandler<F>
where
    F: Fn(&Request<'_>, Reply<'_>) -> Replied + Send + Sync + 'static,
{
    FnHandler(f)
}

/// What [`handler`] makes.
#[derive(Clone, Copy, Debug)]
pub struct FnHandler<F>(F);

impl<F> EventHandler for FnHandler<F>
where
    F: Fn(&Request<'_>, Reply<'_>) -> Replied + Send + Sync + 'static,
{
    type Conn = ();

    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied {
        self.0(request, reply)
    }
}
