//! Memory of a worker and of its connections: slab, carry (unread input), cork and overflow queue (unsent output).
//!
//! This layer knows no HTTP.

pub mod carry;
pub mod out;
pub mod slab;
