//! The layers of hop one by one, without system calls: `cargo bench -p hop-benches --bench layers -- head`.
//!
//! Each bench of hop first asserts how often its work allocates, mostly never, and stands beside the bare parser where there is one.

mod chunk;
mod drive;
mod encode;
mod frame;
mod framing;
mod head;
mod hyper;
mod live;
mod route;
mod utf8;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use hop_benches::requests;
use std::{env, hint::black_box};

criterion_group!(
    benches,
    head::bench,
    framing::bench,
    chunk::bench,
    encode::bench,
    route::bench,
    drive::bench,
    frame::bench,
    utf8::bench,
    live::bench
);
criterion_main!(benches);

/// The requests that are parsed, by name.
const REQUESTS: [(&str, &[u8]); 3] =
    [("bare", requests::BARE), ("fixture-520", requests::FIXTURE), ("browser-715", requests::BROWSER)];

/// The benches of one layer.
struct Layer<'c> {
    name: &'static str,
    group: BenchmarkGroup<'c, WallTime>,
    counted: Option<Counted>,
}

impl<'c> Layer<'c> {
    fn new(criterion: &'c mut Criterion, name: &'static str) -> Layer<'c> {
        Layer { name, group: criterion.benchmark_group(name), counted: Counted::from_env() }
    }

    /// Times `work` on `bytes` bytes, after asserting that it allocates nothing once it is warm.
    fn measure<T>(&mut self, name: &str, bytes: usize, work: impl FnMut() -> T) {
        self.measure_allocating(name, bytes, 0, work);
    }

    /// Times work that allocates at most so often.
    fn measure_allocating<T>(&mut self, name: &str, bytes: usize, most: u64, mut work: impl FnMut() -> T) {
        if let Some(counted) = &self.counted {
            return counted.run(&format!("{}/{name}", self.name), work);
        }
        let allocations = allocations(&mut work);
        assert!(allocations <= most, "{name} allocates {allocations} times, at most {most} are fine");
        self.group.throughput(Throughput::Bytes(bytes as u64));
        self.group.bench_function(name, |bencher| bencher.iter(&mut work));
    }
}

/// How often work allocates when it is warm.
fn allocations<T>(work: &mut impl FnMut() -> T) -> u64 {
    work();
    allocation_counter::measure(|| drop(black_box(work()))).count_total
}

/// What `benches/scripts/layers.sh` asks for instead of times: that one piece of work is done so often, under callgrind.
struct Counted {
    name: String,
    times: u64,
}

impl Counted {
    /// `HOP_LAYER` is the name of the work, `HOP_LAYER_TIMES` how often it is done; without a name, all names are printed, and how
    /// often each allocates.
    fn from_env() -> Option<Counted> {
        let times = env::var("HOP_LAYER_TIMES").ok()?.parse().expect("HOP_LAYER_TIMES is a number");
        Some(Counted { name: env::var("HOP_LAYER").unwrap_or_default(), times })
    }

    fn run<T>(&self, name: &str, mut work: impl FnMut() -> T) {
        if self.name.is_empty() {
            println!("layer {name} {}", allocations(&mut work));
        } else if self.name == name {
            (0..self.times).for_each(|_| drop(black_box(work())));
        }
    }
}
