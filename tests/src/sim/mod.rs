//! The simulator: an engine, its clients and a network, all of which depend on one seed.
//!
//! Bytes are split, delayed and merged; clients read slowly or never, end their side, reset, or talk nonsense; handlers answer
//! at once, later, on the blocking pool or in pieces; time passes, and jumps. At every step it is checked that answers come in
//! order and none without its request, that output stays within its limit, that no slot is leaked and that the worker would
//! not spin; at the end, that everybody who behaved was answered and that nothing is left behind.

pub mod cipher;
pub mod client;
pub mod host;
pub mod line;
pub mod live;
pub mod site;
pub mod wire;
pub mod world;

use std::sync::Arc;

use hop::unversioned::App;

use self::client::Client;
pub use self::client::Heard;
use self::host::Host;
use self::line::Line;
use self::site::Later;
pub use self::world::Weather;
use self::world::{Scene, World};
use crate::fixture;
use crate::fuzz;
use crate::rng::Rng;

/// Unsent bytes of a connection above which no further request of it is processed.
pub const OUTPUT_BYTES: usize = 8 * 1024;
/// The largest answer of the simulated site, head included, and a record of the toy session.
const ANSWER_BYTES_MAX: usize = 80 * 1024;

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
    let later = Arc::<Later>::default();
    let now = world::beginning(3000, &mut Rng::new(seed));
    (Host::new(app(&later), now), later)
}

fn app(later: &Arc<Later>) -> App {
    let routes = site::routes(later).limits(|limits| limits.output_bytes = OUTPUT_BYTES);
    routes.build().expect("the site has no conflicts")
}

/// Plays one seed on a host, until everybody has gone.
pub fn play(host: &mut Host, later: &Arc<Later>, seed: u64, weather: Weather) -> Report {
    let promises = Promises { later, resolving: false, working: false, too_late: 0 };
    let world = World::play(host, promises, seed, weather);
    assert!(later.is_empty(), "somebody still waits");
    let mut report = Report {
        heard: Heard::default(),
        resets: world.resets,
        too_late: world.scene.too_late,
        closed_unread: world.closed_unread,
        offered_bytes_max: world.host.offered_bytes_max,
        idle_wakes: world.host.idle_wakes,
    };
    for client in &world.clients {
        assert!(!world.calm || client.is_satisfied(), "a request was not answered: {client:?}");
        report.heard = report.heard.and(client.heard);
    }
    report
}

/// What happens here only: promises are kept.
#[derive(Clone, Copy, Debug)]
enum Event {
    Resolve,
    Job,
}

/// What handlers have promised.
struct Promises<'l> {
    later: &'l Later,
    /// Whether one will be kept.
    resolving: bool,
    /// Whether a job of the blocking pool will be run.
    working: bool,
    /// Deferred answers whose client was gone.
    too_late: usize,
}

impl Scene for Promises<'_> {
    type Client = Client;
    type Event = Event;

    const CLIENTS_MAX: usize = 6;
    const ROOMS: [usize; 4] = [1, 100, 3000, 200_000];
    const PERSISTENT: usize = 60;
    const RESETTING: usize = 35;

    fn invent(world: &mut World<'_, Self>, name: usize) -> Client {
        let (calm, rng) = (world.calm, &mut world.rng);
        let nonsense = if calm || rng.chance(70) { Vec::new() } else { nonsense(rng) };
        let secured = rng.chance(25);
        let mut client = Client::new(name, secured, &nonsense, rng);
        let slowest = client.expected_bytes() / 50 + 1;
        client.line.reads = (*rng.pick(&[usize::MAX, usize::MAX, slowest, slowest * 7]), *rng.pick(&[1, 3, 40]));
        if !calm && rng.chance(10) {
            client.line.reads = (1, 100_000);
        }
        client
    }

    fn line(client: &mut Client) -> &mut Line {
        &mut client.line
    }

    fn leaves_after(_: &Client, rng: &mut Rng) -> Option<usize> {
        let stays = rng.chance(40);
        (!stays).then(|| rng.within(0..50))
    }

    fn happens(world: &mut World<'_, Self>, event: Event) {
        match event {
            Event::Resolve => resolve(world),
            Event::Job => work(world),
        }
    }

    fn hear(world: &mut World<'_, Self>, name: usize, bytes: &[u8], ended: bool) -> usize {
        world.clients[name].hear(bytes, ended, world.calm);
        0
    }

    fn after_step(world: &mut World<'_, Self>) {
        for (id, gone) in world.scene.later.waiting() {
            let name: usize = id[1..]
                .split('r')
                .next()
                .and_then(|name| name.parse().ok())
                .expect("names of requests say whose they are");
            let conn = world.clients[name].line.conn;
            assert_eq!(gone, conn.is_none(), "a promise to {id} knows whether somebody waits");
        }
        assert!(world.host.offered_bytes_max <= OUTPUT_BYTES + ANSWER_BYTES_MAX, "output grows beyond its limit");
        if !world.scene.resolving && !world.scene.later.is_empty() {
            world.scene.resolving = true;
            let slowest = *world.rng.pick(if world.calm { &[1, 30, 300] } else { &[1, 300, 3000] });
            let after = world.rng.within(0..slowest);
            world.plan(after, Event::Resolve);
        }
        if !world.scene.working && !world.host.jobs.is_empty() {
            world.scene.working = true;
            let after = world.rng.within(0..50);
            world.plan(after, Event::Job);
        }
    }
}

/// Somebody keeps a promise: an answer is sent, or a gate opens.
fn resolve(world: &mut World<'_, Promises<'_>>) {
    let promises = &mut world.scene;
    promises.resolving = false;
    let newest = world.rng.chance(50);
    if let Some(deferred) = promises.later.take_deferred(newest) {
        let gone = deferred.responder.is_closed();
        promises.too_late += usize::from(gone);
        let sent = deferred.responder.send(deferred.answer);
        assert_eq!(sent == hop::Sent::Closed, gone, "what becomes of an answer is known");
    }
    if let Some(gate) = promises.later.take_gate(newest) {
        gate.open();
    }
    world.host.work();
}

/// A thread of the blocking pool takes a job; now and then there is none free.
fn work(world: &mut World<'_, Promises<'_>>) {
    world.scene.working = false;
    let Some(job) = world.host.jobs.pop_front() else { return };
    if world.rng.chance(5) {
        job.refuse()
    } else {
        job.run()
    }
    world.host.work();
}

/// Anything but a request.
fn nonsense(rng: &mut Rng) -> Vec<u8> {
    let corpus: Vec<Vec<u8>> = fixture::all().into_iter().map(|case| case.raw).filter(|raw| raw.len() < 2000).collect();
    fuzz::mutate(&corpus, rng)
}
