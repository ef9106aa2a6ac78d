//! The layers of hop one by one, without system calls: `cargo bench -p hop-benches --bench layers -- head`.
//!
//! Each bench first asserts that its work allocates nothing, and stands beside the bare parser where there is one.

mod chunk;
mod encode;
mod framing;
mod head;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use hop_benches::requests;

criterion_group!(benches, head::bench, framing::bench, chunk::bench, encode::bench);
criterion_main!(benches);

/// The requests that are parsed, by name.
const REQUESTS: [(&str, &[u8]); 3] =
    [("bare", requests::BARE), ("fixture-520", requests::FIXTURE), ("browser-715", requests::BROWSER)];

/// The group of one layer.
fn group<'c>(criterion: &'c mut Criterion, layer: &str) -> BenchmarkGroup<'c, WallTime> {
    criterion.benchmark_group(layer)
}

/// Times `work` on `bytes` bytes, after asserting that it allocates nothing once it is warm.
fn measure<T>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, bytes: usize, mut work: impl FnMut() -> T) {
    work();
    let allocations = allocation_counter::measure(|| drop(std::hint::black_box(work()))).count_total;
    assert_eq!(allocations, 0, "{name} allocates");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function(name, |bencher| bencher.iter(&mut work));
}
