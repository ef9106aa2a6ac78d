//! An engine driven as a worker drives it, over sockets that are plain values: no system call, no clock, no thread.
//!
//! The host knows no policy. Whoever uses it decides when bytes arrive, when a socket has room, when time passes and when a
//! job of the blocking pool is run; the host then does what a poll loop would do, and checks what must hold at every step.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hop::Peer;
use hop::unversioned::{
    Accept, App, ConnId, Effect, Engine, Job, Mailbox, Now, Output, Outside, Peers, Session, Ticks, Verdict, Wake,
};

/// One engine and its sockets.
pub struct Host {
    /// The engine.
    pub engine: Engine,
    /// The time that it is told.
    pub now: Now,
    /// Jobs for the blocking pool, in the order in which they were asked for.
    pub jobs: VecDeque<Job>,
    /// Connections that the engine told to close, since somebody asked last.
    pub closed: Vec<Closed>,
    /// Most unsent bytes that the engine showed for one connection at once.
    pub offered_bytes_max: usize,
    /// How often [`Host::advance`] woke the engine without anything being due.
    pub idle_wakes: usize,
    sockets: HashMap<ConnId, Socket>,
    /// Connections that are read again after a pause: a poller in level mode would say at once what had arrived meanwhile.
    resumed: Vec<ConnId>,
    wakes: Arc<Wakes>,
}

/// The worker's end of a connection, and the kernel's buffers of it.
#[derive(Debug, Default)]
pub struct Socket {
    /// Bytes that have arrived and were not read.
    pub arrived: VecDeque<u8>,
    /// The peer has ended its side: a read gives 0 once `arrived` is empty.
    pub fin: bool,
    /// Everything that was written and that the client has not taken.
    pub sent: Vec<u8>,
    /// How many more bytes the socket takes.
    pub room: usize,
    /// The engine has ended its side.
    pub shut: bool,
    watches_read: bool,
    watches_write: bool,
    told_fin: bool,
}

/// A connection that was closed, and what of it is still under way.
#[derive(Debug)]
pub struct Closed {
    /// Its id.
    pub id: ConnId,
    /// What the client has not taken yet.
    pub sent: Vec<u8>,
    /// Bytes that had arrived and were never read: a real kernel would answer them with a reset, which destroys `sent`.
    pub unread_bytes: usize,
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct InMemory;

impl Peers for InMemory {
    fn peer(&self, _: ConnId) -> Peer {
        Peer::Unknown
    }
}

impl Host {
    /// A host of `app` at this time.
    pub fn new(app: App, now: Now) -> Host {
        let wakes = Arc::<Wakes>::default();
        let mailbox = Arc::new(Mailbox::new(Arc::clone(&wakes) as Arc<dyn Wake>));
        Host {
            engine: Engine::new(Arc::new(app), 3, mailbox, now),
            now,
            jobs: VecDeque::new(),
            closed: Vec::new(),
            offered_bytes_max: 0,
            idle_wakes: 0,
            sockets: HashMap::new(),
            resumed: Vec::new(),
            wakes,
        }
    }

    /// A client connects, with or without a session; `None` when it is refused.
    pub fn connect(&mut self, session: Option<Box<dyn Session>>, room: usize) -> Option<ConnId> {
        let outside = Outside { now: self.now, peers: &InMemory };
        let accepted = match session {
            Some(session) => self.engine.accept_with(session, &outside),
            None => self.engine.accept(&outside),
        };
        let Accept::Open(id) = accepted else { return None };
        let previous = self.sockets.insert(id, Socket { room, ..Socket::default() });
        assert!(previous.is_none(), "{id:?} was given to two connections");
        self.flush(id);
        Some(id)
    }

    /// The socket of a connection, unless it is closed.
    pub fn socket(&mut self, id: ConnId) -> Option<&mut Socket> {
        self.sockets.get_mut(&id)
    }

    /// How many sockets are open.
    pub fn open(&self) -> usize {
        self.sockets.len()
    }

    /// Lets the engine read what has arrived, at most `bytes_max` a read, as long as it wants to; then does all work that follows.
    pub fn readable(&mut self, id: ConnId, bytes_max: usize) {
        while self.read_once(id, bytes_max) {}
        self.work();
    }

    /// One read, as a readable socket causes it. `false` when there is nothing to read or nobody wants it.
    fn read_once(&mut self, id: ConnId, bytes_max: usize) -> bool {
        let Some(socket) = self.sockets.get_mut(&id).filter(|socket| socket.watches_read) else { return false };
        let outside = Outside { now: self.now, peers: &InMemory };
        if socket.arrived.is_empty() {
            if !socket.fin || socket.told_fin {
                return false;
            }
            socket.told_fin = true;
            self.engine.ended(id, &outside);
        } else {
            let input = self.engine.input(id);
            assert!(!input.is_empty(), "a connection that watches for input has room for it");
            let n = socket.arrived.len().min(input.len()).min(bytes_max);
            socket.arrived.drain(..n).zip(input).for_each(|(byte, place)| *place = byte);
            self.engine.received(id, n, &outside);
        }
        self.flush(id);
        true
    }

    /// The socket has room for `bytes` more.
    pub fn writable(&mut self, id: ConnId, bytes: usize) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        socket.room = socket.room.saturating_add(bytes);
        if socket.watches_write {
            self.flush(id);
        }
        self.work();
    }

    /// The connection is reset by its peer.
    pub fn reset(&mut self, id: ConnId) {
        if !self.sockets.contains_key(&id) {
            return;
        }
        self.engine.failed(id, &Outside { now: self.now, peers: &InMemory });
        self.flush(id);
        assert!(!self.sockets.contains_key(&id), "a connection that was reset is closed");
        self.work();
    }

    /// Does everything that waits to be done now.
    pub fn work(&mut self) {
        let outside = Outside { now: self.now, peers: &InMemory };
        let mut turns = 0;
        loop {
            if let Some(id) = self.engine.run(&outside) {
                self.flush(id);
            } else if let Some(id) = self.resumed.pop() {
                while self.read_once(id, usize::MAX) {}
            } else {
                break;
            }
            turns += 1;
            assert!(turns < 100_000, "the engine finds work for ever");
        }
        while let Some(effect) = self.engine.effect() {
            match effect {
                Effect::Run(job) => self.jobs.push_back(job),
                other => panic!("the simulator knows no {other:?}"),
            }
        }
        assert_eq!(self.engine.connections(), self.sockets.len(), "a slot is leaked, or lost");
    }

    /// Time passes. The engine is woken when it asked to be, not at every tick, as a driver that sleeps would.
    pub fn advance(&mut self, ticks: u32, seconds: i64) {
        let end = self.now.ticks.plus(ticks);
        self.now.unix_seconds = self.now.unix_seconds.saturating_add_signed(seconds);
        while let Some(wake) = self.engine.wake_at().filter(|wake| wake.reached(end)) {
            assert!(!wake.reached(self.now.ticks), "the engine wants to be woken in the past: the worker would spin");
            self.now.ticks = wake;
            self.wake();
        }
        self.now.ticks = end;
        self.work();
    }

    /// Time jumps: the machine slept, and the worker wakes late.
    pub fn jump(&mut self, ticks: u32, seconds: i64) {
        self.now.ticks = self.now.ticks.plus(ticks);
        self.now.unix_seconds = self.now.unix_seconds.saturating_add_signed(seconds);
        self.work();
    }

    fn wake(&mut self) {
        let outside = Outside { now: self.now, peers: &InMemory };
        match self.engine.run(&outside) {
            Some(id) => self.flush(id),
            None => self.idle_wakes += 1,
        }
        self.work();
    }

    /// The server is told to stop gracefully.
    pub fn stop(&mut self) {
        self.engine.stop();
        self.work();
    }

    /// Gives back the memory that the host itself has taken, so that what is left is the engine's.
    pub fn shrink(&mut self) {
        assert!(self.sockets.is_empty() && self.jobs.is_empty(), "nothing goes on");
        (self.sockets, self.jobs, self.closed, self.resumed) =
            (HashMap::new(), VecDeque::new(), Vec::new(), Vec::new());
    }

    /// When the engine wants to be woken.
    pub fn wake_at(&self) -> Option<Ticks> {
        self.engine.wake_at()
    }

    /// How often another thread would have ended the worker's sleep.
    pub fn wakes(&self) -> usize {
        self.wakes.0.load(Ordering::Relaxed)
    }

    /// Sends what the connection has, as far as the socket takes it, and follows the verdict.
    fn flush(&mut self, id: ConnId) {
        while self.write_once(id) {}
        self.follow_verdict(id);
    }

    /// One write. `false` when there is nothing to write or the socket did not take all of it.
    fn write_once(&mut self, id: ConnId) -> bool {
        let outside = Outside { now: self.now, peers: &InMemory };
        let socket = self.sockets.get_mut(&id).expect("only open connections are flushed");
        let (offered, taken) = match self.engine.output(id, &outside) {
            Output::Nothing => return false,
            Output::Bytes(bytes) => (bytes.len(), socket.take(bytes)),
            Output::Slices(slices) => {
                (slices.iter().map(|slice| slice.len()).sum(), slices.iter().map(|slice| socket.take(slice)).sum())
            }
            Output::File(range) => {
                let mut bytes = vec![0; range.len.min(8192) as usize];
                let read = std::os::unix::fs::FileExt::read_at(&*range.file, &mut bytes, range.offset)
                    .expect("a readable file");
                (read, socket.take(&bytes[..read]))
            }
        };
        assert!(offered > 0, "output that is nothing says so");
        assert!(!socket.shut, "nothing is sent after the end was sent");
        self.offered_bytes_max = self.offered_bytes_max.max(offered);
        if taken > 0 {
            self.engine.wrote(id, taken, &outside);
        }
        taken == offered
    }

    fn follow_verdict(&mut self, id: ConnId) {
        let outside = Outside { now: self.now, peers: &InMemory };
        let socket = self.sockets.get_mut(&id).expect("only open connections are flushed");
        loop {
            match self.engine.verdict(id, &outside) {
                Verdict::Watch { read, write } => {
                    assert!(
                        !read || !socket.told_fin,
                        "a socket at its end is readable for ever: the worker would spin"
                    );
                    assert!(
                        !write || socket.room == 0,
                        "a socket with room is writable for ever: the worker would spin"
                    );
                    if read && !socket.watches_read {
                        self.resumed.push(id);
                    }
                    (socket.watches_read, socket.watches_write) = (read, write);
                    return;
                }
                Verdict::ShutdownWrite => {
                    assert!(!socket.shut, "a side is ended once");
                    socket.shut = true;
                }
                Verdict::Close => {
                    let Socket { sent, arrived, .. } = self.sockets.remove(&id).expect("it was found above");
                    self.closed.push(Closed { id, sent, unread_bytes: arrived.len() });
                    return self.engine.closed(id);
                }
            }
        }
    }
}

impl Socket {
    /// Takes what it has room for.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let n = bytes.len().min(self.room);
        self.sent.extend_from_slice(&bytes[..n]);
        self.room -= n;
        n
    }

    /// Whether input is welcome now.
    pub fn watches_read(&self) -> bool {
        self.watches_read
    }
}
