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
