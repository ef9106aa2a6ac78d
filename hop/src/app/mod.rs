//! What users meet: handlers, requests, answers, routes.
//!
//! This layer knows no slab, no poll loop and no socket.

pub(crate) mod answers;
pub(crate) mod body;
pub(crate) mod build;
mod context;
pub(crate) mod endpoint;
pub(crate) mod erased;
pub(crate) mod error;
pub(crate) mod extract;
pub(crate) mod file;
pub(crate) mod guests;
pub(crate) mod handler;
pub(crate) mod hijack;
pub(crate) mod hooks;
pub(crate) mod into_response;
#[cfg(feature = "json")]
pub(crate) mod json;
pub(crate) mod limits;
pub(crate) mod live;
pub(crate) mod location;
pub(crate) mod mail;
pub(crate) mod needs;
mod own_answer;
pub(crate) mod params;
mod pathhash;
mod pattern;
pub(crate) mod peer;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod responder;
pub(crate) mod response;
pub(crate) mod router;
pub(crate) mod routes;
pub(crate) mod sent;
pub(crate) mod spec;
mod states;
pub(crate) mod stream;
#[cfg(feature = "tower")]
pub(crate) mod tower;
mod tree;

#[cfg(test)]
mod tests;
