//! One request through the whole engine, from its bytes to the bytes of the answer: everything but the system calls.

use crate::{Layer, REQUESTS};
use criterion::Criterion;
use hop::{
    Peer,
    prelude::*,
    unversioned::{Accept, App, ConnId, Engine, Mailbox, Now, Output, Outside, Peers, Wake},
};
use hop_benches::requests;
use std::sync::Arc;

#[route("/")]
fn hello() -> &'static str {
    hop_examples::BODY
}

/// The path of the 520-byte fixture.
#[route("/articles/{year}/{month}")]
fn article(request: &Request<'_>) -> &'static str {
    std::hint::black_box(request.param("month"));
    hop_examples::BODY
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut layer = Layer::new(criterion, "drive");
    let mut driver = Driver::new();
    for (name, request) in REQUESTS {
        layer.measure(name, request.len(), || driver.answer(request));
    }
    let pipelined = requests::BARE.repeat(16);
    layer.measure("bare-16-pipelined", pipelined.len(), || driver.answer(&pipelined));
}

/// An engine with one connection, whose socket takes everything at once.
struct Driver {
    engine: Engine,
    id: ConnId,
}

impl Driver {
    fn new() -> Driver {
        let app: App = routes![hello, article].build().expect("the routes fit");
        let mut engine = Engine::new(Arc::new(app), 0, Arc::new(Mailbox::new(Arc::new(NoWake))), OUTSIDE.now);
        let Accept::Open(id) = engine.accept(&OUTSIDE) else { panic!("an empty engine takes a connection") };
        Driver { engine, id }
    }

    /// What a worker does after a read: bytes of the answers.
    fn answer(&mut self, input: &[u8]) -> usize {
        let (engine, id) = (&mut self.engine, self.id);
        engine.input(id)[..input.len()].copy_from_slice(input);
        engine.received(id, input.len(), &OUTSIDE);
        let mut sent_bytes = 0;
        while let Output::Bytes(bytes) = engine.output(id, &OUTSIDE) {
            let bytes = bytes.len();
            engine.wrote(id, bytes, &OUTSIDE);
            sent_bytes += bytes;
        }
        engine.verdict(id, &OUTSIDE);
        assert!(sent_bytes > hop_examples::BODY.len(), "nothing was answered");
        sent_bytes
    }
}

/// A moment that does not pass, and nobody at the other end.
const OUTSIDE: Outside<'static> =
    Outside { now: Now { ticks: hop::unversioned::Ticks(0), unix_seconds: 1_795_458_240 }, peers: &Nobody };

struct Nobody;

impl Peers for Nobody {
    fn peer(&self, _: ConnId) -> Peer {
        Peer::Unknown
    }
}

struct NoWake;

impl Wake for NoWake {
    fn wake(&self) {}
}
