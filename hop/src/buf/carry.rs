//! Unread input of one connection: what was read and cannot be used yet.

/// The smallest allocation.
const BYTES_MIN: usize = 512;
/// A read should find room for this many bytes, when so many are missing: a shorter read is a wasted system call.
const ROOM_MIN: usize = 256;
/// Above this size, memory that a long message needed is not kept for a short rest.
const KEEP_BYTES_MAX: usize = 4096;

// It is boxed, and exists only while a connection waits for the rest of something.
const _: () = assert!(size_of::<Carry>() <= 40);

/// Bytes in the order in which they came, to be boxed by the connection that has any and dropped when they are used.
///
/// The socket is read into [`spare`](Carry::spare), [`filled`](Carry::filled) says how much came, [`unread`](Carry::unread) is
/// looked at and [`consume`](Carry::consume) forgets what was used. Memory grows with what has really come: a size that a
/// client merely declares allocates nothing. All work is linear in the bytes that come, in however small pieces.
#[derive(Debug, Default)]
pub(crate) struct Carry {
    /// Always initialised as a whole; the unread bytes are `start..end`, the room for more is behind them.
    memory: Box<[u8]>,
    start: usize,
    end: usize,
    /// How many of the unread bytes are known not to hold what is looked for, so that dripped input is searched once.
    /// `consume` takes what it forgets off.
    pub searched: usize,
}

impl From<&[u8]> for Carry {
    fn from(bytes: &[u8]) -> Carry {
        Carry { memory: copied(bytes, size_for(bytes.len())), start: 0, end: bytes.len(), searched: 0 }
    }
}

impl Carry {
    /// The bytes that were not used yet.
    #[inline]
    pub(crate) fn unread(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }

    /// The same bytes, to be changed in place.
    #[inline]
    pub(crate) fn unread_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.end]
    }

    /// How many bytes were not used yet.
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether all bytes were used, so that the carry can be dropped.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Room to read into, never empty. `missing` is how many bytes are still expected, if that is known (else 1): room for no
    /// more than that is made, and no more than what doubles the memory, whatever a client declares.
    pub(crate) fn spare(&mut self, missing: usize) -> &mut [u8] {
        let wanted = missing.clamp(1, ROOM_MIN);
        if self.memory.len() - self.end < wanted {
            self.make_room(wanted, missing);
        }
        &mut self.memory[self.end..]
    }

    /// Says that the first `n` bytes of `spare` have been filled.
    ///
    /// # Panics
    /// When `spare` was shorter than that.
    pub(crate) fn filled(&mut self, n: usize) {
        assert!(n <= self.memory.len() - self.end, "more bytes than there was room for");
        self.end += n;
    }

    /// Appends bytes that were read somewhere else.
    pub(crate) fn append(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let spare = self.spare(bytes.len());
            let n = bytes.len().min(spare.len());
            spare[..n].copy_from_slice(&bytes[..n]);
            self.filled(n);
            bytes = &bytes[n..];
        }
    }

    /// Forgets the first `n` unread bytes, which were used. A long message's memory goes with it.
    ///
    /// # Panics
    /// When there are fewer.
    pub(crate) fn consume(&mut self, n: usize) {
        assert!(n <= self.len(), "more bytes than were unread");
        self.start += n;
        self.searched = self.searched.saturating_sub(n);
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
        // At a quarter, not at half: a length that swings around a border must not allocate again and again.
        if self.memory.len() > KEEP_BYTES_MAX && self.len() < self.memory.len() / 4 {
            self.resize(size_for(self.len()));
        }
    }

    /// Makes at least `wanted` bytes of room behind the unread bytes: by moving them to the front, or in new memory.
    fn make_room(&mut self, wanted: usize, missing: usize) {
        let needed = self.len() + wanted;
        // Moving pays when at least half of the memory comes free: then it has paid for itself before the next move.
        if needed <= self.memory.len() && self.start >= self.memory.len() / 2 {
            self.memory.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.len());
        } else {
            let doubled = (2 * self.memory.len()).max(size_for(needed));
            let enough = self.len().saturating_add(missing).max(needed).max(BYTES_MIN);
            self.resize(doubled.min(if missing > 1 { enough } else { doubled }));
        }
    }

    /// Moves the unread bytes to the front of new memory, which holds them.
    fn resize(&mut self, size: usize) {
        self.memory = copied(self.unread(), size);
        (self.start, self.end) = (0, self.len());
    }
}

/// The memory that `len` bytes get when nothing more is known.
fn size_for(len: usize) -> usize {
    len.next_power_of_two().max(BYTES_MIN)
}

/// `bytes` at the front of `size` bytes of memory, the rest zeros.
fn copied(bytes: &[u8], size: usize) -> Box<[u8]> {
    let mut memory = Vec::with_capacity(size);
    memory.extend_from_slice(bytes);
    memory.resize(size, 0);
    memory.into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::rng::{Rng, for_seeds};

    #[test]
    fn it_keeps_what_it_is_made_of() {
        let carry = Carry::from(&b"GET / HT"[..]);
        assert_eq!((carry.unread(), carry.len(), carry.memory.len()), (&b"GET / HT"[..], 8, 512));
    }

    #[test]
    fn a_declared_length_allocates_nothing() {
        let mut carry = Carry::from(&[1; 100][..]);
        assert_eq!(carry.spare(1 << 40).len(), 412);
        assert_eq!(carry.memory.len(), 512);
        carry.filled(412);
        assert_eq!(carry.spare(usize::MAX).len(), 512);
    }

    #[test]
    fn no_more_room_is_made_than_is_missing() {
        let mut carry = Carry::from(&[1; 4096][..]);
        assert_eq!(carry.spare(1000).len(), 1000);
        carry.filled(1000);
        assert_eq!((carry.len(), carry.memory.len()), (5096, 5096));
    }

    #[test]
    fn a_sliver_of_room_is_not_offered_when_more_is_missing() {
        let mut carry = Carry::from(&[1; 500][..]);
        assert_eq!(carry.spare(12).len(), 12);
        assert!(carry.spare(10_000).len() >= 256);
    }

    #[test]
    fn consuming_moves_what_was_searched() {
        let mut carry = Carry::from(&[1; 100][..]);
        carry.searched = 70;
        carry.consume(30);
        assert_eq!(carry.searched, 40);
        carry.consume(60);
        assert_eq!((carry.searched, carry.len()), (0, 10));
    }

    #[test]
    fn a_long_messages_memory_is_not_kept_for_a_short_rest() {
        let mut carry = Carry::from(&[1; 1 << 20][..]);
        carry.append(b"ping");
        carry.consume(1 << 20);
        assert_eq!((carry.unread(), carry.memory.len()), (&b"ping"[..], 512));
    }

    #[test]
    fn what_is_consumed_makes_room_without_allocating() {
        let mut carry = Carry::from(&[1; 512][..]);
        carry.consume(400);
        assert!(carry.spare(300).len() >= 300);
        assert_eq!((carry.len(), carry.memory.len()), (112, 512));
    }

    #[test]
    #[should_panic(expected = "more bytes than were unread")]
    fn more_than_is_there_cannot_be_consumed() {
        Carry::from(&b"abc"[..]).consume(4);
    }

    #[test]
    #[should_panic(expected = "more bytes than there was room for")]
    fn more_than_there_was_room_for_cannot_have_come() {
        Carry::from(&b"abc"[..]).filled(510);
    }

    #[test]
    fn dripped_input_is_moved_a_bounded_number_of_times() {
        let mut carry = Carry::default();
        let (mut allocations, mut size) = (0, 0);
        for n in 0..1 << 20 {
            carry.spare(1)[0] = n as u8;
            carry.filled(1);
            allocations += usize::from(size != carry.memory.len());
            size = carry.memory.len();
        }
        assert_eq!((carry.len(), size, allocations), (1 << 20, 1 << 20, 12));
    }

    /// Fills and consumes as `rng` says, beside a queue that must always hold the same.
    fn compare_with_a_queue(rng: &mut Rng) {
        let mut carry = Carry::default();
        let mut queue: VecDeque<u8> = VecDeque::new();
        for _ in 0..2_000 {
            if rng.chance(60) {
                let missing = *rng.pick(&[1, 10, 300, 5_000, 1 << 30]);
                let spare = carry.spare(missing);
                assert!(!spare.is_empty());
                let n = rng.within(0..spare.len() + 1);
                spare[..n].iter_mut().for_each(|byte| *byte = rng.next_u64() as u8);
                queue.extend(&spare[..n]);
                carry.filled(n);
            } else {
                let n = rng.within(0..carry.len() + 1);
                carry.consume(n);
                queue.drain(..n);
            }
            assert!(carry.unread() == queue.make_contiguous());
            assert!(carry.memory.len() <= KEEP_BYTES_MAX.max(8 * carry.len() + 2 * ROOM_MIN).max(2 * queue.capacity()));
            if carry.len() > 1 << 16 {
                carry.consume(queue.drain(..).len());
            }
        }
    }

    #[test]
    fn it_agrees_with_a_queue() {
        for_seeds(1, 20, |seed| compare_with_a_queue(&mut Rng::new(seed)));
    }
}
