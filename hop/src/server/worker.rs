//! One worker: moves bytes between sockets and an [`Engine`], and knows no HTTP.
//!
//! A turn waits; then each ready connection is read once and flushed; then new connections, mail, timers and woken futures
//! have their turn. A connection is flushed before the next one is touched. Slots are given away again only after all events of a
//! wait were handled, so that no event meets a stranger.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::net::Shutdown;

use super::accept::{Acceptor, LISTENER_KEY};
use super::blocking::Pool;
use super::clock::{Clock, earlier};
use super::exchange::{receive, send};
use super::hub::{Hub, Remote};
use super::io::{self as socket_io, Read};
use super::listener::Listener;
use super::paused::Paused;
use super::poller::{Events, Interest, Key, Poller, Ready};
use super::shutdown::{Phase, Report, Signals};
use super::sockets::{Removed, Sockets};
use crate::buf::out::Output;
use crate::buf::slab::ConnId;
use crate::engine::{Accept, Effect, Engine, Job, Outside, Verdict};
use crate::time::Ticks;

/// The key of the signals in worker 0's poller.
pub(crate) const SIGNALS_KEY: Key = Key::MAX - 2;

/// Pieces of work that one turn does before it looks at the sockets again.
const RUNS_MAX: usize = 4096;

/// Turns without sleep before the order to stop is acted upon, so that requests which have already arrived are not lost.
const LAST_TURNS_MAX: usize = 16;

/// What a worker's thread is given.
pub(crate) struct Seat {
    pub(crate) index: usize,
    pub(crate) poller: Poller,
    pub(crate) listener: Option<Listener>,
    pub(crate) hands_over: bool,
    pub(crate) signals: Option<Signals>,
}

/// See the module.
pub(crate) struct Worker {
    engine: Engine,
    poller: Poller,
    events: Events,
    sockets: Sockets,
    clock: Clock,
    acceptor: Acceptor,
    /// Whether accepted connections go round all workers.
    hands_over: bool,
    /// The worker that gets the next connection, when they go round.
    next_worker: usize,
    /// Connections that were accepted or handed over and are not open yet.
    arrived: Vec<OwnedFd>,
    paused: Paused,
    signals: Option<Signals>,
    pool: Arc<Pool<Job>>,
    hub: Arc<Hub>,
    /// This worker's part of the hub.
    remote: Arc<Remote>,
    /// There is work that was left for the next turn.
    busy: bool,
    /// Set while the worker is stopping: when it cuts.
    cut_at: Option<Ticks>,
}

/// What the engine may ask of the driver; a macro, because it borrows two fields and leaves the others free.
macro_rules! outside {
    ($worker:ident) => {
        &Outside { now: $worker.clock.now(), peers: &$worker.sockets }
    };
}

impl Worker {
    /// A worker, made on the thread on which it runs.
    pub(crate) fn new(seat: Seat, hub: Arc<Hub>, pool: Arc<Pool<Job>>) -> io::Result<Worker> {
        let Seat { index, poller, listener, hands_over, signals } = seat;
        let clock = Clock::new();
        if let Some(signals) = &signals {
            poller.add(signals.as_fd(), SIGNALS_KEY, Interest::READ)?;
        }
        let remote = Arc::clone(&hub.remotes[index]);
        let number = u16::try_from(index).expect("the builder allows fewer workers");
        Ok(Worker {
            engine: Engine::new(Arc::clone(&hub.app), number, Arc::clone(&remote.mail), clock.now()),
            acceptor: Acceptor::new(listener, &poller)?,
            events: poller.events(),
            poller,
            sockets: Sockets::new(number),
            clock,
            hands_over,
            next_worker: 0,
            arrived: Vec::new(),
            paused: Paused::default(),
            signals,
            pool,
            hub,
            remote,
            busy: false,
            cut_at: None,
        })
    }

    /// Serves until the server is told to stop and what was in flight has ended.
    pub(crate) fn run(mut self) -> io::Result<Report> {
        let (hub, remote) = (Arc::clone(&self.hub), Arc::clone(&self.remote));
        while hub.stop.phase() == Phase::Serving {
            self.turn(&remote, self.timeout())?;
        }
        let open = self.begin_to_stop(&remote)?;
        while self.is_needed() && !self.must_cut() {
            self.turn(&remote, self.timeout())?;
        }
        let cut = self.engine.connections();
        self.engine.cut_all();
        self.work();
        Ok(Report { finished: open - cut, cut, still_blocking: 0 })
    }

    fn turn(&mut self, remote: &Remote, timeout: Option<Duration>) -> io::Result<()> {
        self.poller.wait(&mut self.events, timeout)?;
        let _running = remote.mail.enter();
        let _receiving = self.hands_over.then(|| remote.connections.enter());
        self.clock.read();
        remote.counters.wakeups.add(1);
        let mut accepts = false;
        while let Some(ready) = self.events.next() {
            match ready.key {
                LISTENER_KEY => accepts = true,
                SIGNALS_KEY => self.take_signals(),
                _ => self.ready(ready),
            }
        }
        self.welcome(accepts);
        self.probe_paused();
        self.work();
        Ok(())
    }

    /// How long nothing has to be done.
    fn timeout(&self) -> Option<Duration> {
        if self.busy {
            return Some(Duration::ZERO);
        }
        let rare = earlier(earlier(self.acceptor.wake_at(), self.paused.wake_at()), self.cut_at);
        Some(self.clock.until(earlier(self.engine.wake_at(), rare)?))
    }

    // Connections.

    fn ready(&mut self, ready: Ready) {
        let Some((id, socket)) = self.sockets.at(ready.key) else { return };
        let (fd, interest, outside) = (socket.fd.as_fd(), socket.interest, outside!(self));
        let mut ended = false;
        // What has arrived before the end is read first: a client of a Unix socket may send and leave.
        if ready.broken && !(ready.readable && interest.read) {
            if self.engine.only_listens(id) && !matches!(socket_io::peek(fd), Read::Broken) {
                // Both sides have said their last, and what the client has said is not wanted yet: there is no more to be told of.
                return self.poller.forget(fd);
            }
            self.engine.failed(id, outside);
        } else if ready.readable {
            ended = receive(&mut self.engine, id, fd, outside);
        }
        let verdict = send(&mut self.engine, id, fd, outside);
        // Nearly always nothing changes.
        if verdict == (Verdict::Watch { read: interest.read, write: interest.write }) && !ended {
            return;
        }
        if ended {
            self.mark_ended(id);
        }
        self.obey(id, verdict);
    }

    /// Sends what a connection has to send, and does what the engine wants done with it then.
    fn flush(&mut self, id: ConnId) {
        let Some(fd) = self.sockets.fd(id) else { return };
        let verdict = send(&mut self.engine, id, fd, outside!(self));
        self.obey(id, verdict);
    }

    fn mark_ended(&mut self, id: ConnId) {
        if let Some(socket) = self.sockets.get_mut(id) {
            socket.ended = true;
        }
    }

    fn obey(&mut self, id: ConnId, verdict: Verdict) {
        let Some(socket) = self.sockets.get_mut(id) else { return };
        match verdict {
            Verdict::Watch { read, write } => {
                // After the end level mode would report readability for ever.
                let wanted = Interest { read: read && !socket.ended, write };
                if wanted != socket.interest {
                    self.watch(id, wanted);
                }
            }
            Verdict::Close => self.close(id),
            Verdict::ShutdownWrite => {
                // A connection that is already gone says so by its readiness.
                let _ = rustix::net::shutdown(&socket.fd, Shutdown::Write);
                let verdict = self.engine.verdict(id, outside!(self));
                self.obey(id, verdict);
            }
        }
    }

    /// Changes what the poller tells about a connection.
    #[cold]
    fn watch(&mut self, id: ConnId, wanted: Interest) {
        let Some(socket) = self.sockets.get_mut(id) else { return };
        if let Err(error) = self.poller.modify(socket.fd.as_fd(), id.slot, wanted) {
            return self.lose(id, &error);
        }
        socket.interest = wanted;
        if !wanted.read && !socket.ended && !socket.probed {
            socket.probed = true;
            self.paused.add(id, self.clock.now().ticks);
        }
    }

    fn lose(&mut self, id: ConnId, error: &io::Error) {
        log::error!("a connection cannot be watched and is closed: {error}");
        self.engine.failed(id, outside!(self));
        self.close(id);
    }

    #[cold]
    fn close(&mut self, id: ConnId) {
        if let Some(Removed { fd, is_duplicated }) = self.sockets.remove(id) {
            let forget = if is_duplicated { Poller::forget } else { Poller::forget_last };
            forget(&self.poller, fd.as_fd());
        }
        self.engine.closed(id);
    }

    /// A connection that is not read shows a FIN to nobody: those are looked at now and then.
    fn probe_paused(&mut self) {
        let now = self.clock.now().ticks;
        if !self.paused.is_due(now) {
            return;
        }
        for id in self.paused.take() {
            let Some(socket) = self.sockets.get_mut(id) else { continue };
            if socket.interest.read || socket.ended {
                socket.probed = false;
                continue;
            }
            match socket_io::peek(socket.fd.as_fd()) {
                Read::Bytes(_) | Read::Nothing => self.paused.add(id, now),
                Read::End => {
                    self.mark_ended(id);
                    self.engine.ended(id, outside!(self));
                    self.flush(id);
                }
                Read::Broken => {
                    self.engine.failed(id, outside!(self));
                    self.flush(id);
                }
            }
        }
    }

    // Everything else.

    /// Does what is waiting: mail, timers, futures, jobs for the pool. A bounded number of pieces, so that a future which wakes
    /// itself again and again keeps nobody from being read.
    fn work(&mut self) {
        self.busy = false;
        for _ in 0..RUNS_MAX {
            if let Some(Effect::Run(job)) = self.engine.effect() {
                // A refused job answers by mail: it is not over yet.
                self.pool.submit(job);
            } else if let Some(id) = self.engine.run(outside!(self)) {
                self.flush(id);
            } else {
                return;
            }
        }
        self.busy = true;
    }

    fn take_signals(&mut self) {
        for _ in 0..self.signals.as_ref().map_or(0, Signals::take) {
            self.hub.signal();
        }
    }

    /// Opens new connections.
    fn welcome(&mut self, accepts: bool) {
        let now = self.clock.now().ticks;
        self.acceptor.resume(&self.poller, now);
        if accepts {
            self.acceptor.accept(&self.poller, now, &self.remote.counters, &mut self.arrived);
            self.hand_over();
        } else {
            self.acceptor.rest();
        }
        if self.hands_over {
            self.remote.connections.take(&mut self.arrived);
        }
        if !self.arrived.is_empty() {
            self.open_arrived();
        }
    }

    /// Gives the other workers their share of what this one has accepted.
    fn hand_over(&mut self) {
        if !self.hands_over {
            return;
        }
        for connection in std::mem::take(&mut self.arrived) {
            let receiver = self.next_worker;
            self.next_worker = (receiver + 1) % self.hub.remotes.len();
            if receiver == 0 {
                // The worker that accepts for all is the first one.
                self.arrived.push(connection);
            } else if let Err(connection) = self.hub.remotes[receiver].connections.post(connection) {
                // That worker has ended: the server is stopping, and this one is not yet done.
                self.arrived.push(connection);
            }
        }
    }

    fn open_arrived(&mut self) {
        while let Some(connection) = self.arrived.pop() {
            self.open(connection);
        }
    }

    fn open(&mut self, connection: OwnedFd) {
        self.remote.counters.accepted.add(1);
        match self.engine.accept(outside!(self)) {
            Accept::Open(id) => {
                let socket = self.sockets.insert(id, connection);
                socket.interest = Interest::READ;
                if let Err(error) = self.poller.add(socket.fd.as_fd(), id.slot, Interest::READ) {
                    self.lose(id, &error);
                }
            }
            Accept::Refused(answer) => {
                self.remote.counters.refused.add(1);
                socket_io::write(connection.as_fd(), &Output::Bytes(answer), 0);
                // The FIN lets the client read the answer even if it sends more before it is closed.
                let _ = rustix::net::shutdown(&connection, Shutdown::Write);
            }
        }
    }

    // The end.

    /// Who has connected or sent a request before the order came is served; then the engine lets go of idle connections.
    /// Gives how many connections were open when the order was acted upon.
    fn begin_to_stop(&mut self, remote: &Remote) -> io::Result<usize> {
        self.acceptor.close(&self.poller, &mut self.arrived);
        // What another worker hands over from now on comes back to it.
        self.arrived.extend(self.remote.connections.close());
        self.open_arrived();
        for _ in 0..LAST_TURNS_MAX {
            self.turn(remote, Some(Duration::ZERO))?;
            if !self.events.were_full() {
                break;
            }
        }
        self.cut_at = Some(self.clock.now().ticks.after(self.hub.app.timeouts.shutdown));
        let open = self.engine.connections();
        self.engine.stop();
        self.work();
        Ok(open)
    }

    /// Worker 0 reads the signals: it stays until the others have ended.
    fn is_needed(&self) -> bool {
        let others_work = self.signals.is_some() && self.hub.busy.load(Ordering::Relaxed) > 1;
        self.engine.connections() > 0 || others_work
    }

    fn must_cut(&self) -> bool {
        self.hub.stop.phase() == Phase::Cut || self.cut_at.is_some_and(|at| at.reached(self.clock.now().ticks))
    }
}

impl Drop for Worker {
    /// After this, mail comes back to its sender.
    fn drop(&mut self) {
        self.remote.mail.close();
        self.remote.connections.close();
    }
}
