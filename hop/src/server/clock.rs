//! The two clocks of a worker, read once per turn of its loop and without a system call.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::time::{Now, TICK_MS, Ticks};

/// How far the coarse clocks may lag behind the timers of the kernel, in milliseconds: one scheduler tick at 250 Hz.
/// Added to each timeout, or a worker would now and then wake just before the deadline it slept for.
const LAG_MS: u64 = 4;

// The coarse clocks are read from the vdso for a few instructions; a resolution of 4 ms is enough for ticks of 10 ms.
#[cfg(target_os = "linux")]
const CLOCKS: (ClockId, ClockId) = (ClockId::MonotonicCoarse, ClockId::RealtimeCoarse);
#[cfg(not(target_os = "linux"))]
const CLOCKS: (ClockId, ClockId) = (ClockId::Monotonic, ClockId::Realtime);

/// The time as of the last [`Clock::read`].
#[derive(Debug)]
pub(crate) struct Clock(Now);

impl Clock {
    pub(crate) fn new() -> Clock {
        let ticks = ticks(clock_gettime(CLOCKS.0));
        Clock(Now { ticks, unix_seconds: unix_seconds() })
    }

    /// Reads the monotonic clock, and the wall clock when a tick has passed: it is late by 10 ms at most.
    pub(crate) fn read(&mut self) -> Now {
        let ticks = ticks(clock_gettime(CLOCKS.0));
        if ticks != self.0.ticks {
            self.0 = Now { ticks, unix_seconds: unix_seconds() };
        }
        self.0
    }

    pub(crate) fn now(&self) -> Now {
        self.0
    }

    /// How long to sleep so as to wake when `at` has been reached; zero when it has.
    pub(crate) fn until(&self, at: Ticks) -> Duration {
        match at.until(self.0.ticks) {
            Some(ticks) => Duration::from_millis(u64::from(ticks) * u64::from(TICK_MS) + LAG_MS),
            None => Duration::ZERO,
        }
    }
}

/// The earlier of two times, of which each may be missing.
pub(crate) fn earlier(one: Option<Ticks>, other: Option<Ticks>) -> Option<Ticks> {
    match (one, other) {
        (Some(a), Some(b)) => Some(if a.reached(b) { a } else { b }),
        _ => one.or(other),
    }
}

fn ticks(time: Timespec) -> Ticks {
    // Ticks wrap by design: see `Ticks`.
    Ticks((time.tv_sec as u64 * 100 + time.tv_nsec as u64 / 10_000_000) as u32)
}

fn unix_seconds() -> u64 {
    // A clock before 1970 is a broken one; the epoch is as good an answer as any.
    u64::try_from(clock_gettime(CLOCKS.1).tv_sec).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_is_ten_milliseconds() {
        assert_eq!(ticks(Timespec { tv_sec: 3, tv_nsec: 250_999_999 }), Ticks(325));
    }

    #[test]
    fn ticks_wrap() {
        assert_eq!(ticks(Timespec { tv_sec: 42_949_673, tv_nsec: 0 }), Ticks(4));
    }

    #[test]
    fn sleep_ends_when_the_tick_has_come_even_on_a_clock_that_lags() {
        let clock = Clock(Now { ticks: Ticks(5), unix_seconds: 0 });
        assert_eq!(clock.until(Ticks(7)), Duration::from_millis(24));
        assert_eq!(clock.until(Ticks(5)), Duration::ZERO);
        assert_eq!(clock.until(Ticks(4)), Duration::ZERO);
    }

    #[test]
    fn the_earlier_of_two_times_is_told_across_the_wrap() {
        let (before, after) = (Some(Ticks(u32::MAX)), Some(Ticks(3)));
        assert_eq!(earlier(before, after), before);
        assert_eq!(earlier(after, before), before);
        assert_eq!((earlier(None, after), earlier(before, None), earlier(None, None)), (after, before, None));
    }

    #[test]
    fn the_wall_clock_is_in_this_century() {
        assert!(Clock::new().read().unix_seconds > 1_700_000_000);
    }
}
