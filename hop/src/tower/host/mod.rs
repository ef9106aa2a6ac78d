//! Connections that hyper speaks on: upgrades of tower services, and HTTP/2.
//!
//! ```text
//!   socket ◄─► worker ◄─► pipe ◄─► hyper ─► service        polled by the worker, in the connection's callback
//!                          └─────► upgraded connection     read and written by whatever task the service gives it to
//! ```
//!
//! There is no thread and no task for a connection: hyper's futures are the callback's, and those of services belong to their worker
//! as they do everywhere in hop. What hop's own connections are bound by holds for these as well, because they are hop's own.

mod answer;
mod conn;
mod http1;
mod http2;
mod pipe;
mod tasks;
mod upload;

pub(super) use self::http1::{host, is_upgrade};
pub(super) use self::http2::host_http2;
