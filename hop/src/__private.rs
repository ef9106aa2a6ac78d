//! The only path that generated code may name. No stability promise.
//!
//! Besides what is re-exported here, `#[route]` writes `Route`, `FromRequest`, `Routes`, `location!()` and
//! `Spec::new(pattern, location).method(Method).any().limit(u64).timeout(Duration).needs(<A as FromRequest<'_>>::needs)`:
//! the function rather than the type, so that a missing impl is reported once, under the user's own token.
pub use std::result::Result::{Err, Ok};
pub use std::sync::Arc;
pub use std::time::Duration;

pub use http::Method;

pub use crate::app::handler::{Callbacks, EventHandler};
pub use crate::app::reply::{Replied, Reply};
pub use crate::app::request::Request;
pub use crate::app::response::IntoResponse;
