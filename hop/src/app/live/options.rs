//! What a route says about its WebSockets and event streams.

use std::time::Duration;

/// What happens to what is sent to a client that does not keep up, when as much waits as its route allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The connection is closed: a WebSocket with 1013.
    #[default]
    Close,
    /// What was to be sent is dropped; the sender is told [`Sent::Full`](crate::Sent::Full).
    DropNewest,
    /// The messages that have waited longest are dropped, except for one that has begun to leave.
    DropOldest,
}

/// Bounds and habits of a route's WebSockets and event streams: the attribute's `idle`, `ping`, `max_message`, `queue`, `overflow`, `every`,
/// `origin`, `compress`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LiveOptions {
    /// A WebSocket from which nothing has come for so long is closed with 1001. Default 75 s.
    pub idle: Duration,
    /// A WebSocket from which nothing has come for so long is sent a ping. Default 30 s; with that, at most half of `idle`.
    pub ping: Duration,
    /// An event stream on which nothing was sent for so long is sent a comment, so that proxies keep it. Default 15 s.
    pub keep_alive: Duration,
    /// Bytes of a message, all its fragments together and after inflation; a longer one is refused with 1009. Default 1 MiB.
    pub message_bytes: usize,
    /// Bytes that may wait for the client; one message is always accepted into an empty queue. Default 1 MiB.
    pub queue_bytes: usize,
    /// What happens beyond `queue_bytes`. Default: close.
    pub overflow: Overflow,
    /// How often `on_ws_tick` or `on_sse_tick` is called. Default: never.
    pub every: Option<Duration>,
    /// Which pages may open a WebSocket. Default: those of the same origin, and clients that are no browsers.
    pub origin: OriginPolicy,
    /// Compression of messages (permessage-deflate, RFC 7692), with the feature `deflate`. Default: where the client offers it.
    pub compress: Compression,
}

/// Which web pages may open a WebSocket: browsers name the page's origin, and send cookies whoever the page belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OriginPolicy {
    /// Those whose `Origin` has the host and port of the request's `Host`; and clients that name no origin, which are no browsers.
    #[default]
    Same,
    /// All.
    Any,
    /// Those of these origins (`https://example.com`), those of the same origin, and clients that name none.
    Listed(Vec<String>),
}

/// How messages are compressed where client and server agree on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Each message by itself: no memory per connection.
    #[default]
    Shared,
    /// With what was sent before as its dictionary: some 300 KiB for each connection. With [`Overflow::DropOldest`] this holds for what the
    /// client sends only, for what is dropped can be no dictionary.
    Dedicated,
    /// Not at all.
    Off,
}

const PING: Duration = Duration::from_secs(30);

impl LiveOptions {
    /// All is decided: where `ping` is still the default, a client has half of `idle` to answer it.
    pub(crate) fn decided(mut self) -> Self {
        if self.ping == PING {
            self.ping = PING.min(self.idle / 2);
        }
        self
    }
}

impl Default for LiveOptions {
    fn default() -> Self {
        LiveOptions {
            idle: Duration::from_secs(75),
            ping: PING,
            keep_alive: Duration::from_secs(15),
            message_bytes: 1024 * 1024,
            queue_bytes: 1024 * 1024,
            overflow: Overflow::default(),
            every: None,
            origin: OriginPolicy::default(),
            compress: Compression::default(),
        }
    }
}
