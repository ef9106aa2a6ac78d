//! What is kept for a connection that stays open.

use std::sync::Arc;
use std::time::Duration;

use crate::app::endpoint::Endpoint;
use crate::app::live::link::Link;
use crate::app::live::setup::AnyConn;
use crate::app::live::topic::Publication;
use crate::local::topics::Membership;
use crate::time::{Ticks, ticks_in};

/// What is kept for a WebSocket or an event stream. With its connection and the user's own state, it is all that an idle one costs.
#[derive(Debug)]
pub(crate) struct Live {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) conn: AnyConn,
    pub(super) kept: Kept,
}

/// What a callback may change of it.
#[derive(Debug)]
pub(super) struct Kept {
    /// What its handles share with it, if there are any.
    pub(super) link: Option<Arc<Link>>,
    pub(super) topics: Vec<Membership>,
    /// When `on_*_tick` is due, if the route has one.
    pub(super) tick_at: Ticks,
    /// When something last came of a WebSocket's client, or went to an event stream's.
    pub(super) active_at: Ticks,
    /// A ping was sent, and nothing has come since.
    pub(super) pinged: bool,
    /// The handler does not want messages now.
    pub(super) paused: bool,
    /// Something has to wait: the socket did not take all.
    pub(super) waits: bool,
    /// What had to wait has left, and the handler was not told.
    pub(super) drained: bool,
    /// The handler has closed, or was too much for its client: it ends after the callback.
    pub(super) ending: Option<Ending>,
}

/// Why a connection ends by this side's will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Closed { code: u16 },
    Overflow,
}

// Beside the 128 bytes of the connection itself, and rounded up by the allocator, this stays within the 256 that one may cost.
const _: () = assert!(size_of::<Live>() <= 80);

/// What topics carry.
pub(crate) type Published = Arc<Publication>;

impl Live {
    /// Bytes of a message at most.
    pub(super) fn message_bytes_max(&self) -> usize {
        self.endpoint.live.message_bytes
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.kept.paused
    }
}

/// How many clock ticks a route's `every` lasts; at least one, for nothing can be due all the time.
pub(super) fn period_of(every: Duration) -> u32 {
    ticks_in(every).max(1)
}
