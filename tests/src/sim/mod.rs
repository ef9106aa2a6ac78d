//! The simulator: an engine, its clients and a network, all of which depend on one seed.
//!
//! Bytes are split, delayed and merged; clients read slowly or never, end their side, reset, or talk nonsense; handlers answer
//! at once, later, on the blocking pool or in pieces; time passes, and jumps. At every step it is checked that answers come in
//! order and none without its request, that output stays within its limit, that no slot is leaked and that the worker would
//! not spin; at the end, that everybody who behaved was answered and that nothing is left behind.

pub mod cipher;
pub mod client;
pub mod host;
pub mod live;
pub mod site;
pub mod wire;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use hop::unversioned::{App, ConnId, Now, Ticks};

use self::cipher::Toy;
use self::client::Client;
pub use self::client::Heard;
use self::host::{Closed, Host};
use self::site::Later;
use crate::fixture;
use crate::fuzz;
use crate::rng::{self, Rng};

/// Unsent bytes of a connection above which no further request of it is processed.
pub const OUTPUT_BYTES: usize = 8 * 1024;
/// The largest answer of the simulated site, head included, and a record of the toy session.
const ANSWER_BYTES_MAX: usize = 80 * 1024;

/// What may happen in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weather {
    /// The network cuts and delays, but everybody behaves: every request has to be answered.
    Calm,
    /// Clients stall, reset, end early, never read and talk nonsense; the machine sleeps; the server is told to stop.
    Storm,
}

/// What a run has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report {
    /// What the clients have heard.
    pub heard: Heard,
    /// Resets by clients.
    pub resets: usize,
    /// Deferred answers whose client was gone.
    pub too_late: usize,
    /// Connections that were closed with input unread.
    pub closed_unread: usize,
    /// Most unsent bytes that one connection showed.
    pub offered_bytes_max: usize,
    /// Times at which the worker woke although nothing was due.
    pub idle_wakes: usize,
}

impl Report {
    /// Both together.
    pub fn and(self, other: Report) -> Report {
        Report {
            heard: self.heard.and(other.heard),
            resets: self.resets + other.resets,
            too_late: self.too_late + other.too_late,
            closed_unread: self.closed_unread + other.closed_unread,
            offered_bytes_max: self.offered_bytes_max.max(other.offered_bytes_max),
            idle_wakes: self.idle_wakes + other.idle_wakes,
        }
    }
}

/// An engine whose app is the simulated site.
pub fn host(seed: u64) -> (Host, Arc<Later>) {
    let mut rng = Rng::new(seed);
    let later = Arc::<Later>::default();
    // Half of the runs pass the point where the ticks wrap.
    let ticks = if rng.chance(50) { u32::MAX - rng.within(0..3000) as u32 } else { rng.next_u64() as u32 };
    let now = Now { ticks: Ticks(ticks), unix_seconds: 1_700_000_000 };
    (Host::new(app(&later), now), later)
}

fn app(later: &Arc<Later>) -> App {
    let routes = site::routes(later).limits(|limits| limits.output_bytes = OUTPUT_BYTES);
    routes.build().expect("the site has no conflicts")
}

/// Plays one seed on a host, until everybody has gone.
pub fn play(host: &mut Host, later: &Arc<Later>, seed: u64, weather: Weather) -> Report {
    let mut world = World {
        rng: Rng::new(seed),
        calm: weather == Weather::Calm,
        host,
        later,
        plan: BinaryHeap::new(),
        planned: 0,
        time: 0,
        clients: Vec::new(),
        of_conn: HashMap::new(),
        resolving: false,
        working: false,
        replayed: rng::variable(rng::SEED_VARIABLE).is_some(),
        report: Report::default(),
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
    Resolve,
    Job,
    Jump(u32),
    Stop,
    Nothing,
}

struct World<'h> {
    rng: Rng,
    calm: bool,
    host: &'h mut Host,
    later: &'h Arc<Later>,
    plan: BinaryHeap<Reverse<(u64, usize, Event)>>,
    planned: usize,
    /// Ticks since the run began.
    time: u64,
    clients: Vec<Client>,
    of_conn: HashMap<ConnId, usize>,
    resolving: bool,
    working: bool,
    /// Whether one seed is played again, so that what happens is of interest.
    replayed: bool,
    report: Report,
}

impl World<'_> {
    fn plan(&mut self, after_ticks: usize, event: Event) {
        self.planned += 1;
        self.plan.push(Reverse((self.time + after_ticks as u64, self.planned, event)));
    }

    /// Invents the clients and plans what they do.
    fn populate(&mut self) {
        for name in 0..self.rng.within(1..7) {
            let nonsense = if self.calm || self.rng.chance(70) { Vec::new() } else { nonsense(&mut self.rng) };
            let secured = self.rng.chance(25);
            let mut client = Client::new(name, secured, &nonsense, &mut self.rng);
            let slowest = client.expected_bytes() / 50 + 1;
            client.reads =
                (*self.rng.pick(&[usize::MAX, usize::MAX, slowest, slowest * 7]), *self.rng.pick(&[1, 3, 40]));
            if !self.calm && self.rng.chance(10) {
                client.reads = (1, 100_000);
            }
            self.clients.push(client);
            self.plan_client(name);
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

    fn plan_client(&mut self, name: usize) {
        let mut at = self.rng.within(0..100);
        self.plan(at, Event::Connect(name));
        let len = self.clients[name].says.len();
        let cuts = fuzz::cuts(len, &mut self.rng);
        // A head has ten seconds to arrive: calm networks leave it half of that.
        let delay_ticks_max = if self.calm {
            (500 * len.min(200) / 200 / cuts.len().min(200)).max(1)
        } else {
            *self.rng.pick(&[2, 20, 700])
        };
        let stalls_after =
            if self.calm || self.rng.chance(60) { cuts.len() } else { self.rng.within(0..cuts.len() + 1) };
        for &bytes in &cuts[..stalls_after] {
            at += self.rng.within(0..delay_ticks_max + 1);
            self.plan(at, Event::Deliver(name, bytes));
        }
        let stays = self.rng.chance(40);
        if !stays {
            let at = at + self.rng.within(0..50);
            self.plan(at, Event::Fin(name));
        }
        if !self.calm && self.rng.chance(35) {
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
            Event::Resolve => self.resolve(),
            Event::Job => self.work(),
            Event::Jump(ticks) => {
                let seconds = self.rng.within(0..100_000) as i64 - 50_000;
                self.host.jump(ticks, seconds);
            }
            Event::Stop => self.host.stop(),
            Event::Nothing => {}
        }
    }

    fn connect(&mut self, name: usize) {
        let room = *self.rng.pick(&[1, 100, 3000, 200_000]);
        let session = self.clients[name].is_secured().then(Toy::server);
        let client = &mut self.clients[name];
        client.connected = true;
        client.conn = self.host.connect(session, room);
        match client.conn {
            Some(id) => drop(self.of_conn.insert(id, name)),
            None => assert!(!self.calm, "a client is refused"),
        }
    }

    fn deliver(&mut self, name: usize, bytes: usize) {
        let client = &mut self.clients[name];
        let Some(id) = client.conn else { return };
        let arriving = client.delivered..client.delivered + bytes;
        client.delivered = arriving.end;
        let socket = self.host.socket(id).expect("an open connection has a socket");
        socket.arrived.extend(&client.says[arriving]);
        self.host.readable(id, *self.rng.pick(&[1, 100, usize::MAX]));
    }

    fn fin(&mut self, name: usize) {
        let client = &mut self.clients[name];
        let Some(id) = client.conn else { return };
        client.fin = true;
        self.host.socket(id).expect("an open connection has a socket").fin = true;
        self.host.readable(id, usize::MAX);
    }

    fn reset(&mut self, name: usize) {
        let client = &mut self.clients[name];
        let Some(id) = client.conn.take() else { return };
        self.of_conn.remove(&id);
        self.report.resets += 1;
        self.host.reset(id);
    }

    /// The client takes some of what has been sent.
    fn read(&mut self, name: usize) {
        let client = &mut self.clients[name];
        client.reading = false;
        let Some(id) = client.conn else { return };
        let socket = self.host.socket(id).expect("an open connection has a socket");
        let n = socket.sent.len().min(client.reads.0);
        let taken: Vec<u8> = socket.sent.drain(..n).collect();
        let ended = socket.shut && socket.sent.is_empty();
        client.hear(&taken, ended, self.calm);
        if ended && !client.fin {
            self.fin(name);
        }
        self.host.writable(id, n);
    }

    /// Somebody keeps a promise: an answer is sent, or a gate opens.
    fn resolve(&mut self) {
        self.resolving = false;
        let newest = self.rng.chance(50);
        if let Some(deferred) = self.later.take_deferred(newest) {
            let gone = deferred.responder.is_closed();
            self.report.too_late += usize::from(gone);
            let sent = deferred.responder.send(deferred.answer);
            assert_eq!(sent == hop::Sent::Closed, gone, "what becomes of an answer is known");
        }
        if let Some(gate) = self.later.take_gate(newest) {
            gate.open();
        }
        self.host.work();
    }

    /// A thread of the blocking pool takes a job; now and then there is none free.
    fn work(&mut self) {
        self.working = false;
        let Some(job) = self.host.jobs.pop_front() else { return };
        if self.rng.chance(5) {
            job.refuse()
        } else {
            job.run()
        }
        self.host.work();
    }

    /// What follows from any step, and what must hold after it.
    fn after_step(&mut self) {
        for closed in std::mem::take(&mut self.host.closed) {
            self.closed(closed);
        }
        for (id, gone) in self.later.waiting() {
            let name: usize = id[1..]
                .split('r')
                .next()
                .and_then(|name| name.parse().ok())
                .expect("names of requests say whose they are");
            assert_eq!(gone, self.clients[name].conn.is_none(), "a promise to {id} knows whether somebody waits");
        }
        assert!(self.host.offered_bytes_max <= OUTPUT_BYTES + ANSWER_BYTES_MAX, "output grows beyond its limit");
        if !self.resolving && !self.later.is_empty() {
            self.resolving = true;
            let slowest = *self.rng.pick(if self.calm { &[1, 30, 300] } else { &[1, 300, 3000] });
            let after = self.rng.within(0..slowest);
            self.plan(after, Event::Resolve);
        }
        if !self.working && !self.host.jobs.is_empty() {
            self.working = true;
            let after = self.rng.within(0..50);
            self.plan(after, Event::Job);
        }
        self.plan_reads();
    }

    fn plan_reads(&mut self) {
        for name in 0..self.clients.len() {
            let client = &mut self.clients[name];
            let Some(id) = client.conn.filter(|_| !client.reading) else { continue };
            let socket = self.host.socket(id).expect("an open connection has a socket");
            if !socket.sent.is_empty() || socket.shut && !client.ended {
                client.reading = true;
                let after = client.reads.1;
                self.plan(after, Event::Read(name));
            }
        }
    }

    fn closed(&mut self, closed: Closed) {
        self.report.closed_unread += usize::from(closed.unread_bytes > 0);
        let Some(name) = self.of_conn.remove(&closed.id) else { return };
        let client = &mut self.clients[name];
        client.conn = None;
        client.hear(&closed.sent, true, self.calm);
    }

    /// Waits until every connection is gone, and checks that nothing is left behind.
    fn end(&mut self) {
        for _ in 0..60 {
            self.plan(1000, Event::Nothing);
            self.run();
        }
        let still: Vec<&Client> = self.clients.iter().filter(|client| client.conn.is_some()).collect();
        assert!(still.is_empty(), "connections stay although every timeout has passed: {still:?}");
        assert_eq!(self.host.open(), 0, "a socket is left behind");
        assert_eq!(self.host.wake_at(), None, "a timer is left behind");
        assert!(self.later.is_empty() && self.host.jobs.is_empty(), "somebody still waits");
        for client in &self.clients {
            assert!(!self.calm || client.is_satisfied(), "a request was not answered: {client:?}");
            self.report.heard = self.report.heard.and(client.heard);
        }
        self.report.offered_bytes_max = self.host.offered_bytes_max;
        self.report.idle_wakes = self.host.idle_wakes;
    }
}

/// Anything but a request.
fn nonsense(rng: &mut Rng) -> Vec<u8> {
    let corpus: Vec<Vec<u8>> = fixture::all().into_iter().map(|case| case.raw).filter(|raw| raw.len() < 2000).collect();
    fuzz::mutate(&corpus, rng)
}
