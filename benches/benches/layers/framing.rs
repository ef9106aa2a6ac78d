//! Where a message ends and what becomes of its connection: the rules alone, and with the head before them.

use crate::{Layer, REQUESTS, head::LIMITS};
use criterion::Criterion;
use hop::unversioned::wire::{framing, head};
use std::hint::black_box;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut layer = Layer::new(criterion, "framing");
    for (name, request) in REQUESTS {
        let mut slots = head::slots();
        let (_, head) = head::parse(request, &mut slots, &LIMITS, head::FIELDS_EXPECTED)
            .expect("the request is valid")
            .expect("it is whole");
        layer.measure(&format!("rules/{name}"), request.len(), || decide(black_box(&head)));
        layer.measure(&format!("head-and-rules/{name}"), request.len(), || read(black_box(request)));
    }
}

fn read(input: &[u8]) -> bool {
    let mut slots = head::slots();
    let (_, head) = head::parse(input, &mut slots, &LIMITS, head::FIELDS_EXPECTED)
        .expect("the request is valid")
        .expect("it is whole");
    decide(&head)
}

fn decide(head: &head::Head<'_, '_>) -> bool {
    let framing = framing::request(head).expect("the request is valid");
    black_box(&framing).keep_alive
}
