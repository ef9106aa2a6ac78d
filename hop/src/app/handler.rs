//! The event-handler trait: one value serves all connections of a route on all workers.

use std::sync::Arc;

use super::reply::{Replied, Reply};
use super::request::Request;

/// Which callbacks a handler has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callbacks(u16);

impl Callbacks {
    /// `on_request`.
    pub const REQUEST: Callbacks = Callbacks(1);

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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event handler",
    note = "put `#[route(\"/path\")]` on a function or on an `impl` block, or implement `hop::EventHandler`"
)]
pub trait EventHandler: Send + Sync + 'static {
    /// What the handler keeps for each open WebSocket or event stream.
    type Conn: Send + 'static;

    /// Which of the callbacks below this handler has.
    const CALLBACKS: Callbacks = Callbacks::REQUEST;

    /// A request is there; its body too, when the route wants it whole. `reply` must be used: that gives the `Replied`.
    ///
    /// A panic is caught: the client gets 500, or the end of the connection when the answer had begun.
    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied {
        let _ = request;
        reply.send(http::StatusCode::NOT_FOUND)
    }

    /// For generated code that keeps the handler beyond the callback.
    #[doc(hidden)]
    fn on_request_shared(this: &Arc<Self>, request: &Request<'_>, reply: Reply<'_>) -> Replied
    where
        Self: Sized,
    {
        this.on_request(request, reply)
    }
}

/// An [`EventHandler`] without its type: what a router holds.
pub(crate) trait AnyHandler: Send + Sync {
    /// See [`EventHandler::on_request`].
    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied;
}

/// The one implementation of [`AnyHandler`].
#[derive(Debug)]
pub(crate) struct Shared<H>(pub Arc<H>);

impl<H: EventHandler> AnyHandler for Shared<H> {
    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied {
        H::on_request_shared(&self.0, request, reply)
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
