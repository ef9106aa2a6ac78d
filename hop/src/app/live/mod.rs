//! Connections that outlive their request: WebSockets and event streams.

pub(crate) mod closing;
pub(crate) mod counts;
pub(crate) mod dispatch;
pub(crate) mod handle;
pub(crate) mod hub;
pub(crate) mod link;
pub(crate) mod message;
pub(crate) mod opening;
pub(crate) mod options;
pub(crate) mod origin;
pub(crate) mod port;
pub(crate) mod setup;
pub(crate) mod socket;
pub(crate) mod stream;
pub(crate) mod topic;
pub(crate) mod topics;
pub(crate) mod upgrade;
