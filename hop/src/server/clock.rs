//! The two clocks of a worker, read once per turn of its loop and without a system call.

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::time::{Now, Ticks};

/// How far the coarse clocks may lag behind the timers of the kernel, in milliseconds: one scheduler tick at 250 Hz.
/// Added to each timeout, or a worker would now and then wake just before the deadline it slept for.
pub(crate) const LAG_MS: u64 = 4;

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
    fn the_wall_clock_is_in_this_century() {
        assert!(Clock::new().read().unix_seconds > 1_700_000_000);
    }
}
