//! How many WebSockets and event streams an app has, and how many messages they have carried.

use std::sync::atomic::{AtomicIsize, AtomicU64, Ordering};

/// Sums over all workers.
#[derive(Debug, Default)]
pub(crate) struct LiveCounts {
    received: AtomicU64,
    sent: AtomicU64,
    sockets: AtomicIsize,
    streams: AtomicIsize,
}

impl LiveCounts {
    /// Adds what a worker has counted.
    pub(crate) fn add(&self, received: u64, sent: u64, sockets: isize, streams: isize) {
        self.received.fetch_add(received, Ordering::Relaxed);
        self.sent.fetch_add(sent, Ordering::Relaxed);
        self.sockets.fetch_add(sockets, Ordering::Relaxed);
        self.streams.fetch_add(streams, Ordering::Relaxed);
    }

    /// Messages that have come, and messages and events that were sent.
    pub(crate) fn messages(&self) -> (u64, u64) {
        (self.received.load(Ordering::Relaxed), self.sent.load(Ordering::Relaxed))
    }

    /// Open WebSockets and event streams. A sum over workers may be below zero for a moment.
    pub(crate) fn open(&self) -> (usize, usize) {
        let count = |of: &AtomicIsize| usize::try_from(of.load(Ordering::Relaxed)).unwrap_or(0);
        (count(&self.sockets), count(&self.streams))
    }
}
