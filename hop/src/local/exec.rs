//! Futures of one worker: polled by their worker only, woken from any thread by mail.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Context, Poll, Waker};

use super::sync::{AtomicBool, Ordering};
use crate::buf::slab::{ConnId, Slab};

/// Names one future for ever: when it is gone the key finds nothing, so that a late wake-up hits no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TaskKey(u64);

impl TaskKey {
    /// The worker is of no account: a key is used with the `Exec` that gave it.
    const fn id(self) -> ConnId {
        ConnId::unpack(0, self.0)
    }
}

/// Carries a wake-up to the worker that owns the future, usually as mail.
///
/// Called by any thread, also by the worker's own while it polls.
pub(crate) trait WakeTask: Send + Sync {
    /// Makes the worker poll the future `key` soon. If that is gone by then, nothing happens.
    fn wake_task(&self, key: TaskKey);
}

/// The futures of one worker, each for a connection.
///
/// [`spawn`](Exec::spawn), then [`poll`](Exec::poll) at once and after each [`WakeTask::wake_task`]. It polls nothing by itself.
/// Wake-ups of a future coalesce until it is polled.
pub(crate) struct Exec<T> {
    tasks: Slab<Task<T>>,
    wake: Arc<dyn WakeTask>,
}

struct Task<T> {
    future: Pin<Box<dyn Future<Output = T>>>,
    signal: Arc<Signal>,
    owner: ConnId,
}

impl<T> Exec<T> {
    /// No futures yet; theirs will be woken through `wake`.
    pub(crate) fn new(wake: Arc<dyn WakeTask>) -> Exec<T> {
        Exec { tasks: Slab::new(0), wake }
    }

    /// Takes a future in, which works for the connection `owner`. It is not polled yet.
    pub(crate) fn spawn(&mut self, owner: ConnId, future: Pin<Box<dyn Future<Output = T>>>) -> TaskKey {
        let wake = &self.wake;
        let id = self.tasks.insert_with(|id| {
            let signal = Signal { sent: AtomicBool::new(false), key: TaskKey(id.pack()), wake: Arc::clone(wake) };
            Task { future, signal: Arc::new(signal), owner }
        });
        TaskKey(id.pack())
    }

    /// Polls a future. Gives its owner and its output when it is ready, and forgets it; `None` when it is pending, or gone.
    ///
    /// # Panics
    /// When the future does. It is forgotten then.
    pub(crate) fn poll(&mut self, key: TaskKey) -> Option<(ConnId, T)> {
        let mut turn = Turn { tasks: &mut self.tasks, key, is_last: true };
        let task = turn.tasks.get_mut(key.id())?;
        task.signal.rearm();
        let waker = Waker::from(Arc::clone(&task.signal));
        match task.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => Some((task.owner, output)),
            Poll::Pending => {
                turn.is_last = false;
                None
            }
        }
    }

    /// Drops a future, if it is still there. A panic of its destructor goes no further.
    pub(crate) fn cancel(&mut self, key: TaskKey) {
        if let Some(task) = self.tasks.remove(key.id()) {
            bury(task);
        }
    }

    /// The connection that a future works for, as long as it is there.
    pub(crate) fn owner(&self, key: TaskKey) -> Option<ConnId> {
        self.tasks.get(key.id()).map(|task| task.owner)
    }

    /// How many futures there are.
    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }
}

impl<T> Drop for Exec<T> {
    fn drop(&mut self) {
        let ids: Vec<ConnId> = self.tasks.ids().collect();
        ids.into_iter().filter_map(|id| self.tasks.remove(id)).for_each(bury);
    }
}

impl<T> fmt::Debug for Exec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exec").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// One poll of one future. Forgets the future at its end, also when that is a panic, unless there will be another poll.
struct Turn<'e, T> {
    tasks: &'e mut Slab<Task<T>>,
    key: TaskKey,
    is_last: bool,
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        if self.is_last
            && let Some(task) = self.tasks.remove(self.key.id())
        {
            bury(task);
        }
    }
}

/// Drops a future that is over. Its destructor is the user's: a panic stops here, where a second one would end the process.
fn bury<T>(task: Task<T>) {
    task.signal.mute();
    let _ = catch_unwind(AssertUnwindSafe(|| drop(task.future)));
}

/// What the wakers of one future share.
struct Signal {
    /// Whether a wake-up is on its way, so that there is no need for another.
    sent: AtomicBool,
    key: TaskKey,
    wake: Arc<dyn WakeTask>,
}

impl Signal {
    /// Lets wake-ups through again; before the future looks at what they are about.
    fn rearm(&self) {
        // Acquire, in an operation that also reads: it pairs with the wakers that found a wake-up on its way and sent none.
        self.sent.swap(false, Ordering::Acquire);
    }

    /// Lets no wake-up through: the future is gone. One may still be on its way.
    fn mute(&self) {
        self.sent.store(true, Ordering::Relaxed);
    }
}

impl task::Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: what was done before the wake-up is seen by the poll after it, even if another waker sent that.
        if !self.sent.swap(true, Ordering::Release) {
            self.wake.wake_task(self.key);
        }
    }
}
