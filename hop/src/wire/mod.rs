//! Pure functions between bytes and values. Incomplete input is `None`, never an error.
//!
//! This layer has no state of its own and no clock; what must be remembered between calls is a small struct that the caller passes in.
//! For HTTP/1.1: [`head`] reads a request's head, [`target`] and [`host`] what it asks for, [`framing`] where the message ends,
//! [`chunk`] and [`trailer`] a body in chunks, and [`encode`] writes answers.

pub mod chunk;
pub mod encode;
pub mod framing;
pub mod head;
pub mod host;
pub mod target;
pub mod trailer;

mod ascii;
