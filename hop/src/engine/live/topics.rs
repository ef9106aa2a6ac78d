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
            let given = self.focus(due.conn, outside).map(|(mut focus, _)| {
                let given = focus.deliver_all(&batch[due.missed..], due);
                focus.settle();
                due.missed + given
            });
            let all = batch.len();
            self.common.topics.return_batch(batch);
            if let Some(given) = given {
                if given < all {
                    self.common.topics.serve_again(given);
                }
                return Some(due.conn);
            }
        }
    }
}

impl Focus<'_> {
    /// Gives a subscriber what waits for it, up to what its route lets wait; says how much that was. Of the rest the socket is asked
    /// first whether it takes what there is.
    fn deliver_all(&mut self, batch: &[Published], due: Due) -> usize {
        let fresh = self.conn.queue.is_none();
        let is_given = |publication: &Published| {
            let is_own = publication.except == Some(due.conn);
            // What is replayed to a client that comes back may be on its way, too.
            let is_old = publication.number > 0 && publication.number <= due.note;
            !is_own && !is_old
        };
        let mut given = batch.len();
        self.with_live(|_, _, port| {
            let stays = batch.iter().position(|publication| is_given(publication) && !port.deliver(publication, fresh));
            given = stays.unwrap_or(batch.len());
        });
        given
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
