//! The semver-exempt door: the sans-IO [`Engine`] and the pure functions under it, for embedding, simulation and fuzzing.

pub use crate::app::mail::{Mail, WorkerMail};
pub use crate::app::router::App;
use crate::app::router::PathParams;
pub use crate::buf::out::{FileRange, Output, Slices};
pub use crate::buf::slab::ConnId;
pub use crate::conn::{Session, SessionError};
pub use crate::engine::{Accept, Effect, Engine, INPUT_BYTES, Job, Next, Outside, Peers, Verdict};
pub use crate::local::mail::{Mailbox, Wake};
pub use crate::time::{Now, Ticks};

/// The pure functions between bytes and values.
pub mod wire {
    #[cfg(feature = "deflate")]
    pub use crate::wire::deflate;
    pub use crate::wire::{
        chunk, close, encode, event, frame, framing, handshake, head, host, mask, offer, target, trailer, utf8,
    };
}

/// The machines over bytes.
pub mod proto {
    pub use crate::proto::ws;
}

/// How many path parameters the endpoint for a request has: routing alone, to be measured.
pub fn route(app: &App, method: &str, path: &str) -> usize {
    let mut params = PathParams::default();
    app.find(method, path.as_bytes(), &mut params).map_or(0, |_| params.len())
}
