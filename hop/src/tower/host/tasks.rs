//! The futures of one hosted connection: polled by its worker, in its callback, and by nobody else.
//!
//! hyper asks for an executor to run the streams of HTTP/2 beside each other. They need not be `Send` here, and cost no task of a
//! runtime.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{self, Context, Waker};

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Where new futures are left, by those that run.
#[derive(Clone, Default)]
pub(super) struct Spawner(Rc<RefCell<Vec<Work>>>);

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for Spawner {
    fn execute(&self, future: F) {
        self.0.borrow_mut().push(Box::pin(future));
    }
}

/// The futures.
pub(super) struct Tasks {
    slots: Vec<Option<Task>>,
    spawner: Spawner,
    bell: Arc<Bell>,
    len: usize,
}

struct Task {
    work: Work,
    signal: Arc<Signal>,
}

impl Tasks {
    /// Futures whose wake-ups call `worker` while it sleeps; new ones come from `spawner`.
    pub(super) fn new(spawner: Spawner, worker: Waker) -> Tasks {
        let bell = Bell { worker, state: Mutex::default() };
        Tasks { slots: Vec::new(), spawner, bell: Arc::new(bell), len: 0 }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The worker is here, and need not be woken.
    pub(super) fn attend(&self) {
        self.bell.lock().asleep = false;
    }

    /// The worker turns away, to be woken. `false`: there is something to run already.
    pub(super) fn leave(&self) -> bool {
        let mut state = self.bell.lock();
        state.asleep = state.ready.is_empty();
        state.asleep
    }

    /// Polls the first one in the next run, though nobody has woken it.
    pub(super) fn rouse_first(&self) {
        self.bell.lock().ready.push(0);
    }

    /// Polls each that is new or was woken, once. `false`: there was none.
    pub(super) fn run(&mut self) -> bool {
        self.adopt();
        let ready = std::mem::take(&mut self.bell.lock().ready);
        for &slot in &ready {
            let Some(Some(task)) = self.slots.get_mut(slot) else { continue };
            // Acquire, in an operation that also reads: it pairs with the wakers that found a wake-up on its way and sent none.
            task.signal.sent.swap(false, Ordering::Acquire);
            let waker = Waker::from(Arc::clone(&task.signal));
            if task.work.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                self.slots[slot] = None;
                self.len -= 1;
            }
            self.adopt();
        }
        !ready.is_empty()
    }

    /// Takes the new ones in.
    fn adopt(&mut self) {
        let spawned = std::mem::take(&mut *self.spawner.0.borrow_mut());
        for work in spawned {
            let free = self.slots.iter().position(Option::is_none);
            let slot = free.unwrap_or_else(|| {
                self.slots.push(None);
                self.slots.len() - 1
            });
            let signal = Arc::new(Signal { slot, sent: AtomicBool::new(true), bell: Arc::clone(&self.bell) });
            self.slots[slot] = Some(Task { work, signal });
            self.len += 1;
            self.bell.lock().ready.push(slot);
        }
    }
}

/// What is woken.
struct Bell {
    worker: Waker,
    state: Mutex<BellState>,
}

#[derive(Default)]
struct BellState {
    /// To be polled. A future that has taken the place of one that is over may be polled once in vain.
    ready: Vec<usize>,
    asleep: bool,
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, BellState> {
        // Nobody panics under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the wakers of one future share.
struct Signal {
    slot: usize,
    /// Whether a wake-up is on its way, so that there is no need for another.
    sent: AtomicBool,
    bell: Arc<Bell>,
}

impl task::Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.sent.swap(true, Ordering::Release) {
            return;
        }
        let mut state = self.bell.lock();
        state.ready.push(self.slot);
        let asleep = std::mem::take(&mut state.asleep);
        drop(state);
        if asleep {
            self.bell.worker.wake_by_ref();
        }
    }
}
