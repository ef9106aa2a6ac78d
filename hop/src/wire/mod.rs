//! Pure functions between bytes and values. Incomplete input is `None`, never an error.
//!
//! This layer has no state of its own and no clock; what must be remembered between calls is a small struct that the caller passes in.

pub mod chunk;
pub mod encode;
pub mod framing;
pub mod head;
