//! Engines beside those of a server's workers, for what hop's own routes answer between links in memory: each has a number that no
//! worker has, is told to stop when the workers are, and is waited for.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::mail::{Mail, WorkerMail};

/// Workers of a server at most, more than any machine has cores: guests have the numbers from this one on.
pub(crate) const WORKERS_MAX: u16 = 1024;

/// All guests of one app.
#[derive(Default)]
pub(crate) struct Guests {
    state: Mutex<State>,
    /// A guest has left.
    left: Condvar,
    /// What they borrow of the server.
    pool: OnceLock<Weak<dyn Any + Send + Sync>>,
}

#[derive(Default)]
struct State {
    mailboxes: BTreeMap<u16, Arc<WorkerMail>>,
    stopping: bool,
}

impl Guests {
    /// Tells all guests to stop gracefully, those that are still to come as well.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        if !std::mem::replace(&mut state.stopping, true) {
            state.mailboxes.values().for_each(|mailbox| stop(mailbox));
        }
    }

    /// Waits until the last guest has left.
    pub(crate) fn wait(&self) {
        let some = |state: &mut State| !state.mailboxes.is_empty();
        drop(self.left.wait_while(self.lock(), some).unwrap_or_else(PoisonError::into_inner));
    }

    /// Lends the guests the server's threads for what blocks. Called once.
    pub(crate) fn lend(&self, pool: Weak<dyn Any + Send + Sync>) {
        self.pool.get_or_init(|| pool);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under the lock leaves plain data behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stop(mailbox: &WorkerMail) {
    // A guest that is about to leave has nothing to stop.
    let _ = mailbox.post(Mail::Stop);
}

#[cfg(feature = "tower")]
pub(crate) use self::guest::Guest;

#[cfg(feature = "tower")]
mod guest {
    use super::*;
    use crate::app::live::hub::Hub;

    /// The place of one guest; dropped, it has left.
    pub(crate) struct Guest {
        guests: Arc<Guests>,
        hub: Arc<Hub>,
        pub(crate) number: u16,
        pub(crate) mailbox: Arc<WorkerMail>,
    }

    impl Guests {
        /// A guest has come. Its engine attaches itself to the hub.
        pub(crate) fn admit(self: &Arc<Guests>, hub: &Arc<Hub>, mailbox: WorkerMail) -> Guest {
            let mailbox = Arc::new(mailbox);
            let mut state = self.lock();
            let mut free = (WORKERS_MAX..).filter(|number| !state.mailboxes.contains_key(number));
            let number = free.next().expect("there are fewer threads");
            state.mailboxes.insert(number, Arc::clone(&mailbox));
            if state.stopping {
                stop(&mailbox);
            }
            drop(state);
            Guest { guests: Arc::clone(self), hub: Arc::clone(hub), number, mailbox }
        }

        /// What the server lends.
        pub(crate) fn pool<P: Any + Send + Sync>(&self) -> Option<Arc<P>> {
            self.pool.get()?.upgrade()?.downcast().ok()
        }
    }

    impl Drop for Guest {
        fn drop(&mut self) {
            // Mail is dropped last: it may be a user's.
            let _unread = self.mailbox.close();
            self.hub.detach(self.number);
            self.guests.lock().mailboxes.remove(&self.number);
            self.guests.left.notify_all();
        }
    }
}

#[cfg(all(test, feature = "tower"))]
mod tests {
    use super::*;
    use crate::app::live::hub::Hub;
    use crate::local::mail::Wake;

    struct NoWake;

    impl Wake for NoWake {
        fn wake(&self) {}
    }

    fn admit(guests: &Arc<Guests>) -> Guest {
        guests.admit(&Arc::<Hub>::default(), WorkerMail::new(Arc::new(NoWake)))
    }

    fn mail(guest: &Guest) -> Vec<Mail> {
        let mut mail = Vec::new();
        guest.mailbox.take(&mut mail);
        mail
    }

    #[test]
    fn guests_have_numbers_of_their_own_which_are_free_again_when_they_leave() {
        let guests = Arc::<Guests>::default();
        let (first, second) = (admit(&guests), admit(&guests));
        assert_eq!([first.number, second.number], [WORKERS_MAX, WORKERS_MAX + 1]);
        drop(first);
        assert_eq!(admit(&guests).number, WORKERS_MAX);
    }

    #[test]
    fn the_order_to_stop_reaches_each_guest_once_whenever_it_comes() {
        let guests = Arc::<Guests>::default();
        let early = admit(&guests);
        assert!(mail(&early).is_empty());
        guests.stop();
        guests.stop();
        let late = admit(&guests);
        assert!(matches!(mail(&early)[..], [Mail::Stop]) && matches!(mail(&late)[..], [Mail::Stop]));
    }

    #[test]
    fn the_last_guest_is_waited_for() {
        let guests = Arc::<Guests>::default();
        let stay = [admit(&guests), admit(&guests)];
        std::thread::scope(|scope| {
            scope.spawn(|| stay.into_iter().for_each(drop));
            guests.wait();
            assert!(guests.lock().mailboxes.is_empty());
        });
    }
}
