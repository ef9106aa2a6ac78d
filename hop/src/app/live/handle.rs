//! Handles: what acts on a WebSocket or an event stream from any thread, whenever it likes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;

use super::message::{IntoMessage, OwnedMessage};
use crate::app::mail::{LiveOrder, Mail, WorkerMail};
use crate::app::responder::Sent;
use crate::buf::slab::ConnId;
use crate::wire::close;
use crate::wire::event::Event;

/// What the handles of one connection and its worker share.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) conn: ConnId,
    /// Which request of the connection it belongs to: after a refusal another one may open.
    pub(crate) request: u32,
    mailbox: Arc<WorkerMail>,
    gone: AtomicBool,
    /// Bytes that handles have sent and the worker has not yet taken.
    mailed_bytes: AtomicUsize,
    /// As many may be on their way at once.
    mailed_bytes_max: usize,
}

/// What a handle may ask of a connection.
#[derive(Debug)]
pub(crate) enum Order {
    Message(OwnedMessage),
    Event(Event),
    Ping(Bytes),
    Close { code: u16, reason: String },
    Subscribe(String),
    Unsubscribe(String),
    Pause(bool),
}

impl Link {
    pub(crate) fn new(conn: ConnId, request: u32, mailbox: Arc<WorkerMail>, mailed_bytes_max: usize) -> Arc<Link> {
        let (gone, mailed_bytes) = (AtomicBool::new(false), AtomicUsize::new(0));
        Arc::new(Link { conn, request, mailbox, gone, mailed_bytes, mailed_bytes_max })
    }

    /// The connection has ended: whatever its handles send from now on is refused.
    pub(crate) fn cut(&self) {
        self.gone.store(true, Ordering::Release);
    }

    /// The worker has taken what a handle has sent.
    pub(crate) fn taken(&self, bytes: usize) {
        self.mailed_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// Sends something of so many bytes, unless too many are on their way; one is always accepted.
    fn send(self: &Arc<Link>, bytes: usize, order: Order) -> Sent {
        if self.is_gone() {
            return Sent::Closed;
        }
        let before = self.mailed_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before > 0 && before + bytes > self.mailed_bytes_max {
            self.taken(bytes);
            return Sent::Full;
        }
        self.order(order)
    }

    fn order(self: &Arc<Link>, order: Order) -> Sent {
        if self.is_gone() {
            return Sent::Closed;
        }
        let mail = Mail::Order(LiveOrder { link: Arc::clone(self), order: Box::new(order) });
        if self.mailbox.post(mail).is_ok() { Sent::Now } else { Sent::Closed }
    }
}

/// The link of a connection that is not open yet. Dropped, it will never open, and its handles are told.
#[derive(Debug)]
pub(crate) struct Unopened(Option<Arc<Link>>);

impl Unopened {
    pub(crate) fn new(link: Arc<Link>) -> Unopened {
        Unopened(Some(link))
    }

    pub(crate) fn link(&self) -> Option<&Arc<Link>> {
        self.0.as_ref()
    }

    /// The connection is open. `None`: nobody has a handle.
    pub(crate) fn opened(mut self) -> Option<Arc<Link>> {
        self.0.take().filter(|link| Arc::strong_count(link) > 1)
    }
}

impl Drop for Unopened {
    fn drop(&mut self) {
        if let Some(link) = &self.0 {
            link.cut();
        }
    }
}

impl Order {
    /// Bytes of a payload that count while they are on their way.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Order::Message(message) => message.borrow().len(),
            Order::Event(event) => event.text().len(),
            _ => 0,
        }
    }
}

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
