//! A whole worker without sockets, clock or threads.
//!
//! The driver moves bytes: it reads a socket into [`Engine::input`] and says [`Engine::received`], [`Engine::ended`] or
//! [`Engine::failed`]; it then flushes that connection: sends what [`Engine::output`] gives, says [`Engine::wrote`], and does what
//! [`Engine::verdict`] says. [`Engine::run`] gives the next connection that has work waiting (mail, a timer, a woken future);
//! it is flushed the same way. [`Engine::wake_at`] says how long the driver may sleep.
//!
//! The cork is shared by all connections, so a connection is flushed before the next one is touched.

mod answer;
mod body;
mod counts;
mod deadline;
mod drive;
mod flight;
mod flush;
mod live;
mod mail;
#[cfg(test)]
mod tests;
mod timeouts;
mod turn;

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::app::body::BodyError;
#[cfg(feature = "tower")]
use crate::app::guests::Guest;
use crate::app::live::closing::CloseReason;
use crate::app::mail::{Mail, WorkerMail};
use crate::app::peer::Peer;
use crate::app::router::App;
use crate::buf::slab::{ConnId, Slab};
use crate::conn::{Conn, Session};
use crate::local::exec::{Exec, WakeTask};
use crate::local::topics::Topics;
use crate::proto::ws::{Packer, Unpacker};
use crate::time::{Now, Ticks, Wheel};
use crate::wire::encode::Date;
use crate::wire::head::HeadLimits;

use self::counts::Counts;
use self::flight::Flight;
pub use self::flight::Job;
use self::live::kept::{Live, Published};
use self::timeouts::TimeoutTicks;
use crate::app::response::Response;

/// Bytes that one read takes at most: what a connection may take of a worker before the others have their turn.
pub const INPUT_BYTES: usize = 64 * 1024;

/// What only the driver knows: the time, and who is at the other end.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    /// What time it is.
    pub now: Now,
    /// Asked only when a handler asks.
    pub peers: &'a dyn Peers,
}

/// Looks up what the driver knows of clients.
pub trait Peers {
    /// The client of this connection.
    fn peer(&self, id: ConnId) -> Peer;

    /// A duplicate of this connection's socket, for a hijacker. `None`: there is no socket, or the system gives no descriptor.
    fn duplicate(&self, id: ConnId) -> Option<OwnedFd> {
        let _ = id;
        None
    }
}

/// Knows nobody: for what needs no address.
struct Unknown;

impl Peers for Unknown {
    fn peer(&self, _: ConnId) -> Peer {
        Peer::Unknown
    }
}

/// What became of a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// It is served under this id.
    Open(ConnId),
    /// There are too many: write this as far as the socket takes it at once, and close.
    Refused(&'static [u8]),
}

/// What the driver should do with a connection after it was flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Wait until it can be read or written.
    Watch {
        /// Tell when there is input.
        read: bool,
        /// Tell when there is room for output.
        write: bool,
    },
    /// Say that no more will be sent, then ask again.
    ShutdownWrite,
    /// Close the socket and say [`Engine::closed`].
    Close,
}

impl Verdict {
    /// That of a connection at rest.
    pub const REST: Verdict = Verdict::Watch { read: true, write: false };
}

/// What the driver should ask for after bytes have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// [`Engine::output`]: there is more.
    Output,
    /// [`Engine::verdict`].
    Verdict,
    /// Nothing: the verdict would be [`Verdict::REST`].
    Rest,
}

/// What the driver should do besides moving bytes.
#[derive(Debug)]
#[non_exhaustive]
pub enum Effect {
    /// Run this on the blocking pool: [`Job::run`], or [`Job::refuse`] when the pool is full.
    Run(Job),
}

/// One connection, with what the application keeps for it.
pub(crate) type Connection = Conn<Flight, Live>;

/// See the module.
pub struct Engine {
    app: Arc<App>,
    conns: Slab<Connection>,
    input: Vec<u8>,
    /// Mail that was taken and not yet acted upon, the next one last.
    mail: Vec<Mail>,
    /// `None`: what it serves counts as no connection.
    connections_max: Option<usize>,
    /// The connection that the last turn has left at rest, packed: nothing needs to be looked up to send what it wrote.
    resting: u64,
    common: Common,
}

/// Packs no connection's id: no slab has so many slots.
const NOBODY: u64 = u64::MAX;

/// What all connections of a worker share.
pub(crate) struct Common {
    head_limits: HeadLimits,
    timeouts: TimeoutTicks,
    wheel: Wheel,
    cork: Vec<u8>,
    date: Date,
    exec: Exec<Response>,
    mailbox: Arc<WorkerMail>,
    /// Connections to look at.
    listed: VecDeque<ConnId>,
    effects: VecDeque<Effect>,
    topics: Topics<Published>,
    /// Away while a frame is read.
    unpacker: Option<Box<Unpacker>>,
    packer: Box<Packer>,
    counts: Counts,
    stopping: bool,
    /// Its connections are links in memory, whose other ends take what they take: somebody else watches the time of their clients.
    is_beside: bool,
}

/// One connection, with all that its turn may touch.
pub(crate) struct Focus<'e> {
    id: ConnId,
    conn: &'e mut Connection,
    common: &'e mut Common,
    app: &'e Arc<App>,
    outside: &'e Outside<'e>,
}

impl Engine {
    /// A worker of `app`, with a number below 1,024 that no other one has. Its futures, and answers from other threads, come through
    /// `mailbox`, whose waker ends the driver's sleep.
    pub fn new(app: Arc<App>, worker: u16, mailbox: Arc<WorkerMail>, now: Now) -> Engine {
        let common = Common {
            head_limits: HeadLimits {
                head_bytes_max: app.limits.head_bytes,
                line_bytes_max: app.limits.line_bytes,
                headers_max: app.limits.headers,
            },
            timeouts: TimeoutTicks::from(&app.timeouts),
            wheel: Wheel::new(now.ticks),
            cork: Vec::new(),
            date: Date::new(now.unix_seconds),
            exec: Exec::new(Arc::clone(&mailbox) as Arc<dyn WakeTask>),
            mailbox,
            listed: VecDeque::new(),
            effects: VecDeque::new(),
            topics: Topics::default(),
            unpacker: Some(Box::default()),
            packer: Box::default(),
            counts: Counts::default(),
            stopping: false,
            is_beside: false,
        };
        app.hub.attach(worker, &common.mailbox);
        Engine {
            conns: Slab::new(worker),
            input: vec![0; INPUT_BYTES],
            mail: Vec::new(),
            connections_max: Some(app.limits.connections.unwrap_or(usize::MAX)),
            resting: NOBODY,
            common,
            app,
        }
    }

    /// An engine beside those of workers. What it serves counts as no connection, and is served until its driver ends.
    #[cfg(feature = "tower")]
    pub(crate) fn beside(app: Arc<App>, guest: &Guest, now: Now) -> Engine {
        let mailbox = Arc::clone(&guest.mailbox);
        let mut engine = Engine { connections_max: None, ..Engine::new(app, guest.number, mailbox, now) };
        engine.common.is_beside = true;
        engine
    }

    /// One connection with all that its turn may touch, and the bytes that were read last.
    #[inline]
    fn focus<'e>(&'e mut self, id: ConnId, outside: &'e Outside<'e>) -> Option<(Focus<'e>, &'e mut [u8])> {
        let Engine { app, conns, common, input, resting, .. } = self;
        *resting = NOBODY;
        Some((Focus { id, conn: conns.get_mut(id)?, common, app, outside }, input))
    }

    /// Focuses on one connection for what needs neither the time nor an address.
    fn alone(&mut self, id: ConnId, f: impl FnOnce(Focus<'_>)) {
        let outside = Outside { now: Now::default(), peers: &Unknown };
        if let Some((focus, _)) = self.focus(id, &outside) {
            f(focus);
        }
    }

    /// A client has connected.
    pub fn accept(&mut self, outside: &Outside<'_>) -> Accept {
        self.open(None, outside)
    }

    /// A client has connected, and its bytes go through a session.
    pub fn accept_with(&mut self, session: Box<dyn Session>, outside: &Outside<'_>) -> Accept {
        self.open(Some(session), outside)
    }

    fn open(&mut self, session: Option<Box<dyn Session>>, outside: &Outside<'_>) -> Accept {
        if !self.admits() {
            return Accept::Refused(REFUSAL);
        }
        let id = self.conns.insert(Conn::new(session));
        if let Some((mut focus, _)) = self.focus(id, outside) {
            focus.rearm();
        }
        Accept::Open(id)
    }

    /// Counts one more connection, if there may be one more.
    fn admits(&self) -> bool {
        let (Some(connections_max), open) = (self.connections_max, &self.app.connections) else { return true };
        let admits = open.fetch_add(1, Ordering::Relaxed) < connections_max && !self.common.stopping;
        if !admits {
            open.fetch_sub(1, Ordering::Relaxed);
        }
        admits
    }

    /// Read the socket into this.
    pub fn input(&mut self, id: ConnId) -> &mut [u8] {
        debug_assert!(self.conns.get(id).is_some(), "the driver reads only connections that it has not closed");
        &mut self.input
    }

    /// The driver has closed the socket: the connection's slot is free.
    pub fn closed(&mut self, id: ConnId) {
        self.alone(id, |mut focus| {
            focus.abandon(BodyError::Closed);
            focus.lose_live(CloseReason::Left);
        });
        if self.conns.remove(id).is_some() {
            self.common.wheel.clear(id.slot);
            if self.connections_max.is_some() {
                self.app.connections.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// When [`Engine::run`] must be called although nothing has happened.
    pub fn wake_at(&self) -> Option<Ticks> {
        self.common.wheel.next_wake()
    }

    /// The next thing that the driver should do besides moving bytes.
    pub fn effect(&mut self) -> Option<Effect> {
        self.common.effects.pop_front()
    }

    /// How many connections are open on this worker.
    pub fn connections(&self) -> usize {
        self.conns.len()
    }

    /// Where mail for this worker goes.
    pub fn mailbox(&self) -> &Arc<WorkerMail> {
        &self.common.mailbox
    }
}

/// The answer to a client that is one too many.
const REFUSAL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n";
