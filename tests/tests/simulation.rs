//! The engine under a seeded network, seeded clients and a seeded clock.
//!
//! `HOP_SEED=n` replays one run and prints what happens in it; `HOP_SEEDS=n` plays more of them.

use std::cell::Cell;

use hop_tests::rng::{self, for_seeds};
use hop_tests::sim::{self, OUTPUT_BYTES, Report, Weather};

#[test]
fn in_calm_weather_every_request_is_answered() {
    let seen = play_all(1, Weather::Calm);
    assert!(seen.heard.answers > 300 && seen.heard.refused > 0 && seen.heard.cuts > 0, "{seen:?} tests too little");
    assert_eq!((seen.heard.timeouts, seen.resets, seen.too_late), (0, 0, 0), "calm weather is calm");
    assert_eq!(seen.closed_unread, 0, "input left unread would reset the answer away");
    assert!(seen.offered_bytes_max > OUTPUT_BYTES, "{seen:?}: nobody reads slowly");
}

#[test]
fn in_a_storm_nothing_is_mixed_up_or_left_behind() {
    let seen = play_all(1_000_000, Weather::Storm);
    assert!(seen.heard.answers > 100 && seen.heard.timeouts > 0, "{seen:?} tests too little");
    assert!(seen.resets > 0 && seen.too_late > 0, "{seen:?} is no storm");
}

/// Plays the seeds from `first`, each on an engine of its own; replaying a single one, there is nothing to compare.
fn play_all(first: u64, weather: Weather) -> Report {
    let seen = Cell::new(Report::default());
    for_seeds(first, 25, |seed| {
        let (mut host, later) = sim::host(seed);
        seen.set(seen.get().and(sim::play(&mut host, &later, seed, weather)));
    });
    println!("{weather:?}: {:?}", seen.get());
    if rng::variable(rng::SEED_VARIABLE).is_some() {
        std::process::exit(0);
    }
    seen.get()
}
