//! The driver of the engine in tests: bytes in memory, time by hand.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::app::live::topic::Publication;
use crate::app::mail::WorkerMail;
use crate::app::peer::Peer;
use crate::app::router::App;
use crate::buf::out::Output;
use crate::buf::slab::ConnId;
use crate::engine::{Accept, Effect, Engine, Outside, Peers, Verdict};
use crate::local::bell::Bell;
use crate::local::mail::Wake;
use crate::time::{Now, Ticks};

/// How long an answer from another thread is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pieces of work that are done before the test goes on.
const RUNS_MAX: usize = 4096;
/// Noon on the first of November 2026: the wall clock's start.
const START_UNIX_SECONDS: u64 = 1_793_534_400;

/// The client's end of one connection.
pub(super) struct Wire {
    /// What the server has sent and the client has not read.
    pub(super) arrived: Vec<u8>,
    /// The server will send no more.
    pub(super) ended: bool,
    /// The server has closed.
    pub(super) closed: bool,
    /// What the client has sent and the server has not read.
    outgoing: VecDeque<u8>,
    /// The client sends no more.
    fin: Fin,
    /// The server wants to read.
    reads: bool,
    /// As many bytes more are taken of what the server sends.
    window: usize,
}

/// Whether the client has said that it sends no more, and the server knows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fin {
    Unsaid,
    Said,
    Heard,
}

impl Default for Wire {
    fn default() -> Self {
        Wire {
            arrived: Vec::new(),
            ended: false,
            closed: false,
            outgoing: VecDeque::new(),
            fin: Fin::Unsaid,
            reads: false,
            window: usize::MAX,
        }
    }
}

impl Wire {
    pub(super) fn outgoing_bytes(&self) -> usize {
        self.outgoing.len()
    }

    /// Whether there is something for the server to read, and it wants it.
    fn is_readable(&self) -> bool {
        self.reads && !self.closed && (!self.outgoing.is_empty() || self.fin == Fin::Said)
    }
}

struct InMemory;

impl Peers for InMemory {
    fn peer(&self, _: ConnId) -> Peer {
        Peer::Unknown
    }
}

pub(super) struct World {
    app: Arc<App>,
    engine: Engine,
    now: Now,
    wires: HashMap<ConnId, Wire>,
    /// Connections that the server reads again, with something for it to read.
    resumed: Vec<ConnId>,
    /// Rings when another thread has posted mail.
    bell: Arc<Bell>,
}

impl World {
    pub(super) fn new(app: App) -> World {
        let now = Now { ticks: Ticks(0), unix_seconds: START_UNIX_SECONDS };
        let bell = Arc::new(Bell::default());
        let mailbox = Arc::new(WorkerMail::new(Arc::clone(&bell) as Arc<dyn Wake>));
        let app = Arc::new(app);
        let engine = Engine::new(Arc::clone(&app), 0, mailbox, now);
        World { app, engine, now, wires: HashMap::new(), resumed: Vec::new(), bell }
    }

    fn outside(&self) -> Outside<'static> {
        Outside { now: self.now, peers: &InMemory }
    }

    pub(super) fn open(&mut self) -> Option<ConnId> {
        match self.engine.accept(&self.outside()) {
            Accept::Open(id) => {
                self.wires.insert(id, Wire::default());
                self.flush(id);
                Some(id)
            }
            Accept::Refused(_) => None,
        }
    }

    pub(super) fn connections(&self) -> usize {
        self.engine.connections()
    }

    /// The client's end of a connection.
    pub(super) fn wire(&mut self, id: ConnId) -> &mut Wire {
        self.wires.entry(id).or_default()
    }

    /// The client sends bytes. What the server does not want to read now waits.
    pub(super) fn send(&mut self, id: ConnId, bytes: &[u8]) {
        let wire = self.wire(id);
        if !wire.closed {
            wire.outgoing.extend(bytes);
            self.deliver(id);
        }
    }

    /// The client says that it sends no more.
    pub(super) fn end(&mut self, id: ConnId) {
        let wire = self.wire(id);
        if wire.fin == Fin::Unsaid {
            wire.fin = Fin::Said;
            self.deliver(id);
        }
    }

    /// Lets the server read as long as it wants to and there is something.
    fn deliver(&mut self, id: ConnId) {
        while self.deliver_once(id) {
            self.work();
        }
    }

    fn deliver_once(&mut self, id: ConnId) -> bool {
        let outside = self.outside();
        let Some(wire) = self.wires.get_mut(&id).filter(|wire| wire.is_readable()) else { return false };
        if wire.outgoing.is_empty() {
            wire.fin = Fin::Heard;
            self.engine.ended(id, &outside);
        } else {
            let into = self.engine.input(id);
            let n = wire.outgoing.len().min(into.len());
            wire.outgoing.drain(..n).zip(into).for_each(|(byte, place)| *place = byte);
            self.engine.received(id, n, &outside);
        }
        self.flush(id);
        true
    }

    /// The client takes so many bytes more of what the server sends.
    pub(super) fn set_window(&mut self, id: ConnId, bytes: usize) {
        let wire = self.wire(id);
        wire.window = bytes;
        if !wire.closed {
            self.flush(id);
            self.work();
        }
    }

    pub(super) fn publish(&mut self, publication: Publication) {
        // What was asked for before, such as to join the topic, is done before.
        self.work();
        self.app.hub.publish(publication);
        self.work();
    }

    /// The server is told to stop gracefully.
    pub(super) fn stop(&mut self) {
        self.engine.stop();
        self.work();
    }

    /// The client resets the connection.
    pub(super) fn reset(&mut self, id: ConnId) {
        if !self.wire(id).closed {
            self.engine.failed(id, &self.outside());
            self.flush(id);
            self.work();
        }
    }

    /// Does all work that waits; a bounded number of pieces, as the server does, because a future may wake itself for ever.
    pub(super) fn work(&mut self) {
        let mailbox = Arc::clone(self.engine.mailbox());
        let _awake = mailbox.enter();
        let outside = self.outside();
        for _ in 0..RUNS_MAX {
            if let Some(Effect::Run(job)) = self.engine.effect() {
                job.run();
            } else if let Some(id) = self.engine.run(&outside) {
                self.flush(id);
            } else if let Some(id) = self.resumed.pop() {
                if self.deliver_once(id) {
                    self.resumed.push(id);
                }
            } else {
                return;
            }
        }
    }

    /// Waits for another thread's mail and acts upon it. `false`: none came.
    pub(super) fn wait(&mut self) -> bool {
        let rung = self.bell.wait(Some(PATIENCE));
        self.work();
        rung
    }

    pub(super) fn advance(&mut self, time: Duration) {
        let until = self.now.ticks.after(time);
        self.work();
        while let Some(due) = self.engine.wake_at().filter(|due| due.reached(until)) {
            self.set_clock(due);
            self.work();
        }
        self.set_clock(until);
        self.work();
    }

    pub(super) fn jump(&mut self, time: Duration) {
        self.set_clock(self.now.ticks.after(time));
        self.work();
    }

    pub(super) fn open_live(&mut self) -> (usize, usize) {
        // The engine tells its counts when it is run.
        self.work();
        self.app.live_counts.open()
    }

    /// Moves the clock forward; never back.
    fn set_clock(&mut self, ticks: Ticks) {
        let passed = ticks.0.wrapping_sub(self.now.ticks.0);
        if (passed as i32) > 0 {
            self.now.ticks = ticks;
            self.now.unix_seconds = START_UNIX_SECONDS + u64::from(ticks.0) / 100;
        }
    }

    fn flush(&mut self, id: ConnId) {
        let outside = self.outside();
        loop {
            let wire = self.wires.entry(id).or_default();
            match copy_output(self.engine.output(id, &outside), &mut wire.arrived, &mut wire.window) {
                Some(0) => break,
                Some(n) => _ = self.engine.wrote(id, n, &outside),
                None => {
                    self.engine.failed(id, &outside);
                    break;
                }
            }
        }
        self.judge(id, &outside);
    }

    fn judge(&mut self, id: ConnId, outside: &Outside<'_>) {
        loop {
            match self.engine.verdict(id, outside) {
                Verdict::Watch { read, .. } => {
                    let wire = self.wire(id);
                    let resumes = read && !wire.reads;
                    wire.reads = read;
                    if resumes && wire.is_readable() {
                        self.resumed.push(id);
                    }
                    return;
                }
                Verdict::ShutdownWrite => self.wire(id).ended = true,
                Verdict::Close => {
                    self.engine.closed(id);
                    let wire = self.wire(id);
                    *wire = Wire {
                        ended: true,
                        closed: true,
                        arrived: std::mem::take(&mut wire.arrived),
                        ..Wire::default()
                    };
                    return;
                }
            }
        }
    }
}

/// Takes what the engine wants to send, as far as the window allows; returns how many bytes. `None`: a file is shorter than it was.
fn copy_output(output: Output<'_>, into: &mut Vec<u8>, window: &mut usize) -> Option<usize> {
    let before = into.len();
    let mut take = |bytes: &[u8]| {
        let n = bytes.len().min(*window);
        *window -= if *window == usize::MAX { 0 } else { n };
        into.extend_from_slice(&bytes[..n]);
    };
    match output {
        Output::Nothing => {}
        Output::Bytes(bytes) => take(bytes),
        Output::Slices(slices) => slices.iter().for_each(take),
        Output::File(range) => take(&range.read()?),
    }
    Some(into.len() - before)
}
