//! What users meet: handlers, requests, answers, routes.
//!
//! This layer knows no slab, no poll loop and no socket.

pub mod body;
pub mod handler;
pub mod limits;
pub mod mail;
pub mod peer;
pub mod reply;
pub mod request;
pub mod responder;
pub mod response;
pub mod router;
pub mod stream;
