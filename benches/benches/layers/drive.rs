//! One request through the whole engine, from its bytes to the bytes of the answer: everything but the system calls. Beside it
//! hyper's connection, which does the same work.

use crate::{Layer, REQUESTS, hyper};
use criterion::Criterion;
use hop::{
    Peer, Routes,
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
    let mut driver = Driver::new(routes![hello, article]);
    let id = driver.connect();
    let mut answer = |request: &[u8]| {
        let sent_bytes = driver.send(id, request);
        assert!(sent_bytes > hop_examples::BODY.len(), "nothing was answered");
        sent_bytes
    };
    let pipelined = requests::BARE.repeat(16);
    let requests = [&REQUESTS[..], &[("bare-16-pipelined", &pipelined)]].concat();
    for (name, request) in &requests {
        layer.measure(&format!("hop/{name}"), request.len(), || answer(request));
    }
    for (name, request) in &requests {
        let mut theirs = hyper::Driver::new();
        layer.measure_allocating(&format!("hyper/{name}"), request.len(), u64::MAX, || {
            assert!(theirs.send(request) > hop_examples::BODY.len(), "nothing was answered");
        });
    }
}

/// An engine whose clients take everything at once.
pub(crate) struct Driver {
    engine: Engine,
}

impl Driver {
    pub(crate) fn new(routes: Routes) -> Driver {
        let app: App = routes.build().expect("the routes fit");
        Driver { engine: Engine::new(Arc::new(app), 0, Arc::new(Mailbox::new(Arc::new(NoWake))), OUTSIDE.now) }
    }

    pub(crate) fn connect(&mut self) -> ConnId {
        let Accept::Open(id) = self.engine.accept(&OUTSIDE) else { panic!("an engine without a limit takes it") };
        id
    }

    /// What a worker does after a read: how many bytes that one sends.
    pub(crate) fn send(&mut self, id: ConnId, input: &[u8]) -> usize {
        self.engine.input(id)[..input.len()].copy_from_slice(input);
        self.engine.received(id, input.len(), &OUTSIDE);
        self.flush(id)
    }

    /// What a worker does with the work that waits: how many bytes it sends, to whomever.
    pub(crate) fn run(&mut self) -> usize {
        let mut sent_bytes = 0;
        while let Some(id) = self.engine.run(&OUTSIDE) {
            sent_bytes += self.flush(id);
        }
        sent_bytes
    }

    fn flush(&mut self, id: ConnId) -> usize {
        let mut sent_bytes = 0;
        while let Output::Bytes(bytes) = self.engine.output(id, &OUTSIDE) {
            let bytes = bytes.len();
            self.engine.wrote(id, bytes, &OUTSIDE);
            sent_bytes += bytes;
        }
        self.engine.verdict(id, &OUTSIDE);
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
