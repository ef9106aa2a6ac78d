//! The wheel beside a map that does the same naively, and its promises about waking one by one.

use std::collections::BTreeMap;

use super::*;
use crate::rng::{Rng, for_seeds};

/// All slots that are due, sorted.
fn due(wheel: &mut Wheel, now: Ticks) -> Vec<u32> {
    let mut slots: Vec<u32> = std::iter::from_fn(|| wheel.pop(now)).collect();
    slots.sort_unstable();
    slots
}

/// Sleeps until each wake-up until something is due; gives when and how many wake-ups it took.
fn first_due(wheel: &mut Wheel) -> (Ticks, usize) {
    for wakes in 1.. {
        let now = wheel.next_wake().expect("something is set");
        if !due(wheel, now).is_empty() {
            return (now, wakes);
        }
    }
    unreachable!("the count of wake-ups has no end")
}

#[test]
fn a_duration_is_rounded_up() {
    let ticks = [0, 1, 9_999_999, 10_000_000, 10_000_001].map(|ns| Ticks(7).after(Duration::from_nanos(ns)).0);
    assert_eq!(ticks, [7, 8, 8, 8, 9]);
    assert_eq!(ticks_in(Duration::from_millis(2_515)), 252);
}

#[test]
fn a_duration_saturates() {
    assert_eq!(Ticks(0).after(Duration::MAX), Ticks(i32::MAX as u32));
    assert_eq!(ticks_in(Duration::from_secs(u64::from(u32::MAX))), i32::MAX as u32);
    assert_eq!(ticks_in(Duration::from_secs(21_474_836)), 2_147_483_600);
}

#[test]
fn points_are_compared_across_the_wrap() {
    let (before, after) = (Ticks(u32::MAX - 4), Ticks(5));
    assert_eq!(before.plus(10), after);
    assert_eq!((before.reached(after), after.reached(before), before.reached(before)), (true, false, true));
    assert_eq!((after.until(before), before.until(after), before.until(before)), (Some(10), None, None));
}

#[test]
fn a_slot_is_due_once_and_not_before_its_tick() {
    let mut wheel = Wheel::new(Ticks(100));
    wheel.set(3, Ticks(110));
    assert_eq!(wheel.next_wake(), Some(Ticks(110)));
    assert_eq!((due(&mut wheel, Ticks(109)), due(&mut wheel, Ticks(110))), (vec![], vec![3]));
    assert_eq!((due(&mut wheel, Ticks(111)), wheel.next_wake()), (vec![], None));
}

#[test]
fn a_deadline_in_the_past_is_due_at_once() {
    let mut wheel = Wheel::new(Ticks(100));
    wheel.set(3, Ticks(90));
    assert!(wheel.next_wake().is_some_and(|wake| wake.reached(Ticks(100))));
    assert_eq!(due(&mut wheel, Ticks(100)), [3]);
}

#[test]
fn moving_later_leaves_the_lists_alone() {
    let mut wheel = Wheel::new(Ticks(0));
    wheel.set(1, Ticks(20));
    wheel.set(1, Ticks(500));
    assert_eq!(wheel.next_wake(), Some(Ticks(20)), "the bucket is still the old one");
    assert_eq!(due(&mut wheel, Ticks(20)), [0; 0]);
    assert_eq!(first_due(&mut wheel).0, Ticks(500));
}

#[test]
fn moving_earlier_wakes_earlier() {
    let mut wheel = Wheel::new(Ticks(0));
    wheel.set(1, Ticks(50_000));
    wheel.set(1, Ticks(20));
    assert_eq!(wheel.next_wake(), Some(Ticks(20)));
    assert_eq!(due(&mut wheel, Ticks(20)), [1]);
}

#[test]
fn moving_earlier_within_a_coarse_bucket_is_seen_when_it_opens() {
    let mut wheel = Wheel::new(Ticks(0));
    wheel.set(1, Ticks(130));
    wheel.set(1, Ticks(129));
    assert_eq!(first_due(&mut wheel).0, Ticks(129));
}

#[test]
fn a_cleared_slot_never_wakes() {
    let mut wheel = Wheel::new(Ticks(0));
    wheel.set(1, Ticks(20));
    wheel.set(5_000, Ticks(20_000));
    [1, 5_000, 1, 2, 1 << 30].iter().for_each(|&slot| wheel.clear(slot));
    assert_eq!((wheel.next_wake(), due(&mut wheel, Ticks(30_000))), (None, vec![]));
}

#[test]
fn what_is_cleared_between_two_pops_does_not_come() {
    let mut wheel = Wheel::new(Ticks(0));
    [1, 2, 3].iter().for_each(|&slot| wheel.set(slot, Ticks(5)));
    let first = wheel.pop(Ticks(5)).expect("three are due");
    let (cleared, left) = if first == 1 { (2, 3) } else { (1, 5 - first) };
    wheel.clear(cleared);
    assert_eq!(due(&mut wheel, Ticks(5)), [left]);
}

#[test]
fn what_is_moved_later_between_two_pops_does_not_come() {
    let mut wheel = Wheel::new(Ticks(0));
    [1, 2].iter().for_each(|&slot| wheel.set(slot, Ticks(5)));
    let other = 3 - wheel.pop(Ticks(5)).expect("two are due");
    wheel.set(other, Ticks(1_000));
    assert_eq!(due(&mut wheel, Ticks(5)), [0; 0]);
    assert_eq!(first_due(&mut wheel).0, Ticks(1_000));
}

#[test]
fn each_level_moves_a_slot_at_most_once() {
    for (distance, wakes_max) in [(63, 2), (4_000, 3), (200_000, 4), (10_000_000, 5)] {
        let mut wheel = Wheel::new(Ticks(4_321));
        wheel.set(1, Ticks(4_321 + distance));
        let (at, wakes) = first_due(&mut wheel);
        assert_eq!(at, Ticks(4_321 + distance));
        assert!(wakes <= wakes_max, "{wakes} wake-ups for a deadline {distance} ticks away");
    }
}

#[test]
fn the_longest_wait_ends() {
    let mut wheel = Wheel::new(Ticks(9));
    wheel.set(1, Ticks(9).after(Duration::MAX));
    let (at, wakes) = first_due(&mut wheel);
    assert_eq!(at, Ticks(9).after(Duration::MAX));
    assert!(wakes < 200, "{wakes} wake-ups in 248 days");
}

#[test]
fn the_wheel_turns_across_the_wrap() {
    let start = Ticks(u32::MAX - 100);
    let mut wheel = Wheel::new(start);
    for (slot, ahead) in [(1, 50), (2, 101), (3, 150), (4, 5_000), (5, 20_000_000)] {
        wheel.set(slot, start.plus(ahead));
    }
    for (slot, ahead) in [(1, 50), (2, 101), (3, 150), (4, 5_000), (5, 20_000_000)] {
        assert_eq!(due(&mut wheel, start.plus(ahead - 1)), [0; 0]);
        assert_eq!(due(&mut wheel, start.plus(ahead)), [slot]);
    }
}

#[test]
fn a_clock_that_stood_still_for_years_is_no_clock_that_went_back() {
    let mut wheel = Wheel::new(Ticks(0));
    let now = Ticks(3_000_000_000);
    assert_eq!(wheel.pop(now), None);
    wheel.set(1, now.plus(10));
    assert_eq!(first_due(&mut wheel), (now.plus(10), 1));
}

#[test]
fn a_clock_that_goes_back_makes_nothing_due_and_loses_nothing() {
    let mut wheel = Wheel::new(Ticks(1_000));
    wheel.set(1, Ticks(1_010));
    assert_eq!((due(&mut wheel, Ticks(10)), due(&mut wheel, Ticks(1_009))), (vec![], vec![]));
    assert_eq!(due(&mut wheel, Ticks(1_010)), [1]);
}

/// The claim that idle connections stand on: each was used at its own time, all share few wake-ups.
#[test]
fn many_idle_connections_share_their_wake_ups() {
    let mut wheel = Wheel::new(Ticks(0));
    let minute = ticks_in(Duration::from_secs(60));
    for slot in 0..16_000 {
        wheel.set(slot, Ticks(slot / 160).plus(minute));
    }
    // For ten minutes nobody sends anything that would be noticed: keep-alive probes move each deadline as they come due.
    let (mut wakes, mut expired) = (0, 0);
    while let Some(now) = wheel.next_wake().filter(|wake| wake.reached(Ticks(10 * minute))) {
        wakes += 1;
        for slot in due(&mut wheel, now) {
            expired += 1;
            wheel.set(slot, now.plus(minute));
        }
    }
    let rounds = 10;
    assert!(expired >= 16_000 * (rounds - 1), "{expired} expired");
    assert!(wakes <= (100 + 5) * rounds, "{wakes} wake-ups for 100 distinct ticks in each of {rounds} rounds");
}

#[test]
fn a_busy_connection_wakes_once_a_bucket() {
    let mut wheel = Wheel::new(Ticks(0));
    let minute = ticks_in(Duration::from_secs(60));
    let mut wakes = 0;
    for tick in 0..10 * minute {
        let now = Ticks(tick);
        wheel.set(7, now.plus(minute));
        if wheel.next_wake().is_some_and(|wake| wake.reached(now)) {
            wakes += 1;
            assert_eq!(wheel.pop(now), None);
        }
    }
    assert!(wakes <= 10 * minute / 4096, "{wakes} wake-ups in ten minutes");
}

/// Where a deadline is put, relative to now.
fn distance(rng: &mut Rng) -> u32 {
    let spread = *rng.pick(&[4, 64, 70, 4_096, 5_000, 300_000, 20_000_000, 1 << 30]);
    rng.within(0..spread) as u32
}

/// Does what `rng` says to a wheel and to a map from slot to deadline.
fn compare_with_a_map(rng: &mut Rng) {
    let mut now =
        Ticks(*rng.pick(&[0, 63, 4_095, 0x3_ffff, 0xff_ffff, i32::MAX as u32, u32::MAX - 3, u32::MAX - 70_000]));
    let mut wheel = Wheel::new(now);
    let mut map: BTreeMap<u32, Ticks> = BTreeMap::new();
    for _ in 0..600 {
        let slot = *rng.pick(&[0, 1, 2, 3, 4, 1_023, 1_024, 9_000]);
        match rng.within(0..10) {
            0..4 => {
                let deadline = now.plus(distance(rng));
                wheel.set(slot, deadline);
                map.insert(slot, deadline);
            }
            4 => {
                let deadline = Ticks(now.0.wrapping_sub(distance(rng)));
                wheel.set(slot, deadline);
                map.insert(slot, deadline);
            }
            5 => {
                wheel.clear(slot);
                map.remove(&slot);
            }
            6 => now = now.plus(distance(rng)),
            _ => now = wheel.next_wake().filter(|wake| !wake.reached(now)).unwrap_or(now),
        }
        if rng.chance(70) {
            agree(&mut wheel, &mut map, now);
        }
        let first = map.values().filter_map(|deadline| deadline.until(now)).min();
        let overdue = map.values().any(|deadline| deadline.reached(now));
        let wake = wheel.next_wake();
        assert_eq!(wake.is_none(), map.is_empty(), "it wakes when and only when something is set");
        assert!(!overdue || wake.is_some_and(|wake| wake.reached(now)), "what is overdue wakes at once");
        assert!(wake.and_then(|wake| wake.until(now)) <= first || overdue, "it wakes in time");
    }
}

/// What the wheel says is due is what the map says is due; afterwards the wheel sleeps.
fn agree(wheel: &mut Wheel, map: &mut BTreeMap<u32, Ticks>, now: Ticks) {
    let expected: Vec<u32> = map.extract_if(.., |_, deadline| deadline.reached(now)).map(|(slot, _)| slot).collect();
    assert_eq!(due(wheel, now), expected);
    assert!(wheel.next_wake().is_none_or(|wake| !wake.reached(now)), "a wheel that was emptied does not spin");
}

#[test]
fn it_agrees_with_a_map() {
    for_seeds(1, 400, |seed| compare_with_a_map(&mut Rng::new(seed)));
}
