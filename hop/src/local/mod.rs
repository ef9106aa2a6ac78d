//! What belongs to one worker and is reached from other threads only by mail: mailbox, futures and topics.
//!
//! What threads share here is checked in every interleaving: `tests/tests/interleavings` compiles these very files with loom's
//! primitives in the place of [`sync`]; all but `bell`, which is no more than a condition variable.

pub(crate) mod bell;
pub(crate) mod exec;
pub(crate) mod mail;
mod sync;
pub(crate) mod topics;

#[cfg(test)]
mod tests;
