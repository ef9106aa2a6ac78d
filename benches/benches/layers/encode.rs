//! Writing answers: the head of a small one, and chunks.

use crate::Layer;
use criterion::Criterion;
use hop::unversioned::wire::encode::{self, Date};
use http::StatusCode;
use std::hint::black_box;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut layer = Layer::new(criterion, "encode");
    let mut out = Vec::with_capacity(64 * 1024);
    let date = Date::new(1_795_458_240);
    let body = hop_examples::BODY.as_bytes();
    let answer_bytes = answer(&mut out, &date, body);
    layer.measure("answer", answer_bytes, || answer(&mut out, black_box(&date), black_box(body)));
    let data = [b'x'; 1024];
    layer.measure("chunk/1024", data.len(), || chunk(&mut out, black_box(&data)));
}

fn answer(out: &mut Vec<u8>, date: &Date, body: &[u8]) -> usize {
    out.clear();
    encode::begin(out, black_box(StatusCode::OK), date);
    encode::checked_header(out, "content-type", hop_examples::BODY_TYPE.as_bytes());
    encode::content_length(out, body.len() as u64);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out.len()
}

fn chunk(out: &mut Vec<u8>, data: &[u8]) -> usize {
    out.clear();
    encode::chunk(out, data);
    out.len()
}
