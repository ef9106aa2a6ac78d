//! hop: event handlers for HTTP on poll loops. Idle connections cost no thread, no task and next to no memory.
#![deny(unsafe_code)] // Allowed in `server/poller.rs` alone, for one block.

mod app;
mod buf;
mod conn;
mod engine;
mod local;
mod proto;
mod server;
mod time;
mod wire;

#[doc(hidden)]
pub mod __private;
pub mod unversioned;

#[cfg(test)]
#[path = "../../tests/src/rng.rs"]
mod rng;
