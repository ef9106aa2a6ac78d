//! Topics: joining, leaving, and what is published on its way to the subscribers of this worker.

use super::super::{Engine, Focus, Outside};
use super::kept::Published;
use crate::buf::slab::ConnId;
use crate::local::topics::{Due, Membership};

impl Engine {
    /// Gives the next subscriber that something was published for all that waits for it. `None`: all have been served.
    pub(crate) fn serve_subscriber(&mut self, outside: &Outside<'_>) -> Option<ConnId> {
        loop {
            let due = self.common.topics.next()?;
            let batch = self.common.topics.take_batch();
            let served = self.focus(due.conn, outside).map(|(mut focus, _)| {
                focus.deliver_all(&batch[due.missed..], due);
                focus.settle();
            });
            self.common.topics.return_batch(batch);
            if served.is_some() {
                return Some(due.conn);
            }
        }
    }
}

impl Focus<'_> {
    fn deliver_all(&mut self, batch: &[Published], due: Due) {
        self.with_live(|_, _, port| {
            for publication in batch {
                let is_own = publication.except == Some(due.conn);
                // What is replayed to a client that comes back may be on its way, too.
                let is_old = publication.number > 0 && publication.number <= due.note;
                if !is_own && !is_old {
                    port.deliver(publication);
                }
            }
        });
    }

    pub(super) fn join(&mut self, topic: &str) -> Membership {
        let (membership, is_first) = self.common.topics.join(topic, self.id);
        if is_first {
            self.app.hub.interest(topic, self.id.worker, true);
        }
        membership
    }

    pub(super) fn leave(&mut self, membership: Membership) {
        if let Some(topic) = self.common.topics.leave(membership) {
            self.app.hub.interest(&topic, self.id.worker, false);
        }
    }
}
