//! Feeds that no connection of hop's own fills: whoever does is woken when there is room.

use std::sync::Arc;
use std::task::Waker;

use bytes::Bytes;

use super::{Body, Feed, PIECE_BYTES};

impl Feed {
    /// A feed and the consumer's handle of it. The body has `left_bytes`, where that is known.
    pub(crate) fn pumped(left_bytes: Option<u64>) -> (Arc<Feed>, Body) {
        let feed = Arc::new(Feed::default());
        (Arc::clone(&feed), Body { feed: Some(feed), current: Bytes::new(), left_bytes })
    }

    /// Says who is woken when the body is asked for, when there is room again and when nobody wants it any more. `false`: that is so.
    pub(crate) fn is_open(&self, waker: &Waker) -> bool {
        let mut state = self.lock();
        match &mut state.pump {
            Some(pump) => pump.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        !state.dropped
    }

    /// As [`Feed::push`], without a copy.
    pub(crate) fn push_owned(&self, data: Bytes) {
        if data.is_empty() || self.call(super::Chunk::Data(&data)) {
            return;
        }
        let mut state = self.lock();
        if !state.dropped {
            state.waiting_bytes += data.len() + PIECE_BYTES;
            state.waiting.push_back(data);
            self.notify(state);
        }
    }

    pub(super) fn wake_pump(&self) {
        let waker = self.lock().pump.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
