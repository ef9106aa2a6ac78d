//! The simulator's second site: WebSockets and event streams under a seeded network, seeded clients and a seeded clock.
//!
//! Frames come in any split, fragmented, with pings between them and with the handshake; clients are slow, fall silent, break the
//! protocol, reset, leave; handlers pause, close and panic. At every step it is checked that echoes and publications come in order
//! and none is lost, that a close has a code that explains it, that each connection's end is told once, that output stays within
//! its limit and no slot is leaked; at the end, that everybody who behaved was answered and that nothing is left behind.

mod heard;
mod peer;
mod script;
mod site;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use hop::unversioned::{ConnId, Now, Ticks};

use self::peer::{Ear, Peer};
use self::script::End;
pub use self::site::Ledger;
use super::cipher::Toy;
use super::host::{Closed, Host};
use super::{OUTPUT_BYTES, Weather};
use crate::fuzz;
use crate::rng::{self, Rng};

/// Bytes that may wait for a client. In calm weather nobody lets as many wait.
const QUEUE_BYTES: usize = 200_000;
/// A message more is taken into an empty queue, and a pong for each ping that was read before the reading stopped.
const EXCESS_BYTES: usize = script::MESSAGE_BYTES + 20_000;

/// What a run has seen, so that a test can tell that it has tested something.
#[derive(Clone, Debug, Default)]
pub struct LiveReport {
    /// Messages that came back.
    pub echoes: usize,
    /// Events that came.
    pub events: usize,
    /// How often each kind of end was told.
    pub ends: HashMap<String, usize>,
    /// Resets by clients.
    pub resets: usize,
}

impl LiveReport {
    /// Both together.
    pub fn and(mut self, other: LiveReport) -> LiveReport {
        other.ends.into_iter().for_each(|(name, count)| *self.ends.entry(name).or_default() += count);
        LiveReport {
            echoes: self.echoes + other.echoes,
            events: self.events + other.events,
            ends: self.ends,
            resets: self.resets + other.resets,
        }
    }

    /// How often this kind of end was told.
    pub fn ended_by(&self, name: &str) -> usize {
        self.ends.get(name).copied().unwrap_or_default()
    }
}

/// An engine whose app is the simulated room.
pub fn host(seed: u64, weather: Weather) -> (Host, Arc<Ledger>) {
    let mut rng = Rng::new(seed);
    let ledger = Arc::<Ledger>::default();
    // Half of the runs pass the point where the ticks wrap.
    let ticks = if rng.chance(50) { u32::MAX - rng.within(0..9000) as u32 } else { rng.next_u64() as u32 };
    let queue_bytes = if weather == Weather::Calm { 10 * QUEUE_BYTES } else { *rng.pick(&[5000, QUEUE_BYTES]) };
    let routes = site::routes(&ledger).limits(|limits| limits.output_bytes = OUTPUT_BYTES).live(move |live| {
        (live.message_bytes, live.queue_bytes) = (script::MESSAGE_BYTES, queue_bytes);
        live.every = Some(Duration::from_millis(1700));
        live.keep_alive = Duration::from_millis(1100);
    });
    let app = routes.build().expect("the room has no conflicts");
    (Host::new(app, Now { ticks: Ticks(ticks), unix_seconds: 1_700_000_000 }), ledger)
}

/// Plays one seed on a host, until everybody has gone.
pub fn play(host: &mut Host, ledger: &Arc<Ledger>, seed: u64, weather: Weather) -> LiveReport {
    ledger.clear();
    let mut world = World {
        rng: Rng::new(seed),
        calm: weather == Weather::Calm,
        host,
        ledger,
        plan: BinaryHeap::new(),
        planned: 0,
        time: 0,
        peers: Vec::new(),
        of_conn: HashMap::new(),
        resuming: false,
        replayed: rng::variable(rng::SEED_VARIABLE).is_some(),
        report: LiveReport::default(),
    };
    world.populate();
    world.run();
    world.end();
    world.report
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Connect(usize),
    Deliver(usize, usize),
    Fin(usize),
    Reset(usize),
    Read(usize),
    Resume,
    Jump(u32),
    Stop,
    Nothing,
}

struct World<'h> {
    rng: Rng,
    calm: bool,
    host: &'h mut Host,
    ledger: &'h Arc<Ledger>,
    plan: BinaryHeap<Reverse<(u64, usize, Event)>>,
    planned: usize,
    /// Ticks since the run began.
    time: u64,
    peers: Vec<Peer>,
    of_conn: HashMap<ConnId, usize>,
    resuming: bool,
    /// Whether one seed is played again, so that what happens is of interest.
    replayed: bool,
    report: LiveReport,
}

impl World<'_> {
    fn plan(&mut self, after_ticks: usize, event: Event) {
        self.planned += 1;
        self.plan.push(Reverse((self.time + after_ticks as u64, self.planned, event)));
    }

    /// Invents the clients and plans what they do.
    fn populate(&mut self) {
        for name in 0..self.rng.within(1..8) {
            let secured = self.rng.chance(25);
            let mut peer = Peer::new(name, secured, &mut self.rng);
            if !self.calm && self.rng.chance(15) {
                peer.reads = (1, 100_000);
            }
            self.peers.push(peer);
            self.plan_peer(name);
        }
        if !self.calm && self.rng.chance(30) {
            let (at, ticks) = (self.rng.within(0..3000), self.rng.within(0..20_000) as u32);
            self.plan(at, Event::Jump(ticks));
        }
        if !self.calm && self.rng.chance(20) {
            let at = self.rng.within(0..3000);
            self.plan(at, Event::Stop);
        }
    }

    fn plan_peer(&mut self, name: usize) {
        let mut at = self.rng.within(0..100);
        self.plan(at, Event::Connect(name));
        let len = self.peers[name].says.len();
        let cuts = fuzz::cuts(len, &mut self.rng);
        // A head has ten seconds to arrive: calm networks leave it half of that.
        let calm_delay = (500 * len.min(200) / 200 / cuts.len().min(200)).max(1);
        let delay_ticks_max = if self.calm { calm_delay } else { *self.rng.pick(&[2, 20, 700]) };
        let stalls_after =
            if self.calm || self.rng.chance(70) { cuts.len() } else { self.rng.within(0..cuts.len() + 1) };
        for &bytes in &cuts[..stalls_after] {
            at += self.rng.within(0..delay_ticks_max + 1);
            self.plan(at, Event::Deliver(name, bytes));
        }
        if self.peers[name].end() == End::Fin {
            let stays = if matches!(self.peers[name].ear, Ear::Stream(_)) { 3000 } else { 50 };
            let after = self.rng.within(0..stays);
            self.plan(at + after, Event::Fin(name));
        }
        if !self.calm && self.rng.chance(25) {
            let at = self.rng.within(0..at + 200);
            self.plan(at, Event::Reset(name));
        }
    }

    fn run(&mut self) {
        while let Some(Reverse((time, _, event))) = self.plan.pop() {
            let ticks = time.saturating_sub(self.time) as u32;
            self.time = self.time.max(time);
            if ticks > 0 {
                self.host.advance(ticks, i64::from(ticks / 100));
                self.after_step();
            }
            if self.replayed && event != Event::Nothing {
                println!("{}: {event:?}", self.time);
            }
            self.happens(event);
            self.after_step();
        }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Connect(name) => self.connect(name),
            Event::Deliver(name, bytes) => self.deliver(name, bytes),
            Event::Fin(name) => self.fin(name),
            Event::Reset(name) => self.reset(name),
            Event::Read(name) => self.read(name),
            Event::Resume => self.resume(),
            Event::Jump(ticks) => self.host.jump(ticks, 0),
            Event::Stop => self.host.stop(),
            Event::Nothing => {}
        }
    }

    fn connect(&mut self, name: usize) {
        let room = *self.rng.pick(&[10, 100, 3000, 200_000]);
        let session = self.peers[name].is_secured().then(Toy::server);
        let conn = self.host.connect(session, room);
        self.peers[name].conn = conn;
        match conn {
            Some(id) => drop(self.of_conn.insert(id, name)),
            None => assert!(!self.calm, "a client is refused"),
        }
    }

    fn deliver(&mut self, name: usize, bytes: usize) {
        let peer = &mut self.peers[name];
        let Some(id) = peer.conn.filter(|_| !peer.fin) else { return };
        let arriving = peer.delivered..peer.says.len().min(peer.delivered + bytes);
        peer.delivered = arriving.end;
        let socket = self.host.socket(id).expect("an open connection has a socket");
        socket.arrived.extend(&peer.says[arriving]);
        self.host.readable(id, *self.rng.pick(&[1, 100, usize::MAX]));
    }

    fn fin(&mut self, name: usize) {
        let peer = &mut self.peers[name];
        let Some(id) = peer.conn.filter(|_| !peer.fin) else { return };
        peer.fin = true;
        self.host.socket(id).expect("an open connection has a socket").fin = true;
        self.host.readable(id, usize::MAX);
    }

    fn reset(&mut self, name: usize) {
        let Some(id) = self.peers[name].conn.take() else { return };
        self.of_conn.remove(&id);
        self.report.resets += 1;
        self.host.reset(id);
    }

    /// The client takes some of what has been sent, and says what it has to say to that.
    fn read(&mut self, name: usize) {
        let peer = &mut self.peers[name];
        peer.reading = false;
        let Some(id) = peer.conn else { return };
        let socket = self.host.socket(id).expect("an open connection has a socket");
        let n = socket.sent.len().min(peer.reads.0);
        let taken: Vec<u8> = socket.sent.drain(..n).collect();
        let ended = socket.shut && socket.sent.is_empty();
        let says = peer.hear(&taken, ended, &mut self.rng);
        if says > 0 {
            let after = self.rng.within(0..50);
            self.plan(after, Event::Deliver(name, says));
        }
        if ended {
            self.fin(name);
        }
        self.host.writable(id, n);
    }

    /// A handle resumes its connection.
    fn resume(&mut self) {
        self.resuming = false;
        if let Some(handle) = self.ledger.take_paused() {
            let is_closed = handle.is_closed();
            assert_eq!(
                handle.resume() == hop::Sent::Closed,
                is_closed,
                "a handle knows whether its connection is there"
            );
        }
        self.host.work();
    }

    /// What follows from any step, and what must hold after it.
    fn after_step(&mut self) {
        for closed in std::mem::take(&mut self.host.closed) {
            self.closed(closed);
        }
        assert!(self.ledger.open_count() <= self.host.open(), "a connection is gone, and its handler was not told");
        let limit = if self.calm { 10 * QUEUE_BYTES } else { QUEUE_BYTES } + EXCESS_BYTES;
        assert!(self.host.offered_bytes_max <= limit, "{} bytes wait", self.host.offered_bytes_max);
        if !self.resuming && self.ledger.has_paused() {
            self.resuming = true;
            let after = self.rng.within(0..if self.calm { 500 } else { 5000 });
            self.plan(after, Event::Resume);
        }
        for name in 0..self.peers.len() {
            self.peers[name].check_code();
            let peer = &mut self.peers[name];
            let Some(id) = peer.conn.filter(|_| !peer.reading) else { continue };
            let socket = self.host.socket(id).expect("an open connection has a socket");
            if !socket.sent.is_empty() || socket.shut && !peer.ended {
                peer.reading = true;
                let after = peer.reads.1;
                self.plan(after, Event::Read(name));
            }
        }
    }

    fn closed(&mut self, closed: Closed) {
        let Some(name) = self.of_conn.remove(&closed.id) else { return };
        let peer = &mut self.peers[name];
        peer.conn = None;
        peer.hear(&closed.sent, true, &mut self.rng);
    }

    /// Waits until every connection is gone, and checks that nothing is left behind.
    fn end(&mut self) {
        for _ in 0..40 {
            self.plan(1000, Event::Nothing);
            self.run();
        }
        let still: Vec<&Peer> = self.peers.iter().filter(|peer| peer.conn.is_some()).collect();
        assert!(still.is_empty(), "connections stay although every timeout has passed: {still:?}");
        assert_eq!(self.host.open(), 0, "a socket is left behind");
        assert_eq!(self.ledger.open_count(), 0, "an end was not told");
        assert_eq!(self.host.wake_at(), None, "a timer is left behind");
        for peer in &self.peers {
            if self.calm {
                peer.check_calm();
            }
            match &peer.ear {
                Ear::Socket(ear) => self.report.echoes += ear.echoed(),
                Ear::Stream(ear) => self.report.events += ear.events,
            }
        }
        assert!(!self.calm || self.ledger.opened() == self.peers.len(), "somebody was not opened, or twice");
        self.report.ends = self.ledger.ends();
    }
}
