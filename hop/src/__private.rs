//! The only path that generated code may name. No stability promise.
//!
//! Generated code names types by the user's own tokens, in qualified paths only (`<T as FromRequest<'_>>::needs`): what is missing is
//! then reported once, under those tokens.

pub use std::result::Result::{Err, Ok};
pub use std::sync::Arc;
pub use std::time::Duration;

pub use http::Method;

pub use crate::__location as location;
pub use crate::app::extract::FromRequest;
pub use crate::app::handler::{Callbacks, EventHandler};
pub use crate::app::into_response::IntoResponse;
pub use crate::app::live::closing::CloseReason;
pub use crate::app::live::message::{FromMessage, Message, MessageError};
pub use crate::app::live::opening::{Opener, Opening};
pub use crate::app::live::options::{Compression, LiveOptions, OriginPolicy, Overflow};
pub use crate::app::live::socket::WebSocket;
pub use crate::app::live::stream::EventStream;
pub use crate::app::location::Location;
pub use crate::app::reply::{Replied, Reply};
pub use crate::app::request::Request;
pub use crate::app::response::Response;
pub use crate::app::routes::Routes;
pub use crate::app::spec::{Route, Spec};
pub use crate::wire::event::Event;

/// The place of the attribute that is being expanded.
#[doc(hidden)]
#[macro_export]
macro_rules! __location {
    () => {
        $crate::__private::Location { file: ::core::file!(), line: ::core::line!(), column: ::core::column!() }
    };
}
