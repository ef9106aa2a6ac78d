//! Fuzzing on stable Rust: seeded mutations of the fixtures, for a bounded number of inputs or seconds.
//!
//! Without coverage feedback the corpus has to be good: it is every byte string that the fixtures hold, crossed and cut, with
//! a dictionary of the words that decide about framing.

use std::time::{Duration, Instant};

use crate::fixture;
use crate::rng::{self, Rng};

/// The variable that lets each target run for so many seconds instead of its default number of inputs.
pub const SECONDS_VARIABLE: &str = "HOP_FUZZ_SECONDS";

/// Inputs longer than this are not made: the interesting mistakes are short.
const INPUT_BYTES_MAX: usize = 16 * 1024;

/// Words that mean something to a parser of HTTP/1.1.
const DICTIONARY: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b",",
    b";",
    b"=",
    b"\"",
    b"\\",
    b"\x0b",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET",
    b"HEAD",
    b"POST",
    b"CONNECT",
    b"OPTIONS",
    b"*",
    b"http://a/",
    b"//",
    b"?",
    b"#",
    b"%00",
    b"%2F",
    b"HTTP/1.1",
    b"HTTP/1.0",
    b"HTTP/1.2",
    b"HTTP/2.0",
    b"Host: a\r\n",
    b"Connection: close\r\n",
    b"Connection: keep-alive\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Content-Length: 18446744073709551616\r\n",
    b"Content-Length: +1\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"transfer-encoding: ,\r\n",
    b"Expect: 100-continue\r\n",
    b"Upgrade: h2c\r\n",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n",
    b"ffffffffffffffff",
    b"10000000000000000",
    b"0",
    b"00000",
    b";a=b",
    b";a=\"b\"",
    b"X: y\r\n",
    b" folded\r\n",
];

/// Runs `target` on mutated inputs: the `inputs` that belong to its `name`, or for `HOP_FUZZ_SECONDS`. A failing input is
/// printed together with the seed that makes it. The target says whether the input was accepted, so that a run that only ever
/// saw one verdict, and so proves nothing, fails.
pub fn run(name: &str, inputs: u64, target: impl Fn(&[u8], &mut Rng) -> bool) {
    let seconds =
        || rng::variable(SECONDS_VARIABLE).map(|seconds| Bound::Until(Instant::now() + Duration::from_secs(seconds)));
    let replayed = rng::variable(rng::SEED_VARIABLE).map(Bound::Seed);
    run_within(name, replayed.or_else(seconds).unwrap_or(Bound::Inputs(inputs)), target);
}

/// Where a run ends.
#[derive(Clone, Copy, Debug)]
enum Bound {
    Inputs(u64),
    Until(Instant),
    /// One input: the one that this seed makes.
    Seed(u64),
}

fn run_within(name: &str, bound: Bound, target: impl Fn(&[u8], &mut Rng) -> bool) {
    let corpus: Vec<Vec<u8>> =
        fixture::all().into_iter().map(|case| case.raw).filter(|raw| raw.len() < INPUT_BYTES_MAX).collect();
    let of_name = name.bytes().fold(0_u64, |seed, byte| seed.wrapping_mul(1_000_003) + u64::from(byte)) << 20;
    let first = if let Bound::Seed(seed) = bound { seed } else { of_name };
    let goes_on = |done: u64| match bound {
        Bound::Inputs(inputs) => done < inputs,
        Bound::Until(deadline) => Instant::now() < deadline,
        Bound::Seed(_) => done == 0,
    };
    let (mut done, mut accepted) = (0, 0);
    while goes_on(done) {
        let seed = first + done;
        let mut rng = Rng::new(seed);
        let input = mutate(&corpus, &mut rng);
        let _announce = PrintOnPanic { name, seed, input: &input };
        accepted += u64::from(target(&input, &mut rng));
        done += 1;
    }
    println!("fuzz {name}: {done} inputs from seed {first}, {accepted} of them accepted");
    let telling = (done / 50..done).contains(&accepted);
    assert!(done < 1000 || telling, "{accepted} of {done} inputs were accepted: mutate better");
}

struct PrintOnPanic<'a> {
    name: &'a str,
    seed: u64,
    input: &'a [u8],
}

impl Drop for PrintOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (name, seed, input) = (self.name, self.seed, self.input.escape_ascii());
            eprintln!("fuzz {name} fails; replay it with {}={seed}; the input is \"{input}\"", rng::SEED_VARIABLE);
        }
    }
}

/// An input made of one or two of `corpus` by a few random changes; now and then an unchanged one.
pub fn mutate(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut input = rng.pick(corpus).clone();
    for _ in 0..rng.within(0..6) {
        change(&mut input, corpus, rng);
    }
    input.truncate(INPUT_BYTES_MAX);
    input
}

fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], rng: &mut Rng) {
    let at = rng.within(0..input.len() + 1);
    let end = at + rng.within(0..(input.len() - at).min(40) + 1);
    match rng.within(0..8) {
        0 => input.truncate(at),
        1 => drop(input.drain(at..end)),
        2 => drop(input.splice(at..at, rng.pick(DICTIONARY).iter().copied())),
        3 => drop(input.splice(at..end, rng.pick(DICTIONARY).iter().copied())),
        4 => {
            let copy = input[at..end].to_vec();
            input.splice(at..at, copy);
        }
        5 if at < input.len() => input[at] ^= 1 << rng.within(0..8),
        6 if at < input.len() => input[at] = rng.next_u64() as u8,
        _ => {
            let other = rng.pick(corpus);
            let from = rng.within(0..other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
    }
}

/// Random cuts of `len` bytes into reads: the lengths of the reads, none of them 0.
pub fn cuts(len: usize, rng: &mut Rng) -> Vec<usize> {
    let mut left = len;
    let largest = *rng.pick(&[1, 2, 7, 40, 300, usize::MAX]);
    // Long inputs in single bytes take long and show nothing new.
    let largest = largest.max(len / 1000);
    let mut cuts = Vec::new();
    while left > 0 {
        let cut = rng.within(1..left.min(largest) + 1);
        cuts.push(cut);
        left -= cut;
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn the_same_seed_makes_the_same_input_and_others_differ() {
        let corpus = [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), b"hello".to_vec()];
        let inputs: Vec<Vec<u8>> = (0..200).map(|seed| mutate(&corpus, &mut Rng::new(seed))).collect();
        assert_eq!(inputs[7], mutate(&corpus, &mut Rng::new(7)));
        let different: std::collections::BTreeSet<&Vec<u8>> = inputs.iter().collect();
        assert!(different.len() > 100 && inputs.contains(&corpus[0]));
    }

    #[test]
    fn a_target_sees_as_many_inputs_as_it_asks_for() {
        let seen = RefCell::new(0);
        run_within("count", Bound::Inputs(25), |_, _| {
            *seen.borrow_mut() += 1;
            true
        });
        assert_eq!(*seen.borrow(), 25);
    }

    #[test]
    #[should_panic(expected = "mutate better")]
    fn a_run_that_sees_one_verdict_only_fails() {
        run_within("one verdict", Bound::Inputs(1000), |_, _| true);
    }

    #[test]
    fn cuts_add_up() {
        (0..100).for_each(|seed| assert_eq!(cuts(1000, &mut Rng::new(seed)).iter().sum::<usize>(), 1000));
        assert!(cuts(0, &mut Rng::new(1)).is_empty());
    }
}
