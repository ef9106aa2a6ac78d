//! Protocols as values: bytes go in and events come out, answers go in and bytes come out.
//!
//! This layer knows no routes, handlers, TLS or sockets.

pub mod cycle;
pub mod error;
pub mod h1;
pub mod ws;
