//! The world in which a site is simulated: clients, the network between them and the engine, and what happens when.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use hop::unversioned::{ConnId, Now, Ticks};

use super::cipher::Toy;
use super::host::{Closed, Host};
use super::line::Line;
use crate::fuzz;
use crate::rng::{self, Rng};

/// What may happen in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weather {
    /// The network cuts and delays, but everybody behaves: every request has to be answered.
    Calm,
    /// Clients stall, reset, end early, never read and talk nonsense; the machine sleeps; the server is told to stop.
    Storm,
}

/// When a run begins: half of them pass the point where the ticks wrap, within so many ticks.
pub fn beginning(ticks_max: usize, rng: &mut Rng) -> Now {
    let ticks = if rng.chance(50) { u32::MAX - rng.within(0..ticks_max) as u32 } else { rng.next_u64() as u32 };
    Now { ticks: Ticks(ticks), unix_seconds: 1_700_000_000 }
}

/// What a site adds to the world: its clients, and what happens beside what they and the network do.
pub trait Scene: Sized {
    /// A client.
    type Client: Debug;
    /// What happens here only.
    type Event: Copy + Debug;

    /// At most so many clients come.
    const CLIENTS_MAX: usize;
    /// How many bytes a socket may have room for at first.
    const ROOMS: [usize; 4];
    /// Of a hundred clients in a storm, how many say all that they have to say.
    const PERSISTENT: usize;
    /// Of a hundred clients in a storm, how many reset.
    const RESETTING: usize;

    /// Invents a client.
    fn invent(world: &mut World<'_, Self>, name: usize) -> Self::Client;

    /// Its end of its connection.
    fn line(client: &mut Self::Client) -> &mut Line;

    /// How many ticks after its last word a client ends its side, if it does so of its own accord.
    fn leaves_after(client: &Self::Client, rng: &mut Rng) -> Option<usize>;

    /// Does what happens here only.
    fn happens(world: &mut World<'_, Self>, event: Self::Event);

    /// A client hears bytes, or with `ended` that no more will come; returns how many bytes it has to say to that.
    fn hear(world: &mut World<'_, Self>, name: usize, bytes: &[u8], ended: bool) -> usize;

    /// Plans what follows from any step, and checks what must hold after it.
    fn after_step(world: &mut World<'_, Self>);
}

/// What happens anywhere, to a client that is named by a number.
#[derive(Clone, Copy, Debug)]
enum Event<E> {
    Connect(usize),
    Deliver(usize, usize),
    Fin(usize),
    Reset(usize),
    Read(usize),
    Jump(u32),
    Stop,
    Nothing,
    Here(E),
}

/// See the module.
pub struct World<'h, S: Scene> {
    /// What everything here depends on.
    pub rng: Rng,
    /// Whether the weather is calm.
    pub calm: bool,
    /// The engine and its sockets.
    pub host: &'h mut Host,
    /// What this site adds.
    pub scene: S,
    /// Everybody, by name.
    pub clients: Vec<S::Client>,
    /// Resets by clients.
    pub resets: usize,
    /// Connections that were closed with input unread.
    pub closed_unread: usize,
    /// What will happen, by its tick and the order in which it was planned.
    plan: BTreeMap<(u64, usize), Event<S::Event>>,
    planned: usize,
    /// Ticks since the run began.
    time: u64,
    of_conn: HashMap<ConnId, usize>,
    /// Whether one seed is played again, so that what happens is of interest.
    replayed: bool,
}

impl<'h, S: Scene> World<'h, S> {
    /// Plays one seed on a host, until everybody has gone, and checks that nothing is left behind.
    pub fn play(host: &'h mut Host, scene: S, seed: u64, weather: Weather) -> World<'h, S> {
        let mut world = World {
            rng: Rng::new(seed),
            calm: weather == Weather::Calm,
            host,
            scene,
            clients: Vec::new(),
            resets: 0,
            closed_unread: 0,
            plan: BTreeMap::new(),
            planned: 0,
            time: 0,
            of_conn: HashMap::new(),
            replayed: rng::variable(rng::SEED_VARIABLE).is_some(),
        };
        world.populate();
        world.run();
        world.end();
        world
    }

    /// Plans what happens here only.
    pub fn plan(&mut self, after_ticks: usize, event: S::Event) {
        self.schedule(after_ticks, Event::Here(event));
    }

    fn schedule(&mut self, after_ticks: usize, event: Event<S::Event>) {
        self.planned += 1;
        self.plan.insert((self.time + after_ticks as u64, self.planned), event);
    }

    /// Invents the clients and plans what they do.
    fn populate(&mut self) {
        for name in 0..self.rng.within(1..S::CLIENTS_MAX + 1) {
            let client = S::invent(self, name);
            self.clients.push(client);
            self.plan_client(name);
        }
        if !self.calm && self.rng.chance(30) {
            let (at, ticks) = (self.rng.within(0..3000), self.rng.within(0..20_000) as u32);
            self.schedule(at, Event::Jump(ticks));
        }
        if !self.calm && self.rng.chance(20) {
            let at = self.rng.within(0..3000);
            self.schedule(at, Event::Stop);
        }
    }

    fn plan_client(&mut self, name: usize) {
        let mut at = self.rng.within(0..100);
        self.schedule(at, Event::Connect(name));
        let len = self.line(name).says.len();
        let cuts = fuzz::cuts(len, &mut self.rng);
        // A head has ten seconds to arrive: calm networks leave it half of that.
        let calm_delay = (500 * len.min(200) / 200 / cuts.len().min(200)).max(1);
        let delay_ticks_max = if self.calm { calm_delay } else { *self.rng.pick(&[2, 20, 700]) };
        let says_all = self.calm || self.rng.chance(S::PERSISTENT);
        let stalls_after = if says_all { cuts.len() } else { self.rng.within(0..cuts.len() + 1) };
        for &bytes in &cuts[..stalls_after] {
            at += self.rng.within(0..delay_ticks_max + 1);
            self.schedule(at, Event::Deliver(name, bytes));
        }
        if let Some(after) = S::leaves_after(&self.clients[name], &mut self.rng) {
            self.schedule(at + after, Event::Fin(name));
        }
        if !self.calm && self.rng.chance(S::RESETTING) {
            let at = self.rng.within(0..at + 200);
            self.schedule(at, Event::Reset(name));
        }
    }

    fn run(&mut self) {
        while let Some(((time, _), event)) = self.plan.pop_first() {
            let ticks = (time - self.time) as u32;
            self.time = time;
            if ticks > 0 {
                self.host.advance(ticks, i64::from(ticks / 100));
                self.after_step();
            }
            if self.replayed && !matches!(event, Event::Nothing) {
                println!("{}: {event:?}", self.time);
            }
            self.happens(event);
            self.after_step();
        }
    }

    fn happens(&mut self, event: Event<S::Event>) {
        match event {
            Event::Connect(name) => self.connect(name),
            Event::Deliver(name, bytes) => self.deliver(name, bytes),
            Event::Fin(name) => self.fin(name),
            Event::Reset(name) => self.reset(name),
            Event::Read(name) => self.read(name),
            Event::Jump(ticks) => {
                let seconds = self.rng.within(0..100_000) as i64 - 50_000;
                self.host.jump(ticks, seconds);
            }
            Event::Stop => self.host.stop(),
            Event::Nothing => {}
            Event::Here(event) => S::happens(self, event),
        }
    }

    fn line(&mut self, name: usize) -> &mut Line {
        S::line(&mut self.clients[name])
    }

    fn connect(&mut self, name: usize) {
        let room = *self.rng.pick(&S::ROOMS);
        let session = self.line(name).is_secured().then(Toy::server);
        let conn = self.host.connect(session, room);
        self.line(name).conn = conn;
        match conn {
            Some(id) => drop(self.of_conn.insert(id, name)),
            None => assert!(!self.calm, "a client is refused"),
        }
    }

    fn deliver(&mut self, name: usize, bytes: usize) {
        let line = S::line(&mut self.clients[name]);
        let Some(id) = line.conn.filter(|_| !line.fin) else { return };
        let arriving = line.delivered..line.says.len().min(line.delivered + bytes);
        line.delivered = arriving.end;
        let socket = self.host.socket(id).expect("an open connection has a socket");
        socket.arrived.extend(&line.says[arriving]);
        self.host.readable(id, *self.rng.pick(&[1, 100, usize::MAX]));
    }

    fn fin(&mut self, name: usize) {
        let line = self.line(name);
        let Some(id) = line.conn.filter(|_| !line.fin) else { return };
        line.fin = true;
        self.host.socket(id).expect("an open connection has a socket").fin = true;
        self.host.readable(id, usize::MAX);
    }

    fn reset(&mut self, name: usize) {
        let Some(id) = self.line(name).conn.take() else { return };
        self.of_conn.remove(&id);
        self.resets += 1;
        self.host.reset(id);
    }

    /// The client takes some of what has been sent, and says what it has to say to that.
    fn read(&mut self, name: usize) {
        let line = S::line(&mut self.clients[name]);
        line.reading = false;
        let Some(id) = line.conn else { return };
        let socket = self.host.socket(id).expect("an open connection has a socket");
        let n = socket.sent.len().min(line.reads.0);
        let taken: Vec<u8> = socket.sent.drain(..n).collect();
        let ended = socket.shut && socket.sent.is_empty();
        let says = S::hear(self, name, &taken, ended);
        if says > 0 {
            let after = self.rng.within(0..50);
            self.schedule(after, Event::Deliver(name, says));
        }
        if ended {
            self.fin(name);
        }
        self.host.writable(id, n);
    }

    fn after_step(&mut self) {
        for closed in std::mem::take(&mut self.host.closed) {
            self.closed(closed);
        }
        S::after_step(self);
        self.plan_reads();
    }

    fn plan_reads(&mut self) {
        for name in 0..self.clients.len() {
            let line = S::line(&mut self.clients[name]);
            let Some(id) = line.conn.filter(|_| !line.reading) else { continue };
            let socket = self.host.socket(id).expect("an open connection has a socket");
            if !socket.sent.is_empty() || socket.shut && !line.ended {
                line.reading = true;
                let after = line.reads.1;
                self.schedule(after, Event::Read(name));
            }
        }
    }

    fn closed(&mut self, closed: Closed) {
        self.closed_unread += usize::from(closed.unread_bytes > 0);
        let Some(name) = self.of_conn.remove(&closed.id) else { return };
        self.line(name).conn = None;
        S::hear(self, name, &closed.sent, true);
    }

    /// Waits until every connection is gone, and checks that nothing is left behind.
    fn end(&mut self) {
        for _ in 0..60 {
            self.schedule(1000, Event::Nothing);
            self.run();
        }
        for client in &mut self.clients {
            let stays = S::line(client).conn.is_some();
            assert!(!stays, "a connection stays although every timeout has passed: {client:?}");
        }
        assert_eq!(self.host.open(), 0, "a socket is left behind");
        assert_eq!(self.host.wake_at(), None, "a timer is left behind");
        assert!(self.host.jobs.is_empty(), "a job is left behind");
    }
}
