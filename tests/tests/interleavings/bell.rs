//! What a worker sleeps on: rung by others, heard once however often it was rung, like an eventfd.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::sync::{Condvar, Mutex};

pub(crate) struct Bell {
    unheard: Mutex<bool>,
    changed: Condvar,
    /// Not loom's: nothing that is checked depends on it, and each primitive of loom's multiplies the interleavings.
    rung: AtomicUsize,
}

impl Bell {
    pub(crate) fn new() -> Arc<Bell> {
        Arc::new(Bell { unheard: Mutex::new(false), changed: Condvar::new(), rung: AtomicUsize::new(0) })
    }

    pub(crate) fn ring(&self) {
        self.rung.fetch_add(1, Ordering::Relaxed);
        *self.unheard.lock().unwrap() = true;
        self.changed.notify_one();
    }

    /// Sleeps until it was rung. For ever, which loom reports as a deadlock, when it never is.
    pub(crate) fn sleep(&self) {
        let mut unheard = self.unheard.lock().unwrap();
        while !*unheard {
            unheard = self.changed.wait(unheard).unwrap();
        }
        *unheard = false;
    }

    /// How often it was rung.
    pub(crate) fn rung(&self) -> usize {
        self.rung.load(Ordering::Relaxed)
    }
}
