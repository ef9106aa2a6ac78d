//! Ticks of 10 ms in a wrapping `u32`, and a lazy hierarchical timer wheel with intrusive links.

/// A point on a monotonic clock in units of 10 ms; wraps after 497 days, compared within ± 248 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Ticks(pub u32);

/// What time it is: comes into the engine as one value; the engine never asks a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    /// Monotonic.
    pub ticks: Ticks,
    /// Wall clock, seconds since 1970-01-01 UTC; may jump.
    pub unix_seconds: u64,
}
