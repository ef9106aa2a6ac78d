//! Seeded random numbers: splitmix64, so that a test is replayed by its seed on any machine.

use std::ops::Range;

/// The variable that replays one seed: `HOP_SEED=123 cargo test -p hop-tests`.
pub const SEED_VARIABLE: &str = "HOP_SEED";
/// The variable that bounds how many seeds a seeded test runs (each test has its own default).
pub const SEEDS_VARIABLE: &str = "HOP_SEEDS";

/// A stream of numbers that depends on its seed alone.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The stream that belongs to `seed`.
    pub fn new(seed: u64) -> Rng {
        Rng { state: seed }
    }

    /// The next 64 bits (splitmix64; Steele, Lea and Flood 2014).
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `range`, which must not be empty. The bias of the remainder does not matter to a test.
    pub fn within(&mut self, range: Range<usize>) -> usize {
        assert!(!range.is_empty(), "an empty range holds no number");
        range.start + (self.next_u64() % (range.end - range.start) as u64) as usize
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.within(0..100) < percent
    }

    /// One of `choices`, which must not be empty.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.within(0..choices.len())]
    }

    /// A stream of its own for one part of a test, so that parts do not disturb each other's numbers.
    pub fn fork(&mut self) -> Rng {
        Rng::new(self.next_u64())
    }
}

/// Runs `test` once per seed `first..first + count`, or only on `HOP_SEED`; a failing run prints how to replay it.
/// `HOP_SEEDS` replaces `count`.
pub fn for_seeds(first: u64, count: u64, test: impl Fn(u64)) {
    let seeds = match variable(SEED_VARIABLE) {
        Some(seed) => seed..seed + 1,
        None => first..first + variable(SEEDS_VARIABLE).unwrap_or(count),
    };
    for seed in seeds {
        let _announce = PrintSeedOnPanic(seed);
        test(seed);
    }
}

/// The number in an environment variable, if it is set.
///
/// # Panics
/// When it is set to something else than a number: a typing error must not run another test than the one asked for.
pub fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

struct PrintSeedOnPanic(u64);

impl Drop for PrintSeedOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the failing seed is {0}; replay it with {SEED_VARIABLE}={0}", self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_splitmix64() {
        let mut rng = Rng::new(1234567);
        let known = [6457827717110365317, 3203168211198807973, 9817491932198370423];
        assert_eq!([rng.next_u64(), rng.next_u64(), rng.next_u64()], known);
    }

    #[test]
    fn a_range_is_covered_and_not_left() {
        let mut rng = Rng::new(7);
        let mut seen = [false; 5];
        (0..200).for_each(|_| seen[rng.within(3..8) - 3] = true);
        assert_eq!(seen, [true; 5]);
    }

    #[test]
    fn every_seed_is_run() {
        let seen = std::cell::RefCell::new(Vec::new());
        for_seeds(10, 3, |seed| seen.borrow_mut().push(seed));
        assert!(
            variable(SEED_VARIABLE).is_some() || variable(SEEDS_VARIABLE).is_some() || *seen.borrow() == [10, 11, 12]
        );
    }
}
