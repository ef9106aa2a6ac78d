//! The WebSocket and event-stream forms of a route: a function is one callback, an `impl` block has one method for each.
pub(crate) mod block;
pub(crate) mod check;
mod check_open;
pub(crate) mod function;
pub(crate) mod kinds;
pub(crate) mod open;
pub(crate) mod role;
mod rules;
