//! Why a WebSocket or an event stream has ended.

use std::fmt;

use crate::wire::close as code;

/// Why a WebSocket or an event stream has ended: given to `on_ws_close` and `on_sse_close`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The client sent a close frame.
    Client {
        /// Its code; 1005 where it named none.
        code: u16,
        /// Its reason, often empty.
        reason: String,
    },
    /// The client's connection ended without a close frame; for an event stream the usual end.
    Left,
    /// The handler, or somebody with its handle, closed it.
    Closed {
        /// The code that was sent.
        code: u16,
    },
    /// The client broke the protocol, or sent a message that is not taken.
    Violation {
        /// The code that was sent.
        code: u16,
        /// What was wrong.
        what: &'static str,
    },
    /// Nothing came from the client for as long as its route allows, not even an answer to a ping.
    Idle,
    /// More was to be sent than the route lets wait, and its policy is to close.
    Overflow,
    /// The client took nothing of what waited for it, for as long as [`Timeouts::write`](crate::Timeouts::write) allows.
    Stalled,
    /// The server stops.
    Shutdown,
    /// A callback panicked.
    Panicked,
}

impl CloseReason {
    /// The close code that describes it (RFC 6455 §7.4.1): what was received or sent, 1006 where nothing was.
    pub fn code(&self) -> u16 {
        match self {
            CloseReason::Client { code, .. } | CloseReason::Closed { code } | CloseReason::Violation { code, .. } => {
                *code
            }
            CloseReason::Left | CloseReason::Stalled => code::ABNORMAL,
            CloseReason::Idle | CloseReason::Shutdown => code::AWAY,
            CloseReason::Overflow => code::TRY_LATER,
            CloseReason::Panicked => code::INTERNAL,
        }
    }

    /// What happened, in words.
    pub fn explain(&self) -> &'static str {
        match self {
            CloseReason::Client { .. } => "the client closed",
            CloseReason::Left => "the client left without a word",
            CloseReason::Closed { .. } => "the handler closed",
            CloseReason::Violation { what, .. } => what,
            CloseReason::Idle => "the client was silent for too long",
            CloseReason::Overflow => "the client did not keep up with what was sent",
            CloseReason::Stalled => "the client took nothing of what was sent",
            CloseReason::Shutdown => "the server stops",
            CloseReason::Panicked => "a callback panicked",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.explain(), self.code())
    }
}
