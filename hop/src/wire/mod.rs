//! Pure functions between bytes and values. Incomplete input is `None`, never an error.
//!
//! This layer has no state of its own and no clock; what must be remembered between calls is a small struct that the caller passes in.
//! For HTTP/1.1: [`head`] reads a request's head, [`target`] and [`host`] what it asks for, [`framing`] where the message ends,
//! [`chunk`] and [`trailer`] a body in chunks, and [`encode`] writes answers. For WebSocket: [`handshake`] reads what begins one,
//! [`frame`] and [`mask`] its frames, [`close`] the codes that end it, [`utf8`] text in pieces and [`deflate`] compressed messages. For
//! Server-Sent Events: [`event`].

pub(crate) mod ascii;
pub mod chunk;
pub mod close;
#[cfg(feature = "deflate")]
pub mod deflate;
pub mod encode;
pub mod event;
mod fields;
pub mod frame;
pub mod framing;
pub mod handshake;
pub mod head;
mod head_error;
pub mod host;
mod line;
pub mod mask;
pub mod offer;
pub mod target;
pub mod trailer;
pub mod utf8;
mod words;
