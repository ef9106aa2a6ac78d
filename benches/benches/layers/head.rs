//! Reading a request's head: hop's strict one beside bare httparse, which leaves the strictness to its caller.

use crate::{Layer, REQUESTS};
use criterion::Criterion;
use hop::unversioned::wire::head::{self, HeadLimits};
use httparse::{Header, Request};
use std::{hint::black_box, mem::MaybeUninit};

const FIELDS_MAX: usize = 100;
/// Generous, so that no request of the benches meets them.
pub(crate) const LIMITS: HeadLimits =
    HeadLimits { head_bytes_max: 16 * 1024, line_bytes_max: 8 * 1024, headers_max: FIELDS_MAX };

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut layer = Layer::new(criterion, "head");
    for (name, request) in REQUESTS {
        layer.measure(&format!("httparse/{name}"), request.len(), || bare(black_box(request)));
        layer.measure(&format!("hop/{name}"), request.len(), || hop(black_box(request)));
    }
}

fn bare(input: &[u8]) -> usize {
    let mut headers = [const { MaybeUninit::<Header<'_>>::uninit() }; FIELDS_MAX];
    let mut request = Request::new(&mut []);
    let used = request.parse_with_uninit_headers(input, &mut headers).expect("the request is valid");
    black_box(&request);
    used.unwrap()
}

fn hop(input: &[u8]) -> usize {
    let (used, head) = head::parse(input, &LIMITS).expect("the request is valid").expect("it is whole");
    black_box(&head);
    used
}
