//! The only path that generated code may name. No stability promise.
//!
//! Generated code names types by the user's own tokens, in qualified paths only (`<T as FromRequest<'_>>::needs`): what is missing is
//! then reported once, under those tokens.

pub use std::clone::Clone;
pub use std::default::Default;
pub use std::option::Option::Some;
pub use std::result::Result;
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

/// What `on_ws_open` and `on_sse_open` return, as one type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not open a connection whose state is `{C}`",
    label = "not a state, and no refusal",
    note = "return `Result<Conn, E>`, where `Conn` is the state and `E` is an answer such as `Response` or `StatusCode`; or `Conn`; or nothing"
)]
pub trait Opened<C> {
    /// The state, or what is answered instead of opening.
    fn opened(self) -> Result<C, Response>;
}

impl<C> Opened<C> for C {
    fn opened(self) -> Result<C, Response> {
        Ok(self)
    }
}

impl<C, E: IntoResponse> Opened<C> for Result<C, E> {
    fn opened(self) -> Result<C, Response> {
        self.map_err(IntoResponse::into_response)
    }
}

/// What a function with `every` returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as an event",
    label = "not an event",
    note = "return `Event`, `String` or `&'static str`, an `Option` of them, or nothing and take `&mut EventStream<'_>`"
)]
pub trait Tick {
    /// Sends it, if there is something to send.
    fn send(self, stream: &mut EventStream<'_>);
}

#[diagnostic::do_not_recommend]
impl Tick for Event {
    fn send(self, stream: &mut EventStream<'_>) {
        stream.send(self);
    }
}

#[diagnostic::do_not_recommend]
impl Tick for String {
    fn send(self, stream: &mut EventStream<'_>) {
        stream.send(self);
    }
}

#[diagnostic::do_not_recommend]
impl Tick for &'static str {
    fn send(self, stream: &mut EventStream<'_>) {
        stream.send(self);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tick> Tick for Option<T> {
    fn send(self, stream: &mut EventStream<'_>) {
        if let Some(event) = self {
            event.send(stream);
        }
    }
}

/// A message is not what its callback takes: the handler is told, and the connection closed.
#[cold]
pub fn misfit<H: EventHandler>(handler: &H, ws: &mut WebSocket<'_>, conn: &mut H::Conn, error: &MessageError) {
    handler.on_ws_error(ws, conn, error);
    ws.close_with(error.code, &error.what);
}

/// A list of origins as a policy.
pub fn origins(listed: &[&str]) -> OriginPolicy {
    OriginPolicy::Listed(listed.iter().map(|origin| (*origin).to_owned()).collect())
}
