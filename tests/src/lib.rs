//! What hop's tests share: seeded numbers, fixtures and a client's view of a connection.
//!
//! | module | what it is |
//! |---|---|
//! | [`rng`] | the one source of randomness, with seeds that failing tests print |
//! | [`alloc`] | an allocator that counts |
//! | [`fixture`] | raw exchanges with the verdict that the RFCs give them, read from `fixtures/h1/*.http` |
//! | [`peer`] | a strict client's reading of what a server sent |
//! | [`check`] | plays a fixture against any [`check::Wire`] and judges the outcome |
//! | [`dial`] | a client over a real socket |
//! | [`served`] | a server of hop on a thread of its own |
//! | [`fuzz`] | mutated fixtures, for a bounded time |
//! | [`rust`] | enough of Rust's grammar to read hop's own sources |
//! | [`browser`] | a headless Chromium |
//! | [`upload`] | an upload of 100 MB, counted |
//! | [`websocket`] | a WebSocket client over a real socket |
//! | [`events`] | an event stream's client over a real socket |
//! | [`sim`] | an engine under a seeded network, seeded clients and a seeded clock |

/// The examples of hop's manual that need more than hop.
#[cfg(doctest)]
#[doc = include_str!("../../hop/src/manual/axum.md")]
pub mod manual {}

pub mod alloc;
pub mod browser;
pub mod check;
pub mod dial;
pub mod events;
pub mod fixture;
pub mod fuzz;
pub mod peer;
pub mod rng;
pub mod rust;
pub mod served;
pub mod sim;
pub mod upload;
pub mod websocket;
