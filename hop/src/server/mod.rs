//! Threads, sockets and clocks: the shell around the engine. This layer knows no protocol.
//!
//! `Server::run` makes one [`worker`](worker) of the calling thread and starts threads for the others. Each has its own poller,
//! sockets and engine; they share the app, the [`hub`](hub) and the [`blocking`](blocking) pool, all values of that one server.

pub(crate) mod accept;
pub(crate) mod address;
pub(crate) mod blocking;
pub(crate) mod builder;
pub(crate) mod clock;
#[cfg(feature = "tower")]
pub(crate) mod embed;
pub(crate) mod error;
pub(crate) mod exchange;
pub(crate) mod hub;
pub(crate) mod io;
pub(crate) mod listener;
pub(crate) mod paused;
pub(crate) mod poller;
pub(crate) mod runtime;
pub(crate) mod shutdown;
pub(crate) mod sockets;
pub(crate) mod worker;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit};

use self::address::{Address, LocalAddr};
use self::blocking::{Pool, PoolLimits, Work};
use self::error::Error;
use self::hub::{Handle, Hub, Remote};
use self::listener::Spread;
use self::poller::{Poller, Wait};
use self::shutdown::{Phase, Report, Signals, Stop};
use self::worker::{Seat, Worker};
use crate::app::guests::WORKERS_MAX;
use crate::app::router::App;
use crate::engine::Job;

/// How long a blocking handler is waited for at most, whatever the timeout says: a time beyond it cannot be told from never, and not all
/// clocks count so far.
const PATIENCE_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// What is decided about a server besides its app and its address.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) workers: usize,
    pub(crate) pool: PoolLimits,
    /// In whose context callbacks run.
    pub(crate) runtime: runtime::Choice,
    /// Whether SIGINT and SIGTERM stop the server.
    pub(crate) signals: bool,
    /// How to wait; other than [`Wait::Native`] for tests.
    pub(crate) wait: Wait,
    /// How connections reach the workers; other than [`Spread::BEST`] for tests.
    pub(crate) spread: Spread,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            workers: thread::available_parallelism().map_or(1, usize::from),
            pool: PoolLimits::DEFAULT,
            runtime: runtime::Choice::NONE,
            signals: true,
            wait: Wait::Native,
            spread: Spread::BEST,
        }
    }
}

impl Options {
    /// As on systems that are not Linux.
    fn portable(&mut self, portable: bool) {
        (self.wait, self.spread) =
            if portable { (Wait::Portable, Spread::HandOver) } else { (Wait::Native, Spread::BEST) };
    }
}

/// A server that listens. Clients can connect; they are served by [`Server::run`].
///
/// Several servers in one process do not know of each other.
pub struct Server {
    hub: Arc<Hub>,
    seats: Vec<Seat>,
    options: Options,
}

impl Server {
    pub(crate) fn bind(mut app: App, address: Address, options: Options) -> Result<Server, Error> {
        let workers = options.workers.clamp(1, usize::from(WORKERS_MAX));
        app.limits.connections.get_or_insert_with(default_connections);
        let (local_addr, listeners) = listener::bind(address, workers, options.spread)?;
        let hands_over = listeners.len() < workers;
        let mut listeners = listeners.into_iter();
        let mut seats = Vec::with_capacity(workers);
        for index in 0..workers {
            let poller = Poller::new(options.wait).map_err(|error| Error::start("poller", error))?;
            seats.push(Seat { index, poller, listener: listeners.next(), hands_over, signals: None });
        }
        let remotes = seats.iter().map(|seat| Arc::new(Remote::new(seat.poller.waker()))).collect();
        let busy = AtomicUsize::new(workers);
        let hub = Arc::new(Hub { app: Arc::new(app), local_addr, remotes, stop: Stop::default(), busy });
        Ok(Server { hub, seats, options })
    }

    /// Where it listens: the real port, if port 0 was asked for.
    pub fn local_addr(&self) -> &LocalAddr {
        &self.hub.local_addr
    }

    /// Speaks to the server from any thread.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.hub))
    }

    /// Serves until [`Handle::shutdown`], SIGINT or SIGTERM; the calling thread is one of the workers.
    ///
    /// Then nothing more is accepted, idle connections close at once, answers in flight are finished and say
    /// `Connection: close`; at the deadline ([`Timeouts::shutdown`](crate::Timeouts::shutdown)), or at a second signal, the rest is
    /// cut. When it returns, its threads have ended and its descriptors are closed; only a blocking handler that does not come
    /// back may keep its thread, and is counted in the report.
    ///
    /// # Errors
    ///
    /// [`Error::Start`] when the system gives no thread, and when it no longer reports readiness.
    ///
    /// # Panics
    ///
    /// Passes on a panic of a worker, which is a bug of hop: panics of handlers are caught.
    pub fn run(self) -> Result<Report, Error> {
        let Server { hub, mut seats, options } = self;
        log::info!("listening on {} with {} workers", hub.local_addr, seats.len());
        log::debug!("{:?} {:?}", hub.app.limits, hub.app.timeouts);
        if options.signals {
            seats[0].signals = Some(Signals::listen().map_err(|error| Error::start("signal handler", error))?);
        }
        let runtime = options.runtime.start()?;
        let pool = Arc::new(Pool::new(options.pool, runtime.context()));
        hub.app.guests.lend(Arc::downgrade(&pool) as _);
        let served = run_workers(&hub, &pool, seats, &runtime.context());
        hub.app.guests.wait();
        let in_good_order = served.as_ref().is_ok_and(|report| report.cut == 0) && hub.stop.phase() < Phase::Cut;
        let patience = if in_good_order { hub.app.timeouts.shutdown.min(PATIENCE_MAX) } else { Duration::ZERO };
        let still_blocking = pool.close(Instant::now() + patience);
        runtime.stop(patience);
        let report = Report { still_blocking, ..served? };
        log::info!("stopped: {report}");
        Ok(report)
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("local_addr", self.local_addr()).finish_non_exhaustive()
    }
}

fn run_workers(
    hub: &Arc<Hub>,
    pool: &Arc<Pool<Job>>,
    seats: Vec<Seat>,
    runtime: &runtime::Context,
) -> Result<Report, Error> {
    let work = |seat| {
        let _entered = runtime.enter();
        work(seat, hub, pool)
    };
    thread::scope(|scope| {
        let mut seats = seats.into_iter();
        let own = seats.next().expect("a server has at least one worker");
        let mut others = Vec::new();
        for seat in seats {
            let thread = thread::Builder::new().name(format!("hop-{}", seat.index));
            match thread.spawn_scoped(scope, move || work(seat)) {
                Ok(thread) => others.push(thread),
                Err(error) => {
                    hub.stop(Phase::Cut);
                    join(others)?;
                    return Err(Error::start("thread", error));
                }
            }
        }
        let own = work(own);
        let mut report = join(others)?;
        report.add(own?);
        Ok(report)
    })
}

fn work(seat: Seat, hub: &Arc<Hub>, pool: &Arc<Pool<Job>>) -> Result<Report, Error> {
    let mut leaving = Leaving { hub, phase: Phase::Cut };
    let report = Worker::new(seat, Arc::clone(hub), Arc::clone(pool)).and_then(Worker::run);
    if report.is_ok() {
        leaving.phase = Phase::Graceful;
    }
    report.map_err(|error| Error::start("readiness", error))
}

fn join(workers: Vec<ScopedJoinHandle<'_, Result<Report, Error>>>) -> Result<Report, Error> {
    let mut total = Ok(Report::default());
    for worker in workers {
        // The others have been told to end by `Leaving`, or are about to be: scopes wait for them when this unwinds.
        let report = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        total = total.and_then(|mut total: Report| {
            total.add(report?);
            Ok(total)
        });
    }
    total
}

/// Tells the other workers that one has left. One that left by an error or a panic takes the server with it: its share of the port
/// would otherwise go unanswered.
struct Leaving<'a> {
    hub: &'a Hub,
    phase: Phase,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.hub.busy.fetch_sub(1, Ordering::Relaxed);
        self.hub.stop(self.phase);
    }
}

impl Work for Job {
    fn run(self) {
        Job::run(self);
    }

    fn refuse(self) {
        Job::refuse(self);
    }
}

/// 90 % of the descriptors that this process may have: the rest is for files, listeners and the user's own.
fn default_connections() -> usize {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(descriptors / 10 * 9).unwrap_or(usize::MAX)
}
