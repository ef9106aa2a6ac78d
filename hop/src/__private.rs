//! The only path that generated code may name. No stability promise.
//!
//! Besides what is re-exported here, `#[route]` writes `Route`, `FromRequest`, `Routes`, `location!()` and
//! `Spec::new(pattern, location).method(Method).any().limit(u64).timeout(Duration).needs(<A as FromRequest<'_>>::needs)`:
//! the function rather than the type, so that a missing impl is reported once, under the user's own token.

pub use std::result::Result::{Err, Ok};
pub use std::sync::Arc;
pub use std::time::Duration;

pub use http::Method;

pub use crate::__location as location;
pub use crate::app::extract::FromRequest;
pub use crate::app::handler::{Callbacks, EventHandler};
pub use crate::app::into_response::IntoResponse;
pub use crate::app::location::Location;
pub use crate::app::needs::Needs;
pub use crate::app::reply::{Replied, Reply};
pub use crate::app::request::Request;
pub use crate::app::routes::Routes;
pub use crate::app::spec::{Route, Spec};

/// The place of the attribute that is being expanded.
#[doc(hidden)]
#[macro_export]
macro_rules! __location {
    () => {
        $crate::__private::Location { file: ::core::file!(), line: ::core::line!(), column: ::core::column!() }
    };
}
