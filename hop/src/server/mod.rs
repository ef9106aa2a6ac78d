//! Threads, sockets and clocks: the shell around the engine. This layer knows no protocol.

pub(crate) mod address;
pub(crate) mod blocking;
pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod listener;
