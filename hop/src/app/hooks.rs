//! Hooks: what runs before a request's body is read, and before an answer's head is written.

use std::sync::Arc;

use super::request::Request;
use super::response::{Response, ResponseHead};

/// A hook that runs when a head is complete, before the body is read; an answer from it ends the matter.
pub(crate) type Before = Arc<dyn Fn(&Request<'_>) -> Option<Response> + Send + Sync>;

/// A hook that runs before the head of any answer is written.
pub(crate) type After = Arc<dyn Fn(&mut ResponseHead, &Request<'_>) + Send + Sync>;
