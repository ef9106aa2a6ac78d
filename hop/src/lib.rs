//! hop: event handlers for HTTP on poll loops. Idle connections cost no thread, no task and next to no memory.
#![deny(unsafe_code)] // Allowed in `server/poller.rs` alone, for one block.

#[cfg(test)]
extern crate self as hop; // `#[route]` names `::hop`, also in hop's own tests.

mod app;
mod buf;
mod conn;
mod engine;
mod local;
mod proto;
mod server;
mod time;
mod wire;

#[doc(hidden)]
pub mod __private;
pub mod manual;
pub mod prelude;
pub mod testing;
#[cfg(feature = "tower")]
pub mod tower;
pub mod unversioned;
pub mod ws;

pub use bytes::Bytes;
pub use hop_macros::{route, routes};
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};

pub use crate::app::answers::{HeadPart, Html, Redirect};
pub use crate::app::body::{Body, BodyError, Chunk};
pub use crate::app::error::{BuildError, Problem};
pub use crate::app::extract::{
    Accept, Bearer, BodyRejection, ContentType, Cookie, Form, FormRejection, FromHeader, FromRequest, Header,
    HeaderRejection, Headers, Host, Origin, Path, PathRejection, Query, QueryRejection, Referer, State, StateRef,
    StateRejection, UriRejection, UserAgent,
};
pub use crate::app::file::{StaticDir, StaticFile, Symlinks, dir, file};
pub use crate::app::handler::{Callbacks, EventHandler, FnHandler, handler};
pub use crate::app::hijack::{RawConn, RawIo, RawStream};
pub use crate::app::into_response::{IntoResponse, Plain};
pub use crate::app::limits::{Limits, Timeouts};
pub use crate::app::live::closing::CloseReason;
pub use crate::app::live::handle::{EventStreamHandle, WebSocketHandle};
pub use crate::app::live::hub::{Backplane, InProcess, Local};
pub use crate::app::live::message::{FromMessage, IntoMessage, Message, MessageError, OwnedMessage};
pub use crate::app::live::opening::Opening;
pub use crate::app::live::options::{Compression, LiveOptions, OriginPolicy, Overflow};
pub use crate::app::live::socket::WebSocket;
pub use crate::app::live::stream::EventStream;
pub use crate::app::live::topic::{IntoPublication, Publication};
pub use crate::app::live::topics::Topics;
pub use crate::app::location::Location;
pub use crate::app::needs::{BodyMode, Needs};
pub use crate::app::peer::Peer;
pub use crate::app::reply::{Replied, Reply};
pub use crate::app::request::Request;
pub use crate::app::responder::Responder;
pub use crate::app::response::{Response, ResponseHead};
pub use crate::app::router::{App, IntoApp};
pub use crate::app::routes::Routes;
pub use crate::app::sent::Sent;
pub use crate::app::spec::{ANY, Methods, Route, Spec};
pub use crate::app::stream::{Part, Source};
#[cfg(feature = "json")]
pub use crate::app::{extract::JsonRejection, json::Json};
pub use crate::server::Server;
pub use crate::server::address::{Address, LocalAddr};
pub use crate::server::builder::{Builder, listen_and_serve};
pub use crate::server::error::{Error, Result};
pub use crate::server::hub::{Handle, Stats};
pub use crate::server::shutdown::Report;
pub use crate::wire::event::Event;

#[cfg(test)]
#[path = "../../tests/src/rng.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the package of tests, where all of it is used")]
mod rng;
