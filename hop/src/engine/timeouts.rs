//! The app's timeouts, converted once.

use crate::app::limits::Timeouts;
use crate::time::ticks_in;

/// [`Timeouts`] in ticks.
pub(crate) struct TimeoutTicks {
    pub(crate) head: u32,
    pub(crate) body: u32,
    pub(crate) idle: u32,
    pub(crate) write: u32,
    pub(crate) linger: u32,
}

impl TimeoutTicks {
    pub(crate) fn from(timeouts: &Timeouts) -> Self {
        TimeoutTicks {
            head: ticks_in(timeouts.head),
            body: ticks_in(timeouts.body),
            idle: ticks_in(timeouts.idle),
            write: ticks_in(timeouts.write),
            linger: ticks_in(timeouts.linger),
        }
    }
}
