//! Connections that nobody reads at the moment, and when to look whether their clients have left.

use std::time::Duration;

use crate::buf::slab::ConnId;
use crate::time::Ticks;

/// How long a FIN may go unnoticed.
const PROBE_PAUSE: Duration = Duration::from_secs(1);

/// The list of paused connections. Entries may be stale: they are checked when they are due.
#[derive(Debug, Default)]
pub(crate) struct Paused {
    list: Vec<ConnId>,
    wake_at: Option<Ticks>,
}

impl Paused {
    /// Adds a connection that is not in the list.
    pub(crate) fn add(&mut self, id: ConnId, now: Ticks) {
        self.list.push(id);
        self.wake_at.get_or_insert_with(|| now.after(PROBE_PAUSE));
    }

    /// When it is time to look; never while the list is empty.
    pub(crate) fn wake_at(&self) -> Option<Ticks> {
        self.wake_at
    }

    pub(crate) fn is_due(&self, now: Ticks) -> bool {
        self.wake_at.is_some_and(|at| at.reached(now))
    }

    /// All connections of the list, which is empty then.
    pub(crate) fn take(&mut self) -> Vec<ConnId> {
        self.wake_at = None;
        std::mem::take(&mut self.list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_due_before_its_time_and_an_empty_list_wakes_nobody() {
        let mut paused = Paused::default();
        let (id, now) = (ConnId { worker: 0, slot: 1, generation: 0 }, Ticks(5));
        assert_eq!(paused.wake_at(), None);
        paused.add(id, now);
        assert_eq!(paused.wake_at(), Some(Ticks(105)));
        assert!(!paused.is_due(Ticks(104)));
        assert!(paused.is_due(Ticks(105)));
        assert_eq!(paused.take(), [id]);
        assert_eq!(paused.wake_at(), None);
    }
}
