//! What users meet: handlers, requests, answers, routes.
//!
//! This layer knows no slab, no poll loop and no socket.

pub mod answers;
pub mod body;
pub mod build;
pub mod endpoint;
pub mod error;
pub mod extract;
pub mod file;
pub mod handler;
pub mod hooks;
pub mod into_response;
#[cfg(feature = "json")]
pub mod json;
pub mod limits;
pub mod location;
pub mod mail;
pub mod needs;
mod own_answer;
mod params;
mod pathhash;
mod pattern;
pub mod peer;
pub mod reply;
pub mod request;
pub mod responder;
pub mod response;
pub mod router;
pub mod routes;
pub mod spec;
pub mod stream;
mod tree;

#[cfg(test)]
mod tests;
