//! A slab with generations: slots are reused, ids are not.

/// Names one connection for ever: after the connection has gone, its id finds nothing, even when the slot is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnId {
    /// Index of the worker that owns the connection.
    pub worker: u16,
    /// Index in that worker's slab.
    pub slot: u32,
    /// How often the slot had been given away before, wrapping.
    pub generation: u32,
}

/// Slots.
pub struct Slab<T> {
    worker: u16,
    slots: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}
impl<T> Slab<T> {
    pub fn new(worker: u16) -> Self {
        Slab { worker, slots: Vec::new(), free: Vec::new() }
    }
    pub fn insert(&mut self, value: T) -> ConnId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push((0, None));
            self.slots.len() as u32 - 1
        });
        self.slots[slot as usize].1 = Some(value);
        ConnId { worker: self.worker, slot, generation: self.slots[slot as usize].0 }
    }
    pub fn get(&self, id: ConnId) -> Option<&T> {
        let s = self.slots.get(id.slot as usize)?;
        if s.0 == id.generation { s.1.as_ref() } else { None }
    }
    pub fn get_mut(&mut self, id: ConnId) -> Option<&mut T> {
        let s = self.slots.get_mut(id.slot as usize)?;
        if s.0 == id.generation { s.1.as_mut() } else { None }
    }
    pub fn remove(&mut self, id: ConnId) -> Option<T> {
        let s = self.slots.get_mut(id.slot as usize)?;
        if s.0 != id.generation {
            return None;
        }
        s.0 += 1;
        let v = s.1.take();
        self.free.push(id.slot);
        v
    }
    pub fn id_at(&self, slot: u32) -> Option<ConnId> {
        let s = self.slots.get(slot as usize)?;
        s.1.as_ref()?;
        Some(ConnId { worker: self.worker, slot, generation: s.0 })
    }
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
    pub fn ids(&self) -> impl Iterator<Item = ConnId> {
        (0..self.slots.len() as u32).filter_map(|s| self.id_at(s))
    }
}
