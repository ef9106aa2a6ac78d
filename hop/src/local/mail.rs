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
    /// Whether the owner sleeps, or will without looking again, and nobody has woken it yet.
    ///
    /// Exchanged, never just stored: each exchange sees what was done before the one that it follows. So either the owner that goes to
    /// sleep sees the message, or its sender sees the sleeper. This makes going to sleep and waking cheap; a lock would do as well.
    asleep: AtomicBool,
    wake: Arc<dyn Wake>,
}

struct State<M> {
    messages: Vec<M>,
    /// The owner will never look again.
    closed: bool,
}

impl<M> Mailbox<M> {
    /// An empty mailbox, whose owner is woken by `wake`.
    pub fn new(wake: Arc<dyn Wake>) -> Mailbox<M> {
        let state = State { messages: Vec::new(), closed: false };
        Mailbox { state: Mutex::new(state), filled: AtomicBool::new(false), asleep: AtomicBool::new(true), wake }
    }

    /// Leaves a message, and wakes the owner if nobody else has.
    ///
    /// # Errors
    /// Gives the message back when the mailbox is closed.
    pub fn post(&self, message: M) -> Result<(), M> {
        let mut state = self.lock();
        if state.closed {
            return Err(message);
        }
        state.messages.push(message);
        self.filled.store(true, Ordering::Relaxed);
        drop(state);
        self.wake_sleeper();
        Ok(())
    }

    /// Moves all messages to the end of `into`. For the owner; costs a load when there is none, and reuses `into`'s memory.
    #[inline]
    pub fn take(&self, into: &mut Vec<M>) {
        if self.is_filled() {
            self.take_messages(into);
        }
    }

    /// Whether there is something to take. For the owner.
    #[inline]
    pub fn is_filled(&self) -> bool {
        // Relaxed: a message that is missed here was not yet followed by a wake-up, or is seen when the guard is dropped.
        self.filled.load(Ordering::Relaxed)
    }

    fn take_messages(&self, into: &mut Vec<M>) {
        let mut state = self.lock();
        self.filled.store(false, Ordering::Relaxed);
        if into.is_empty() {
            std::mem::swap(into, &mut state.messages);
        } else {
            into.append(&mut state.messages);
        }
    }

    /// Says that the owner is awake for as long as the guard lives. For the owner, one guard at a time.
    #[inline]
    pub fn enter(&self) -> Running<'_, M> {
        self.asleep.swap(false, Ordering::AcqRel);
        Running { mailbox: self }
    }

    /// Accepts no message from now on, and gives what was posted before and not taken. For the owner.
    pub fn close(&self) -> Vec<M> {
        let mut state = self.lock();
        state.closed = true;
        self.filled.store(false, Ordering::Relaxed);
        std::mem::take(&mut state.messages)
    }

    /// The owner may sleep from now on, unless mail has come in the last moment.
    #[inline]
    fn leave(&self) {
        self.asleep.swap(true, Ordering::AcqRel);
        if self.filled.load(Ordering::Relaxed) {
            self.wake_sleeper();
        }
    }

    fn wake_sleeper(&self) {
        if self.asleep.swap(false, Ordering::AcqRel) {
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
        let (messages, closed) = (state.messages.len(), state.closed);
        f.debug_struct("Mailbox").field("messages", &messages).field("closed", &closed).finish()
    }
}

/// The owner of a mailbox is awake: see [`Mailbox::enter`].
#[derive(Debug)]
#[must_use = "the owner counts as asleep again when this is dropped"]
pub struct Running<'m, M> {
    mailbox: &'m Mailbox<M>,
}

impl<M> Drop for Running<'_, M> {
    #[inline]
    fn drop(&mut self) {
        self.mailbox.leave();
    }
}
