//! Where a message ends and what becomes of its connection: the rules alone, and with the head before them.

use crate::{Layer, REQUESTS, head::LIMITS};
use criterion::Criterion;
use hop::unversioned::wire::framing::Seen;
use hop::unversioned::wire::head::{self, HeadError, Version};
use std::hint::black_box;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut layer = Layer::new(criterion, "framing");
    for (name, request) in REQUESTS {
        let mut fields = Vec::new();
        read(request, |name, value| fields.push((name, value)));
        layer.measure(&format!("rules/{name}"), request.len(), || decide(black_box(&fields)));
        layer.measure(&format!("head-and-rules/{name}"), request.len(), || read_and_decide(black_box(request)));
    }
}

fn decide(fields: &[(&[u8], &[u8])]) -> bool {
    let mut seen = Seen::default();
    for (name, value) in fields {
        seen.field(name, value).expect("the field is valid");
    }
    black_box(&seen.decide(Version::Http11).expect("the request is valid")).keep_alive
}

fn read_and_decide(input: &[u8]) -> bool {
    let mut seen = Seen::default();
    let version = read(input, |name, value| seen.field(name, value).expect("the field is valid"));
    black_box(&seen.decide(version).expect("the request is valid")).keep_alive
}

fn read<'b>(input: &'b [u8], mut each: impl FnMut(&'b [u8], &'b [u8])) -> Version {
    let each = |name, value| {
        each(name, value);
        Ok::<_, HeadError>(())
    };
    let (_, head) = head::parse_with(input, &LIMITS, each).expect("the request is valid").expect("it is whole");
    black_box(&head).version
}
