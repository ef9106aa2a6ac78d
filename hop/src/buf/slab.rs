//! A slab with generations: slots are reused, ids are not.

/// Names one connection for ever: after the connection has gone, its id finds nothing, even when the slot is used again.
///
/// A generation wraps after 2^32 uses of one slot; an id kept that long would name a stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnId {
    /// Index of the worker that owns the connection.
    pub worker: u16,
    /// Index in that worker's slab.
    pub slot: u32,
    /// How often the slot had been given away before, wrapping.
    pub generation: u32,
}

impl ConnId {
    /// Slot and generation as one number, for a poller's key: the slot in the low 32 bits, the generation in the high.
    pub const fn pack(self) -> u64 {
        (self.generation as u64) << 32 | self.slot as u64
    }

    /// The id that `pack` made a number of; the number does not hold the worker.
    pub const fn unpack(worker: u16, packed: u64) -> ConnId {
        ConnId { worker, slot: packed as u32, generation: (packed >> 32) as u32 }
    }
}

/// Slots are allocated this many at a time, and never move.
const PAGE_SLOTS: usize = 1024;
/// Ends a page's list of free slots.
const NIL: u32 = u32::MAX;

// What a slot costs beside its value, whether the value has a niche or not.
const _: () = assert!(size_of::<Slot<[u64; 14]>>() == size_of::<[u64; 14]>() + 8);
const _: () = assert!(size_of::<Slot<Box<u64>>>() == size_of::<Box<u64>>() + 8);
const _: () = assert!(size_of::<Page<u8>>() == 16, "the page table is small");

/// One place of a slab. The generation of a free slot is the one that it will be given away with.
#[derive(Debug)]
enum Slot<T> {
    /// The next free slot of the same page, as an index in the page.
    Free {
        generation: u32,
        next: u32,
    },
    Used {
        generation: u32,
        value: T,
    },
}

impl<T> Slot<T> {
    /// The value, when it is the one that was given `generation`.
    fn value(&self, generation: u32) -> Option<&T> {
        match self {
            Slot::Used { generation: current, value } if *current == generation => Some(value),
            _ => None,
        }
    }
}

#[derive(Debug)]
struct Page<T> {
    slots: Box<[Slot<T>; PAGE_SLOTS]>,
    /// The free slot that was freed last, as an index in the page.
    free: u32,
    used: u32,
}

impl<T> Page<T> {
    fn new(generation: u32) -> Page<T> {
        let chain = (1..PAGE_SLOTS as u32).chain([NIL]);
        let slots: Box<[Slot<T>]> = chain.map(|next| Slot::Free { generation, next }).collect();
        let Ok(slots) = slots.try_into() else { unreachable!("the chain links exactly one page of slots") };
        Page { slots, free: 0, used: 0 }
    }

    /// The index and the generation of the slot that was freed last; the page must not be full.
    fn vacancy(&self) -> (u32, u32) {
        match self.slots[self.free as usize] {
            Slot::Free { generation, .. } => (self.free, generation),
            Slot::Used { .. } => unreachable!("a free list links free slots only"),
        }
    }

    /// Fills the slot that was freed last.
    fn fill(&mut self, value: T) {
        let slot = &mut self.slots[self.free as usize];
        let Slot::Free { generation, next } = *slot else { unreachable!("a free list links free slots only") };
        *slot = Slot::Used { generation, value };
        self.free = next;
        self.used += 1;
    }

    /// Empties the slot at `index`, if it still holds what was given `generation`.
    fn empty(&mut self, index: usize, generation: u32) -> Option<T> {
        self.slots[index].value(generation)?;
        let free = Slot::Free { generation: generation.wrapping_add(1), next: self.free };
        let Slot::Used { value, .. } = std::mem::replace(&mut self.slots[index], free) else {
            unreachable!("a value was found in this slot above")
        };
        self.free = index as u32;
        self.used -= 1;
        Some(value)
    }
}

/// Values with ids: [`insert`](Slab::insert), [`get`](Slab::get), [`remove`](Slab::remove), each in constant time.
///
/// It grows by pages and never copies itself. Low pages are filled first, so that pages at the end run empty; of several empty
/// ones at the end all but one are given back. Beside the value a slot costs 8 bytes.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    pages: Vec<Page<T>>,
    len: usize,
    worker: u16,
    /// No page before this one has a free slot.
    roomy: usize,
    /// What new pages start with: not behind any generation that a page given back had reached.
    generation: u32,
}

impl<T> Slab<T> {
    /// An empty slab, which has allocated nothing. Its ids name `worker`.
    pub(crate) const fn new(worker: u16) -> Slab<T> {
        const { assert!(size_of::<Slot<T>>() <= size_of::<T>() + 8, "a slot costs at most 8 bytes more than its value") }
        Slab { pages: Vec::new(), len: 0, worker, roomy: 0, generation: 0 }
    }

    /// Stores a value under an id that was never given before.
    ///
    /// # Panics
    /// At 2^32 - 1024 values, which no machine holds connections for.
    pub(crate) fn insert(&mut self, value: T) -> ConnId {
        self.insert_with(|_| value)
    }

    /// Stores a value that knows its own id. Panics as [`insert`](Slab::insert) does.
    pub(crate) fn insert_with(&mut self, value: impl FnOnce(ConnId) -> T) -> ConnId {
        while self.pages.get(self.roomy).is_some_and(|page| page.free == NIL) {
            self.roomy += 1;
        }
        if self.roomy == self.pages.len() {
            assert!(self.pages.len() < NIL as usize / PAGE_SLOTS, "a slab numbers its slots with 32 bits");
            self.pages.push(Page::new(self.generation));
        }
        let page = &mut self.pages[self.roomy];
        let (index, generation) = page.vacancy();
        let id = ConnId { worker: self.worker, slot: (self.roomy * PAGE_SLOTS) as u32 + index, generation };
        page.fill(value(id));
        self.len += 1;
        id
    }

    /// The value named `id`, if it is still here. Of an id only slot and generation are looked at.
    #[inline]
    pub(crate) fn get(&self, id: ConnId) -> Option<&T> {
        let (page, index) = place(id.slot);
        self.pages.get(page)?.slots[index].value(id.generation)
    }

    /// The value named `id`, if it is still here.
    #[inline]
    pub(crate) fn get_mut(&mut self, id: ConnId) -> Option<&mut T> {
        let (page, index) = place(id.slot);
        match &mut self.pages.get_mut(page)?.slots[index] {
            Slot::Used { generation, value } if *generation == id.generation => Some(value),
            _ => None,
        }
    }

    /// Takes the value named `id` out, if it is still here. From now on the id finds nothing.
    pub(crate) fn remove(&mut self, id: ConnId) -> Option<T> {
        let (page, index) = place(id.slot);
        let value = self.pages.get_mut(page)?.empty(index, id.generation)?;
        self.len -= 1;
        self.roomy = self.roomy.min(page);
        self.give_back();
        Some(value)
    }

    /// The id of what is in `slot` now.
    pub(crate) fn id_at(&self, slot: u32) -> Option<ConnId> {
        let (page, index) = place(slot);
        match self.pages.get(page)?.slots[index] {
            Slot::Used { generation, .. } => Some(ConnId { worker: self.worker, slot, generation }),
            Slot::Free { .. } => None,
        }
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The ids of all values, in the order of their slots. Looks at every allocated slot.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ConnId> {
        (0..(self.pages.len() * PAGE_SLOTS) as u32).filter_map(|slot| self.id_at(slot))
    }

    /// Gives back all but one of the empty pages at the end. The one that stays keeps a population that swings around a page's
    /// border from allocating again and again.
    fn give_back(&mut self) {
        while let [.., Page { used: 0, .. }, Page { used: 0, slots, .. }] = &self.pages[..] {
            self.generation = slots.iter().fold(self.generation, later);
            self.pages.pop();
        }
    }
}

/// The page of a slot, and the index in it.
#[inline]
const fn place(slot: u32) -> (usize, usize) {
    (slot as usize / PAGE_SLOTS, slot as usize % PAGE_SLOTS)
}

/// The later of two generations: `reached`, and that of a free slot.
fn later<T>(reached: u32, slot: &Slot<T>) -> u32 {
    let (Slot::Free { generation, .. } | Slot::Used { generation, .. }) = *slot;
    if (generation.wrapping_sub(reached) as i32) > 0 { generation } else { reached }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::rng::{Rng, for_seeds};

    #[test]
    fn an_id_survives_being_packed() {
        let id = ConnId { worker: 7, slot: 0x8123_4567, generation: 0xfedc_ba98 };
        assert_eq!(id.pack(), 0xfedc_ba98_8123_4567);
        assert_eq!(ConnId::unpack(7, id.pack()), id);
    }

    #[test]
    fn an_old_id_does_not_find_the_next_tenant() {
        let mut slab = Slab::new(3);
        let old = slab.insert("old");
        assert_eq!(slab.remove(old), Some("old"));
        let new = slab.insert("new");
        assert_eq!((new.slot, new.worker), (old.slot, 3));
        assert_eq!((slab.get(old), slab.get(new)), (None, Some(&"new")));
        assert_eq!(slab.get_mut(old), None);
        assert_eq!(slab.remove(old), None);
        assert_eq!(slab.get(new), Some(&"new"));
    }

    #[test]
    fn the_slot_freed_last_is_used_first() {
        let mut slab = Slab::new(0);
        let ids: Vec<ConnId> = (0..8).map(|n| slab.insert(n)).collect();
        [2, 5, 1].iter().for_each(|&n| assert_eq!(slab.remove(ids[n]), Some(n)));
        assert_eq!([8, 9, 10].map(|n| slab.insert(n).slot), [1, 5, 2].map(|n| ids[n as usize].slot));
    }

    #[test]
    fn growing_moves_no_value() {
        let mut slab = Slab::new(0);
        let first = slab.insert(0);
        let address: *const usize = slab.get(first).expect("it was just inserted");
        (0..10 * PAGE_SLOTS).for_each(|n| assert_ne!(slab.insert(n), first));
        assert!(std::ptr::eq(address, slab.get(first).expect("it was not removed")));
    }

    #[test]
    fn empty_pages_are_given_back_but_one() {
        let mut slab = Slab::new(0);
        let ids: Vec<ConnId> = (0..5 * PAGE_SLOTS).map(|n| slab.insert(n)).collect();
        ids[1..].iter().for_each(|&id| assert!(slab.remove(id).is_some()));
        assert_eq!((slab.len(), slab.pages.len()), (1, 2));
    }

    #[test]
    fn a_page_that_was_given_back_does_not_repeat_generations() {
        let mut slab = Slab::new(0);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..4 {
            let ids: Vec<ConnId> = (0..3 * PAGE_SLOTS).map(|n| slab.insert(n)).collect();
            ids.iter().for_each(|&id| assert!(seen.insert(id), "{id:?} was given twice"));
            ids.iter().for_each(|&id| assert!(slab.remove(id).is_some()));
        }
    }

    #[test]
    fn a_generation_wraps() {
        let mut slab = Slab { generation: u32::MAX, ..Slab::new(0) };
        let last = slab.insert(1);
        slab.remove(last);
        let wrapped = slab.insert(2);
        assert_eq!((last.generation, wrapped.generation, slab.get(last)), (u32::MAX, 0, None));
    }

    /// Does what `rng` says to a slab and to a map, which must always agree.
    fn compare_with_a_map(rng: &mut Rng) {
        let mut slab = Slab::new(1);
        let mut map = HashMap::new();
        let mut ids = Vec::new();
        for step in 0..12_000 {
            // The population swings between nothing and several pages.
            let grows = if step / 3_000 % 2 == 0 { 85 } else { 15 };
            if ids.is_empty() || rng.chance(grows) {
                let id = slab.insert(step);
                assert_eq!(map.insert(id, step), None, "an id is never given twice");
                ids.push(id);
            } else if rng.chance(90) {
                let id = ids.swap_remove(rng.within(0..ids.len()));
                assert_eq!(slab.remove(id), map.remove(&id));
                assert_eq!(slab.remove(id), None);
                assert_eq!(slab.get(id), None);
            } else {
                let id = *rng.pick(&ids);
                assert_eq!((slab.get(id), slab.id_at(id.slot)), (map.get(&id), Some(id)));
            }
            assert_eq!(slab.len(), map.len());
        }
        let mut expected: Vec<ConnId> = map.into_keys().collect();
        expected.sort_by_key(|id| id.slot);
        assert_eq!(slab.ids().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn it_agrees_with_a_map() {
        for_seeds(1, 30, |seed| compare_with_a_map(&mut Rng::new(seed)));
    }
}
