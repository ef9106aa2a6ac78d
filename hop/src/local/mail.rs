//! What other threads say to a worker: a mailbox that wakes its owner when that is asleep, and only then.

use std::fmt;
use std::sync::{Arc, PoisonError};

use super::sync::{AtomicBool, Mutex, MutexGuard, Ordering};

/// Wakes the owner of a mailbox from its sleep, or keeps it from falling asleep next: an eventfd, a poller's notify.
///
/// Called by any thread, under no lock. May be called once more than needed; such a wake-up finds no mail.
pub trait Wake: Send + Sync {
    /// Makes the owner look.
    fn wake(&self);
}

/// Messages from any thread to one owner, in order per sender.
///
/// The owner, in a loop: sleep until woken; [`enter`](Mailbox::enter); [`take`](Mailbox::take) and work, as often as it likes;
/// drop the guard; sleep again. While the guard lives, no post wakes, whoever posts: a worker that is busy costs its senders no
/// system call, and neither does its own mail. Mail that is still there when the guard is dropped wakes. While the owner sleeps, the
/// first message wakes and those after it do not.
///
/// Senders: [`post`](Mailbox::post). Each message is taken, given by [`close`](Mailbox::close), given back by `post`, or dropped
/// with the mailbox.
pub struct Mailbox<M> {
    state: Mutex<State<M>>,
    /// Whether there may be messages, to be asked without the lock. Written under it.
    filled: AtomicBool,
    wake: Arc<dyn Wake>,
}

struct State<M> {
    messages: Vec<M>,
    owner: Owner,
}

/// What the owner does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Sleeps, or will without looking again: must be woken.
    Asleep,
    /// Will look again before it sleeps.
    Running,
    /// Will never look again.
    Gone,
}

impl<M> Mailbox<M> {
    /// An empty mailbox, whose owner is woken by `wake`.
    pub fn new(wake: Arc<dyn Wake>) -> Mailbox<M> {
        let state = State { messages: Vec::new(), owner: Owner::Asleep };
        Mailbox { state: Mutex::new(state), filled: AtomicBool::new(false), wake }
    }

    /// Leaves a message, and wakes the owner if nobody else has.
    ///
    /// # Errors
    /// Gives the message back when the mailbox is closed.
    pub fn post(&self, message: M) -> Result<(), M> {
        let mut state = self.lock();
        if state.owner == Owner::Gone {
            return Err(message);
        }
        let must_wake = state.owner == Owner::Asleep && state.messages.is_empty();
        state.messages.push(message);
        self.filled.store(true, Ordering::Relaxed);
        drop(state);
        if must_wake {
            self.wake.wake();
        }
        Ok(())
    }

    /// Moves all messages to the end of `into`. For the owner; costs a load when there is none, and reuses `into`'s memory.
    pub fn take(&self, into: &mut Vec<M>) {
        // Relaxed: a message that is missed here was not yet followed by a wake-up, or is seen when the guard is dropped.
        if !self.filled.load(Ordering::Relaxed) {
            return;
        }
        let mut state = self.lock();
        self.filled.store(false, Ordering::Relaxed);
        if into.is_empty() {
            std::mem::swap(into, &mut state.messages);
        } else {
            into.append(&mut state.messages);
        }
    }

    /// Says that the owner is awake for as long as the guard lives. For the owner, one guard at a time.
    pub fn enter(&self) -> Running<'_, M> {
        let mut state = self.lock();
        if state.owner == Owner::Asleep {
            state.owner = Owner::Running;
        }
        Running { mailbox: self }
    }

    /// Accepts no message from now on, and gives what was posted before and not taken. For the owner.
    pub fn close(&self) -> Vec<M> {
        let mut state = self.lock();
        state.owner = Owner::Gone;
        self.filled.store(false, Ordering::Relaxed);
        std::mem::take(&mut state.messages)
    }

    /// The owner may sleep from now on, unless mail has come in the last moment.
    fn leave(&self) {
        let mut state = self.lock();
        if state.owner == Owner::Running {
            state.owner = Owner::Asleep;
        }
        let must_wake = state.owner == Owner::Asleep && !state.messages.is_empty();
        drop(state);
        if must_wake {
            self.wake.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<M>> {
        // No panic leaves the state half changed: nothing that is called under the lock can panic but an allocation.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M> fmt::Debug for Mailbox<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        let closed = state.owner == Owner::Gone;
        f.debug_struct("Mailbox").field("messages", &state.messages.len()).field("closed", &closed).finish()
    }
}

/// The owner of a mailbox is awake: see [`Mailbox::enter`].
#[derive(Debug)]
#[must_use = "the owner counts as asleep again when this is dropped"]
pub struct Running<'m, M> {
    mailbox: &'m Mailbox<M>,
}

impl<M> Drop for Running<'_, M> {
    fn drop(&mut self) {
        self.mailbox.leave();
    }
}
