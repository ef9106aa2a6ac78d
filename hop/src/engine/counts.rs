//! What a worker counts of its WebSockets and event streams, and tells the app now and then.

use crate::app::live::counts::LiveCounts;

/// What has changed since the app was told.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Messages that have come.
    pub(crate) received: u64,
    /// Messages and events that were sent.
    pub(crate) sent: u64,
    sockets: isize,
    streams: isize,
}

impl Counts {
    pub(crate) fn opened(&mut self, is_stream: bool) {
        *self.open(is_stream) += 1;
    }

    pub(crate) fn closed(&mut self, is_stream: bool) {
        *self.open(is_stream) -= 1;
    }

    fn open(&mut self, is_stream: bool) -> &mut isize {
        if is_stream { &mut self.streams } else { &mut self.sockets }
    }

    /// Tells the app: once a turn, so that messages cost no atomic operation each.
    #[inline]
    pub(crate) fn tell(&mut self, app: &LiveCounts) {
        if self.received | self.sent != 0 || self.sockets | self.streams != 0 {
            let Counts { received, sent, sockets, streams } = std::mem::take(self);
            app.add(received, sent, sockets, streams);
        }
    }
}
