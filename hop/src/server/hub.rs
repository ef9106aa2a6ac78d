//! All workers of a server, as other threads see them: mailboxes, counters and the order to stop.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::address::LocalAddr;
use super::poller::Waker;
use super::shutdown::{Phase, Stop};
use crate::app::live::topic::{IntoPublication, Publication};
use crate::app::mail::WorkerMail;
use crate::app::router::App;
use crate::local::mail::{Mailbox, Wake};

/// What the threads of one server share.
pub(crate) struct Hub {
    pub(crate) app: Arc<App>,
    pub(crate) local_addr: LocalAddr,
    pub(crate) remotes: Vec<Arc<Remote>>,
    pub(crate) stop: Stop,
    /// Workers that have not ended.
    pub(crate) busy: AtomicUsize,
}

/// One worker, from outside.
pub(crate) struct Remote {
    /// What the engine is told.
    pub(crate) mail: Arc<WorkerMail>,
    /// Connections that another worker has accepted for this one.
    pub(crate) connections: Mailbox<OwnedFd>,
    pub(crate) counters: Counters,
    waker: Arc<Waker>,
}

impl Remote {
    pub(crate) fn new(waker: Arc<Waker>) -> Remote {
        Remote {
            mail: Arc::new(Mailbox::new(waker.clone())),
            connections: Mailbox::new(waker.clone()),
            counters: Counters::default(),
            waker,
        }
    }
}

impl Hub {
    /// Orders all workers to be in `phase`, at least.
    pub(crate) fn stop(&self, phase: Phase) {
        self.stop.order(phase);
        self.wake_all();
    }

    /// A signal: the first one stops, the second one cuts.
    pub(crate) fn signal(&self) {
        self.stop.escalate();
        self.wake_all();
    }

    fn wake_all(&self) {
        for remote in &self.remotes {
            remote.waker.wake();
        }
    }
}

/// A counter that one thread counts and all may read.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Called by the one thread that counts: no locked instruction is needed.
    pub(crate) fn add(&self, n: u64) {
        self.0.store(self.0.load(Ordering::Relaxed) + n, Ordering::Relaxed);
    }

    fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a worker has done about connections.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: Counter,
    pub(crate) refused: Counter,
    pub(crate) exhausted: Counter,
    pub(crate) wakeups: Counter,
}

/// Numbers of a running server, all since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Connections that are open now.
    pub connections: usize,
    /// Connections that were accepted.
    pub accepted: u64,
    /// Of these, connections that were refused with 503 because there were too many.
    pub refused: u64,
    /// How often the system had no descriptor or memory for a connection. Raise `ulimit -n` when this grows.
    pub exhausted: u64,
    /// WebSockets that are open now.
    pub web_sockets: usize,
    /// Event streams that are open now.
    pub event_streams: usize,
    /// Messages that WebSockets have brought.
    pub messages_received: u64,
    /// Messages and events that were sent on WebSockets and event streams.
    pub messages_sent: u64,
    /// How often a worker woke because something was ready or due. Idle connections do not make it grow.
    pub wakeups: u64,
}

/// Speaks to a server from any thread. Cheap to clone; outlives the server without harm.
///
/// ```no_run
/// # fn main() -> hop::Result {
/// let server = hop::Server::builder().bind("127.0.0.1:0")?;
/// let handle = server.handle();
/// std::thread::spawn(move || handle.shutdown());
/// let report = server.run()?;
/// println!("{report}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Handle(pub(crate) Arc<Hub>);

impl Handle {
    /// Stops gracefully: nothing more is accepted, idle connections close at once, what is in flight is finished until
    /// [`Timeouts::shutdown`](crate::Timeouts::shutdown) has passed. Returns at once; `run` returns when it is done. Before `run` it
    /// makes `run` return soon.
    pub fn shutdown(&self) {
        self.0.stop(Phase::Graceful);
    }

    /// Cuts everything now.
    pub fn cut(&self) {
        self.0.stop(Phase::Cut);
    }

    /// Sends to all subscribers of a topic, on all workers: see [`WebSocket::publish`](crate::WebSocket::publish). Never blocks. Inside
    /// the app [`Topics`](crate::Topics) do the same.
    ///
    /// ```no_run
    /// # fn main() -> hop::Result {
    /// let server = hop::Server::builder().bind("127.0.0.1:0")?;
    /// let handle = server.handle();
    /// std::thread::spawn(move || handle.publish("news", "it is noon"));
    /// server.run()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn publish(&self, topic: impl AsRef<str>, message: impl IntoPublication) {
        self.0.app.hub.publish(Publication::new(topic.as_ref(), message));
    }

    /// Where the server listens.
    pub fn local_addr(&self) -> &LocalAddr {
        &self.0.local_addr
    }

    /// The server's numbers. Each is exact; together they are of slightly different moments.
    pub fn stats(&self) -> Stats {
        let mut stats = Stats { connections: self.0.app.connections.load(Ordering::Relaxed), ..Stats::default() };
        for counters in self.0.remotes.iter().map(|remote| &remote.counters) {
            stats.accepted += counters.accepted.value();
            stats.refused += counters.refused.value();
            stats.exhausted += counters.exhausted.value();
            stats.wakeups += counters.wakeups.value();
        }
        let live = &self.0.app.live_counts;
        (stats.messages_received, stats.messages_sent) = live.messages();
        (stats.web_sockets, stats.event_streams) = live.open();
        stats
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("local_addr", self.local_addr()).finish_non_exhaustive()
    }
}
