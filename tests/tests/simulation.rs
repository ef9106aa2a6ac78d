//! The engine under a seeded network, seeded clients and a seeded clock.
//!
//! `HOP_SEED=n` replays one run and prints what happens in it; `HOP_SEEDS=n` plays more of them.

use std::cell::RefCell;
use std::fmt::Debug;

use hop_tests::rng::{self, for_seeds};
use hop_tests::sim::live::{self, LiveReport};
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

#[test]
fn in_calm_weather_every_message_comes_back() {
    let seen = play_live(2_000_000, 40, Weather::Calm);
    assert!(seen.echoes > 100 && seen.events > 100, "{seen:?} tests too little");
    for end in ["Client", "Left", "Closed", "Violation", "Idle", "Panicked"] {
        assert!(seen.ended_by(end) > 0, "nobody was ended by {end}: {seen:?}");
    }
    for end in ["Overflow", "Stalled", "Shutdown"] {
        assert_eq!(seen.ended_by(end), 0, "calm weather is calm");
    }
}

#[test]
fn in_a_storm_every_end_is_told_once() {
    let seen = play_live(3_000_000, 120, Weather::Storm);
    assert!(seen.echoes > 30 && seen.resets > 0, "{seen:?} tests too little");
    for end in ["Client", "Left", "Closed", "Violation", "Idle", "Overflow", "Stalled", "Shutdown", "Panicked"] {
        assert!(seen.ended_by(end) > 0, "nobody was ended by {end}: {seen:?}");
    }
}

/// Plays seeds with requests and answers.
fn play_all(first: u64, weather: Weather) -> Report {
    play(first, 25, weather, Report::and, |seed| {
        let (mut host, later) = sim::host(seed);
        sim::play(&mut host, &later, seed, weather)
    })
}

/// Plays seeds with WebSockets and event streams.
fn play_live(first: u64, count: u64, weather: Weather) -> LiveReport {
    play(first, count, weather, LiveReport::and, |seed| {
        let (mut host, ledger) = live::host(seed, weather);
        live::play(&mut host, &ledger, seed, weather)
    })
}

/// Plays the seeds from `first`, each on an engine of its own; replaying a single one, there is nothing to compare.
fn play<R: Default + Debug>(first: u64, count: u64, weather: Weather, and: fn(R, R) -> R, run: impl Fn(u64) -> R) -> R {
    let seen = RefCell::new(R::default());
    for_seeds(first, count, |seed| {
        let report = run(seed);
        seen.replace_with(|seen| and(std::mem::take(seen), report));
    });
    println!("{weather:?}: {:?}", seen.borrow());
    if rng::variable(rng::SEED_VARIABLE).is_some() {
        std::process::exit(0);
    }
    seen.into_inner()
}
