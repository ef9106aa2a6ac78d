//! How much a peer may send, and how long it may take: every number has a default, and is enforced.

use std::time::Duration;

/// Most header fields that [`Limits::headers`] may allow: a lookup reads the lines one by one.
pub(crate) const HEADERS_CEILING: usize = 128;

/// Bounds on what a peer may send or make hop hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a request head, request line and empty line included; more is answered 431. Default 16 KiB.
    pub head_bytes: usize,
    /// Bytes of the request line; more is answered 414. Default 8 KiB.
    pub line_bytes: usize,
    /// Header fields of a request; more is answered 431. Default 100, at most 128.
    pub headers: usize,
    /// Bytes of a request body that a route takes; more is answered 413. Default 2 MiB. A route may say otherwise (`limit = "64KB"`).
    pub body_bytes: u64,
    /// Bytes of a body that no handler wanted, read and thrown away so that the connection can be used again; beyond it the connection is closed. Default 64 KiB.
    pub drain_bytes: u64,
    /// Bytes of output in memory above which no further request of the connection is processed and streams are not pulled. Default 64 KiB.
    pub output_bytes: usize,
    /// Bytes of a streamed request body that wait for their consumer before reading stops. Default 64 KiB.
    pub stream_bytes: usize,
    /// Connections of the whole server; beyond it 503 and close. Default 90 % of the soft limit on descriptors.
    pub connections: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            head_bytes: 16 * 1024,
            line_bytes: 8 * 1024,
            headers: 100,
            body_bytes: 2 * 1024 * 1024,
            drain_bytes: 64 * 1024,
            output_bytes: 64 * 1024,
            stream_bytes: 64 * 1024,
            connections: None,
        }
    }
}

/// How long a peer may take. Resolution 10 ms.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// From the first byte of a head to its last; then 408. Default 10 s.
    pub head: Duration,
    /// Between two bytes of a body; then 408. Default 30 s.
    pub body: Duration,
    /// Between requests, and before the first; then the connection is closed. Default 75 s.
    pub idle: Duration,
    /// Output waits and the socket takes none of it; then the connection is cut. Default 30 s.
    pub write: Duration,
    /// After the last answer, for the peer to read it and close. Default 2 s.
    pub linger: Duration,
    /// From the order to stop to the cut of what is still in flight. Default 30 s.
    pub shutdown: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
            linger: Duration::from_secs(2),
            shutdown: Duration::from_secs(30),
        }
    }
}
