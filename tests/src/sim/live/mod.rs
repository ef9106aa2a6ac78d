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

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use self::peer::{Ear, Peer};
use self::script::End;
pub use self::site::Ledger;
use super::host::Host;
use super::line::Line;
use super::world::{self, Scene, Weather, World};
use crate::rng::Rng;
use crate::sim::OUTPUT_BYTES;

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
    let now = world::beginning(9000, &mut rng);
    let queue_bytes = if weather == Weather::Calm { 10 * QUEUE_BYTES } else { *rng.pick(&[5000, QUEUE_BYTES]) };
    let routes = site::routes(&ledger).limits(|limits| limits.output_bytes = OUTPUT_BYTES).live(move |live| {
        (live.message_bytes, live.queue_bytes) = (script::MESSAGE_BYTES, queue_bytes);
        live.every = Some(Duration::from_millis(1700));
        live.keep_alive = Duration::from_millis(1100);
    });
    let app = routes.build().expect("the room has no conflicts");
    (Host::new(app, now), ledger)
}

/// Plays one seed on a host, until everybody has gone.
pub fn play(host: &mut Host, ledger: &Arc<Ledger>, seed: u64, weather: Weather) -> LiveReport {
    ledger.clear();
    let world = World::play(host, Room { ledger, resuming: false }, seed, weather);
    assert_eq!(ledger.open_count(), 0, "an end was not told");
    assert!(!world.calm || ledger.opened() == world.clients.len(), "somebody was not opened, or twice");
    let mut report = LiveReport { resets: world.resets, ends: ledger.ends(), ..LiveReport::default() };
    for peer in &world.clients {
        if world.calm {
            peer.check_calm();
        }
        match &peer.ear {
            Ear::Socket(ear) => report.echoes += ear.echoed(),
            Ear::Stream(ear) => report.events += ear.events,
        }
    }
    report
}

/// What happens here only: a handle resumes its connection.
#[derive(Clone, Copy, Debug)]
struct Resume;

struct Room<'l> {
    ledger: &'l Ledger,
    /// Whether a connection will be resumed.
    resuming: bool,
}

impl Scene for Room<'_> {
    type Client = Peer;
    type Event = Resume;

    const CLIENTS_MAX: usize = 7;
    const ROOMS: [usize; 4] = [10, 100, 3000, 200_000];
    const PERSISTENT: usize = 70;
    const RESETTING: usize = 25;

    fn invent(world: &mut World<'_, Self>, name: usize) -> Peer {
        let secured = world.rng.chance(25);
        let mut peer = Peer::new(name, secured, &mut world.rng);
        if !world.calm && world.rng.chance(15) {
            peer.line.reads = (1, 100_000);
        }
        peer
    }

    fn line(peer: &mut Peer) -> &mut Line {
        &mut peer.line
    }

    fn leaves_after(peer: &Peer, rng: &mut Rng) -> Option<usize> {
        let stays = if matches!(peer.ear, Ear::Stream(_)) { 3000 } else { 50 };
        (peer.end() == End::Fin).then(|| rng.within(0..stays))
    }

    fn happens(world: &mut World<'_, Self>, Resume: Resume) {
        world.scene.resuming = false;
        if let Some(handle) = world.scene.ledger.take_paused() {
            let is_closed = handle.is_closed();
            assert_eq!(
                handle.resume() == hop::Sent::Closed,
                is_closed,
                "a handle knows whether its connection is there"
            );
        }
        world.host.work();
    }

    fn hear(world: &mut World<'_, Self>, name: usize, bytes: &[u8], ended: bool) -> usize {
        world.clients[name].hear(bytes, ended, &mut world.rng)
    }

    fn after_step(world: &mut World<'_, Self>) {
        let open = world.scene.ledger.open_count();
        assert!(open <= world.host.open(), "a connection is gone, and its handler was not told");
        let limit = if world.calm { 10 * QUEUE_BYTES } else { QUEUE_BYTES } + EXCESS_BYTES;
        assert!(world.host.offered_bytes_max <= limit, "{} bytes wait", world.host.offered_bytes_max);
        world.clients.iter().for_each(Peer::check_code);
        if !world.scene.resuming && world.scene.ledger.has_paused() {
            world.scene.resuming = true;
            let after = world.rng.within(0..if world.calm { 500 } else { 5000 });
            world.plan(after, Resume);
        }
    }
}
