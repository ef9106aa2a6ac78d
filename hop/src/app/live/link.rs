//! What a connection and its handles share, and what handles ask for.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;

use super::message::OwnedMessage;
use crate::app::sent::Sent;
use crate::buf::slab::ConnId;
use crate::wire::event::Event;

/// Carries orders to the worker of their connection: its mailbox.
pub(crate) trait Carrier: Send + Sync {
    /// `false`: the worker has ended.
    fn carry(&self, link: Arc<Link>, order: Order) -> bool;
}

/// What the handles of one connection and its worker share.
pub(crate) struct Link {
    pub(crate) conn: ConnId,
    /// Which request of the connection it belongs to: after a refusal another one may open.
    pub(crate) request: u32,
    mailbox: Arc<dyn Carrier>,
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
    pub(crate) fn new(conn: ConnId, request: u32, mailbox: Arc<dyn Carrier>, mailed_bytes_max: usize) -> Arc<Link> {
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

    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// Sends something of so many bytes, unless too many are on their way; one is always accepted.
    pub(crate) fn send(self: &Arc<Link>, bytes: usize, order: Order) -> Sent {
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

    pub(crate) fn order(self: &Arc<Link>, order: Order) -> Sent {
        if self.is_gone() {
            return Sent::Closed;
        }
        if self.mailbox.carry(Arc::clone(self), order) { Sent::Now } else { Sent::Closed }
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

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("conn", &self.conn).field("gone", &self.gone).finish_non_exhaustive()
    }
}
