//! The app's timeouts, converted once.

use std::time::Duration;

use crate::app::limits::Timeouts;
use crate::conn::Timer;
use crate::time::Ticks;

/// [`Timeouts`] in ticks.
pub(crate) struct TimeoutTicks {
    head: u32,
    body: u32,
    idle: u32,
    write: u32,
    linger: u32,
}

impl TimeoutTicks {
    pub(crate) fn from(timeouts: &Timeouts) -> Self {
        let ticks = |duration: Duration| Ticks(0).after(duration).0;
        TimeoutTicks {
            head: ticks(timeouts.head),
            body: ticks(timeouts.body),
            idle: ticks(timeouts.idle),
            write: ticks(timeouts.write),
            linger: ticks(timeouts.linger),
        }
    }

    /// The deadline of what begins to be waited for now.
    pub(crate) fn after(&self, timer: Timer, now: Ticks) -> Ticks {
        let ticks = match timer {
            // Its route says how long: see `Focus::deadline`.
            Timer::Off | Timer::Answer => 0,
            Timer::Idle => self.idle,
            Timer::Head => self.head,
            Timer::Body => self.body,
            Timer::Write => self.write,
            Timer::Linger => self.linger,
        };
        Ticks(now.0.wrapping_add(ticks))
    }
}
