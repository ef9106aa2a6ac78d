//! Handles: what acts on a WebSocket or an event stream from any thread, whenever it likes.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::link::{Link, Order};
use super::message::IntoMessage;
use crate::app::sent::Sent;
use crate::wire::close;
use crate::wire::event::Event;

/// Acts on a WebSocket from any thread. Cheap to clone; keeps nothing open: when the connection has gone, everything says
/// [`Sent::Closed`], also when another connection has taken its place.
///
/// Makes no system call on the connection's own worker. What waits in the worker's mailbox is bounded by the route's `queue` as well:
/// beyond it [`Sent::Full`].
///
/// ```
/// use std::sync::Mutex;
/// use hop::prelude::*;
///
/// #[derive(Default)]
/// struct Waiting(Mutex<Vec<WebSocketHandle>>);
///
/// #[route("/wait")]
/// impl Waiting {
///     fn on_ws_open(&self, ws: &mut WebSocket<'_>) {
///         self.0.lock().unwrap().push(ws.handle());
///     }
/// }
///
/// impl Waiting {
///     fn done(&self) {
///         for waiting in self.0.lock().unwrap().drain(..) {
///             waiting.send("done");
///         }
///     }
/// }
/// # let app = routes![Waiting::default()];
/// ```
#[derive(Clone)]
pub struct WebSocketHandle(pub(crate) Arc<Link>);

impl WebSocketHandle {
    /// Sends a message. [`Sent::Now`] means that it is on its way to the connection's worker, where the route's `overflow` holds for it.
    pub fn send(&self, message: impl IntoMessage) -> Sent {
        let sent = message.lend(|message| self.0.send(message.len(), Order::Message(message.to_owned())));
        sent.unwrap_or(Sent::Unwritable)
    }

    /// Sends a ping of at most 125 bytes.
    pub fn ping(&self, payload: &[u8]) -> Sent {
        self.0.order(Order::Ping(Bytes::copy_from_slice(&payload[..payload.len().min(125)])))
    }

    /// Closes with 1000.
    pub fn close(&self) -> Sent {
        self.close_with(close::NORMAL, "")
    }

    /// Closes with a code and a reason: see [`WebSocket::close_with`](crate::WebSocket::close_with).
    pub fn close_with(&self, code: u16, reason: &str) -> Sent {
        self.0.order(Order::Close { code, reason: reason.to_owned() })
    }

    /// Joins a topic.
    pub fn subscribe(&self, topic: impl Into<String>) -> Sent {
        self.0.order(Order::Subscribe(topic.into()))
    }

    /// Leaves a topic.
    pub fn unsubscribe(&self, topic: impl Into<String>) -> Sent {
        self.0.order(Order::Unsubscribe(topic.into()))
    }

    /// Reads no further messages until [`resume`](WebSocketHandle::resume).
    pub fn pause(&self) -> Sent {
        self.0.order(Order::Pause(true))
    }

    /// Reads again.
    pub fn resume(&self) -> Sent {
        self.0.order(Order::Pause(false))
    }

    /// Whether the connection has gone.
    pub fn is_closed(&self) -> bool {
        self.0.is_gone()
    }
}

impl fmt::Debug for WebSocketHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WebSocketHandle").field(&self.0.conn).finish()
    }
}

/// Acts on an event stream from any thread: as [`WebSocketHandle`] does on a WebSocket.
#[derive(Clone)]
pub struct EventStreamHandle(pub(crate) Arc<Link>);

impl EventStreamHandle {
    /// Sends an event: see [`WebSocketHandle::send`].
    pub fn send(&self, event: impl Into<Event>) -> Sent {
        let order = Order::Event(event.into());
        self.0.send(order.bytes(), order)
    }

    /// Ends the stream.
    pub fn close(&self) -> Sent {
        self.0.order(Order::Close { code: close::NORMAL, reason: String::new() })
    }

    /// Joins a topic.
    pub fn subscribe(&self, topic: impl Into<String>) -> Sent {
        self.0.order(Order::Subscribe(topic.into()))
    }

    /// Leaves a topic.
    pub fn unsubscribe(&self, topic: impl Into<String>) -> Sent {
        self.0.order(Order::Unsubscribe(topic.into()))
    }

    /// Whether the connection has gone.
    pub fn is_closed(&self) -> bool {
        self.0.is_gone()
    }
}

impl fmt::Debug for EventStreamHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventStreamHandle").field(&self.0.conn).finish()
    }
}
