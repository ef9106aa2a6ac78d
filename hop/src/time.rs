//! Ticks of 10 ms in a wrapping `u32`, and a lazy hierarchical timer wheel with intrusive links.

use std::time::Duration;

/// How long a tick is, in milliseconds.
pub(crate) const TICK_MS: u32 = 10;
/// Nanoseconds of a tick.
const TICK_NS: u32 = TICK_MS * 1_000_000;
/// The longest time that can be waited for: half of the clock's round, 248 days.
const AHEAD_MAX: u32 = i32::MAX as u32;

/// A point on a monotonic clock in units of 10 ms; wraps after 497 days, compared within ± 248 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Ticks(pub u32);

impl Ticks {
    /// The point that is `duration` later: rounded up to a tick, and at most 2^31 - 1 ticks (248 days) away.
    #[inline]
    pub const fn after(self, duration: Duration) -> Ticks {
        self.plus(ticks_in(duration))
    }

    /// The point that is `ticks` later, at most 2^31 - 1: an addition, for durations that were converted beforehand.
    #[inline]
    pub const fn plus(self, ticks: u32) -> Ticks {
        Ticks(self.0.wrapping_add(ticks))
    }

    /// Whether this point is not in the future.
    #[inline]
    pub const fn reached(self, now: Ticks) -> bool {
        now.0.wrapping_sub(self.0) as i32 >= 0
    }

    /// Ticks from `now` to this point; `None` when it is reached.
    #[inline]
    pub const fn until(self, now: Ticks) -> Option<u32> {
        if self.reached(now) { None } else { Some(self.0.wrapping_sub(now.0)) }
    }
}

/// A duration in ticks, rounded up, at most 2^31 - 1: convert limits once with this and add with [`Ticks::plus`].
#[inline]
pub(crate) const fn ticks_in(duration: Duration) -> u32 {
    let of_seconds = duration.as_secs().saturating_mul((1000 / TICK_MS) as u64);
    let ticks = of_seconds.saturating_add(duration.subsec_nanos().div_ceil(TICK_NS) as u64);
    if ticks > AHEAD_MAX as u64 { AHEAD_MAX } else { ticks as u32 }
}

/// What time it is: comes into the engine as one value; the engine never asks a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    /// Monotonic.
    pub ticks: Ticks,
    /// Wall clock, seconds since 1970-01-01 UTC; may jump.
    pub unix_seconds: u64,
}

/// Each level has this many buckets, and each bucket of a level is as long as the whole level below.
const BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 6;
const LEVELS: usize = 4;
const TOP: usize = LEVELS - 1;
/// The list of slots whose bucket has been reached and that `pop` looks at next: one list more than there are buckets.
const OPEN: usize = LEVELS * BUCKETS;

/// Entries are allocated this many at a time.
const PAGE_ENTRIES: usize = 1024;
/// No slot.
const NIL: u32 = u32::MAX;
/// Marks a `previous` that is a list and not a slot.
const LIST: u32 = 1 << 31;

const _: () = assert!(size_of::<Entry>() == 16);

/// The timer of one slot: a link of a doubly linked list, which is a bucket or the open list.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// When the timer is due.
    deadline: Ticks,
    /// When its list is looked at; not after the deadline.
    opens: Ticks,
    /// The slot before this one, or `LIST` and the number of the list that begins with it, or `NIL` when the timer is not set.
    previous: u32,
    next: u32,
}

const UNSET: Entry = Entry { deadline: Ticks(0), opens: Ticks(0), previous: NIL, next: NIL };

/// One deadline for each slot of a slab; says when to wake and which slots are due. It has no clock.
///
/// Four levels of 64 buckets: of 10 ms, 640 ms, 41 s and 44 min. A deadline lies in the bucket of the lowest level that shares a
/// bucket of the level above with the present; when its bucket is reached it is due or moves to a lower level.
///
/// **Lazy.** Moving a deadline later is a store: the slot stays in its bucket, and goes to a later one when that is reached.
/// So a wake-up may find nothing due. It happens at most once for each bucket that holds something: a connection whose deadline
/// of 60 s is moved at each request wakes the worker at most every 41 s, together with all others of its bucket.
/// Moving a deadline earlier, setting and clearing cost a few stores.
///
/// It holds 16 bytes for each slot up to the highest that was ever set, in pages of 1024.
#[derive(Debug)]
pub(crate) struct Wheel {
    pages: Vec<Box<[Entry; PAGE_ENTRIES]>>,
    /// The first slot of each list.
    first: [u32; OPEN + 1],
    /// For each level, a bit for each bucket that holds something.
    filled: [u64; LEVELS],
    /// Up to when buckets have been opened. Whatever is in a bucket is later than this.
    current: Ticks,
}

impl Wheel {
    /// A wheel with nothing set.
    pub(crate) fn new(now: Ticks) -> Wheel {
        Wheel { pages: Vec::new(), first: [NIL; OPEN + 1], filled: [0; LEVELS], current: now }
    }

    /// Sets the deadline of a slot, in place of the one that it may have. A deadline in the past is due at once.
    ///
    /// # Panics
    /// When `slot` is 2^31 or more.
    #[inline]
    pub(crate) fn set(&mut self, slot: u32, deadline: Ticks) {
        let page = self.pages.get_mut(slot as usize / PAGE_ENTRIES);
        if let Some(entry) = page.map(|page| &mut page[slot as usize % PAGE_ENTRIES])
            && entry.previous != NIL
            && entry.opens.reached(deadline)
        {
            entry.deadline = deadline;
        } else {
            self.reset(slot, deadline);
        }
    }

    /// Forgets the deadline of a slot, if it has one.
    pub(crate) fn clear(&mut self, slot: u32) {
        if (slot as usize) < self.pages.len() * PAGE_ENTRIES {
            self.unlink(slot);
        }
    }

    /// Takes one slot out that is due at `now`; call it until there is none. In no particular order.
    pub(crate) fn pop(&mut self, now: Ticks) -> Option<u32> {
        self.advance(now);
        while self.first[OPEN] != NIL {
            let slot = self.first[OPEN];
            let deadline = self.entry(slot).deadline;
            self.unlink(slot);
            if deadline.reached(now) {
                return Some(slot);
            }
            self.link(slot, deadline);
        }
        None
    }

    /// Whether `pop` may find something: not after it was emptied in this very tick.
    #[inline]
    pub(crate) fn may_have_due(&self, now: Ticks) -> bool {
        self.current != now || self.first[OPEN] != NIL
    }

    /// When `pop` should be called next; `None` when nothing is set. Never later than the first deadline; earlier when a
    /// deadline was moved or is far away, see [`Wheel`].
    pub(crate) fn next_wake(&self) -> Option<Ticks> {
        if self.first[OPEN] != NIL { Some(self.current) } else { self.next_bucket().map(|(_, opens)| opens) }
    }

    /// Sets a deadline that is not simply later.
    #[inline(never)]
    fn reset(&mut self, slot: u32, deadline: Ticks) {
        assert!(slot < LIST, "slots are numbered with 31 bits");
        while self.pages.len() <= slot as usize / PAGE_ENTRIES {
            let page: Box<[Entry]> = vec![UNSET; PAGE_ENTRIES].into();
            self.pages.push(page.try_into().expect("a page was allocated with the length of a page"));
        }
        self.unlink(slot);
        self.link(slot, deadline);
    }

    /// Opens all buckets that `now` has reached, and makes `now` the present.
    fn advance(&mut self, now: Ticks) {
        loop {
            match self.next_bucket() {
                Some((bucket, opens)) if opens.reached(now) => self.open(bucket, opens),
                // A bucket's time is known relative to the present, which therefore must not go back.
                Some(_) if !self.current.reached(now) => return,
                _ => break,
            }
        }
        self.current = now;
    }

    /// Moves all of a bucket to the open list.
    fn open(&mut self, bucket: usize, opens: Ticks) {
        self.current = opens;
        while self.first[bucket] != NIL {
            let slot = self.first[bucket];
            self.unlink(slot);
            self.push(slot, OPEN);
        }
    }

    /// The bucket that is reached first of those that hold something, and when.
    fn next_bucket(&self) -> Option<(usize, Ticks)> {
        // All of a level is in one bucket of the level above, the present one: so a lower level comes before a higher.
        let level = self.filled.iter().position(|&filled| filled != 0)?;
        let shift = BUCKET_BITS * level as u32;
        let present = self.current.0 >> shift;
        let ahead = self.filled[level].rotate_right(present % BUCKETS as u32).trailing_zeros();
        let bucket = present.wrapping_add(ahead);
        Some((list(level, bucket), Ticks(bucket << shift)))
    }

    /// Puts a slot that is in no list where its deadline belongs.
    fn link(&mut self, slot: u32, deadline: Ticks) {
        let (list, opens) =
            if deadline.reached(self.current) { (OPEN, self.current) } else { bucket_of(deadline, self.current) };
        let entry = self.entry(slot);
        (entry.deadline, entry.opens) = (deadline, opens);
        self.push(slot, list);
    }

    /// Makes a slot that is in no list the first of `list`.
    fn push(&mut self, slot: u32, list: usize) {
        let next = std::mem::replace(&mut self.first[list], slot);
        let entry = self.entry(slot);
        (entry.previous, entry.next) = (LIST | list as u32, next);
        if next != NIL {
            self.entry(next).previous = slot;
        } else if list != OPEN {
            self.filled[list / BUCKETS] |= 1 << (list % BUCKETS);
        }
    }

    /// Takes a slot out of its list, if it is in one.
    fn unlink(&mut self, slot: u32) {
        let entry = self.entry(slot);
        let (previous, next) = (std::mem::replace(&mut entry.previous, NIL), entry.next);
        if previous == NIL {
            return;
        }
        if next != NIL {
            self.entry(next).previous = previous;
        }
        if previous & LIST == 0 {
            self.entry(previous).next = next;
            return;
        }
        let list = (previous & !LIST) as usize;
        self.first[list] = next;
        if next == NIL && list != OPEN {
            self.filled[list / BUCKETS] &= !(1 << (list % BUCKETS));
        }
    }

    /// The entry of a slot whose page exists.
    fn entry(&mut self, slot: u32) -> &mut Entry {
        &mut self.pages[slot as usize / PAGE_ENTRIES][slot as usize % PAGE_ENTRIES]
    }
}

/// The number of a bucket's list; `bucket` counts the buckets of the level since tick 0.
fn list(level: usize, bucket: u32) -> usize {
    level * BUCKETS + bucket as usize % BUCKETS
}

/// The list that a future deadline belongs to, and when that is reached.
fn bucket_of(deadline: Ticks, current: Ticks) -> (usize, Ticks) {
    // The highest group of bits that differs decides: all above is shared with the present.
    let level = match deadline.0 ^ current.0 {
        0..0x40 => 0,
        0x40..0x1000 => 1,
        0x1000..0x4_0000 => 2,
        _ => TOP,
    };
    let shift = BUCKET_BITS * level as u32;
    let mut bucket = deadline.0 >> shift;
    if level == TOP {
        // The top level is a ring. What is further away than its round waits in the last bucket and is looked at again.
        let present = current.0 >> shift;
        let ahead = bucket.wrapping_sub(present) & (u32::MAX >> shift);
        bucket = present.wrapping_add(ahead.min(BUCKETS as u32 - 1));
    }
    (list(level, bucket), Ticks(bucket << shift))
}

#[cfg(test)]
mod tests;
