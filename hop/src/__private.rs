//! The only path that generated code may name. No stability promise.
//!
//! Generated code names types by the user's own tokens, and each in a way that reports a missing impl once: `needs` of a `Spec` takes the
//! function of `FromRequest`, not the type, and [`send`] is told the type of what it sends.

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

/// Answers with what a route returned. The type is named by the caller, so that one that is no answer is reported under it.
pub fn send<A: IntoResponse>(reply: Reply<'_>, answer: A) -> Replied {
    reply.send(answer)
}

/// The place of the attribute that is being expanded.
#[doc(hidden)]
#[macro_export]
macro_rules! __location {
    () => {
        $crate::__private::Location { file: ::core::file!(), line: ::core::line!(), column: ::core::column!() }
    };
}
