//! The same source and the same models over primitives with a fault: each fault must be found.

/// The orderings of a flag are all relaxed.
mod relaxed;
/// A flag is exchanged by a load and a store instead of one operation.
mod torn;
