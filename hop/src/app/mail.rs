//! Everything that another thread may say to a worker.

use std::sync::Arc;
use std::task::{Wake, Waker};

use super::live::link::{Carrier, Link, Order};
use super::live::topic::Publication;
use super::response::Response;
use crate::buf::slab::ConnId;
use crate::local::exec::{TaskKey, WakeTask};
use crate::local::mail::Mailbox;

/// A message to a worker.
#[derive(Debug)]
pub enum Mail {
    /// The answer to request number `request` of a connection.
    Answer {
        /// The connection.
        conn: ConnId,
        /// Which of its requests: an answer to an older one is dropped.
        request: u32,
        /// The answer; boxed, because most mail is small.
        response: Box<Response>,
    },
    /// A future can go on.
    Wake(TaskKey),
    /// A source of an answer's body has more, or the consumer of a request's body has room: look at the connection again.
    Look(ConnId),
    /// What a handle asks of a WebSocket or an event stream.
    Order(LiveOrder),
    /// Something for the subscribers of a topic.
    Publication(Arc<Publication>),
    /// Stop gracefully.
    Stop,
    /// Cut what is left.
    Cut,
}

/// What a handle asks of its connection.
#[derive(Debug)]
pub struct LiveOrder {
    pub(crate) link: Arc<Link>,
    /// Boxed, because most mail is small.
    pub(crate) order: Box<Order>,
}

/// The mailbox of one worker.
pub type WorkerMail = Mailbox<Mail>;

impl WakeTask for WorkerMail {
    fn wake_task(&self, key: TaskKey) {
        // A worker that has ended polls nothing.
        let _ = self.post(Mail::Wake(key));
    }
}

impl Carrier for WorkerMail {
    fn carry(&self, link: Arc<Link>, order: Order) -> bool {
        self.post(Mail::Order(LiveOrder { link, order: Box::new(order) })).is_ok()
    }
}

/// Wakes a connection: the waker of a body's source or consumer.
#[derive(Debug)]
pub(crate) struct Look {
    /// The connection to look at.
    pub conn: ConnId,
    /// Its worker's mailbox.
    pub mailbox: Arc<WorkerMail>,
}

impl Look {
    pub(crate) fn waker(conn: ConnId, mailbox: &Arc<WorkerMail>) -> Waker {
        Waker::from(Arc::new(Look { conn, mailbox: Arc::clone(mailbox) }))
    }
}

impl Wake for Look {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // A worker that has ended looks at nothing.
        let _ = self.mailbox.post(Mail::Look(self.conn));
    }
}
