//! Reading a request's head: hop's strict one beside bare httparse, which leaves the strictness to its caller.

use crate::{Layer, REQUESTS};
use criterion::Criterion;
use hop::unversioned::wire::head::{self, HeadLimits};
use httparse::{Header, Request};
use std::{hint::black_box, mem::MaybeUninit};

/// Generous, so that no request of the benches meets them.
pub(crate) const LIMITS: HeadLimits =
    HeadLimits { head_bytes_max: 16 * 1024, line_bytes_max: 8 * 1024, headers_max: head::HEADERS_CEILING };

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut layer = Layer::new(criterion, "head");
    for (name, request) in REQUESTS {
        layer.measure(&format!("httparse/{name}"), request.len(), || bare(black_box(request)));
        // As of a client that has sent the same before.
        let (_, fields) = hop(request, head::FIELDS_EXPECTED);
        layer.measure(&format!("hop/{name}"), request.len(), || hop(black_box(request), fields));
    }
}

fn bare(input: &[u8]) -> usize {
    let mut headers = [const { MaybeUninit::<Header<'_>>::uninit() }; head::HEADERS_CEILING];
    let mut request = Request::new(&mut []);
    let used = request.parse_with_uninit_headers(input, &mut headers).expect("the request is valid");
    black_box(&request);
    used.unwrap()
}

/// How long the head is, and how many fields it has.
fn hop(input: &[u8], fields: usize) -> (usize, usize) {
    let mut slots = head::slots();
    let parsed = head::parse(input, &mut slots, &LIMITS, fields);
    let (used, head) = parsed.expect("the request is valid").expect("it is whole");
    (used, black_box(&head).headers.len())
}
