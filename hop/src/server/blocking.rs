//! The bounded blocking pool: threads are started on demand, end when idle, and a full queue refuses.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::runtime::Context;

/// A piece of work that may block.
pub(crate) trait Work: Send + 'static {
    /// Does it; a panic ends this piece of work and nothing else.
    fn run(self);
    /// Says that it will not be done.
    fn refuse(self);
}

/// How large a pool may become.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolLimits {
    /// Threads at most; at least one.
    pub(crate) threads: usize,
    /// Pieces of work that wait while all threads are busy; beyond it work is refused.
    pub(crate) waiting: usize,
    /// How long a thread waits for work before it ends.
    pub(crate) idle: Duration,
}

impl PoolLimits {
    pub(crate) const DEFAULT: PoolLimits = PoolLimits { threads: 64, waiting: 1024, idle: Duration::from_secs(10) };
}

/// A pool of threads for `W`; one for all workers of a server.
#[derive(Debug)]
pub(crate) struct Pool<W> {
    inner: Arc<Inner<W>>,
}

#[derive(Debug)]
struct Inner<W> {
    limits: PoolLimits,
    runtime: Context,
    state: Mutex<State<W>>,
    /// Work has come, or the pool is closed.
    work: Condvar,
    /// A thread has ended.
    ended: Condvar,
}

#[derive(Debug)]
struct State<W> {
    waiting: VecDeque<W>,
    /// Threads that have not ended, and how many of them have no work; one that was just started has none.
    threads: usize,
    idle: usize,
    /// Of all threads, also of those that have ended since the last one was started.
    handles: Vec<JoinHandle<()>>,
    closed: bool,
}

impl<W: Work> Pool<W> {
    /// A pool without threads.
    pub(crate) fn new(limits: PoolLimits, runtime: Context) -> Pool<W> {
        let state = State { waiting: VecDeque::new(), threads: 0, idle: 0, handles: Vec::new(), closed: false };
        let inner = Inner { limits, runtime, state: Mutex::new(state), work: Condvar::new(), ended: Condvar::new() };
        Pool { inner: Arc::new(inner) }
    }

    /// Has `work` done by a thread, or refuses it at once: when all threads are busy and the queue is full, or the pool is closed.
    pub(crate) fn submit(&self, work: W) {
        if let Some(refused) = self.enqueue(work) {
            refused.refuse();
        }
    }

    /// Gives the work back that cannot be taken. `refuse` may run foreign code: it is called without the lock.
    fn enqueue(&self, work: W) -> Option<W> {
        let mut state = self.inner.lock();
        // One waiting piece for each idle thread is as good as begun.
        let busy = state.waiting.len() >= state.idle;
        if state.closed || (busy && !self.inner.grow(&mut state) && !state.has_room(&self.inner.limits)) {
            return Some(work);
        }
        state.waiting.push_back(work);
        self.inner.work.notify_one();
        None
    }

    /// Refuses what waits and waits for what runs, until `deadline`. Gives how many pieces are still running then: their threads are
    /// left to themselves.
    pub(crate) fn close(&self, deadline: Instant) -> usize {
        let refused = {
            let mut state = self.inner.lock();
            state.closed = true;
            self.inner.work.notify_all();
            std::mem::take(&mut state.waiting)
        };
        refused.into_iter().for_each(W::refuse);
        let mut state = self.inner.lock();
        while state.threads > 0 {
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
                return state.threads;
            };
            state = self.inner.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let handles = std::mem::take(&mut state.handles);
        drop(state);
        join(handles);
        0
    }
}

impl<W> State<W> {
    fn has_room(&self, limits: &PoolLimits) -> bool {
        self.threads > 0 && self.waiting.len() < self.idle + limits.waiting
    }
}

impl<W: Work> Inner<W> {
    fn lock(&self) -> MutexGuard<'_, State<W>> {
        // Work runs without the lock, so a panic of it leaves the state whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts one more thread, if there may be one more.
    fn grow(self: &Arc<Self>, state: &mut State<W>) -> bool {
        if state.threads >= self.limits.threads {
            return false;
        }
        join(state.handles.extract_if(.., |handle| handle.is_finished()).collect());
        match self.spawn() {
            Ok(handle) => {
                state.handles.push(handle);
                state.threads += 1;
                state.idle += 1;
                true
            }
            Err(error) => {
                log::error!("no thread for the blocking pool: {error}");
                false
            }
        }
    }

    fn spawn(self: &Arc<Self>) -> io::Result<JoinHandle<()>> {
        let inner = Arc::clone(self);
        std::thread::Builder::new().name("hop-blocking".to_owned()).spawn(move || {
            let _entered = inner.runtime.enter();
            while let Some(work) = inner.next() {
                if catch_unwind(AssertUnwindSafe(|| work.run())).is_err() {
                    log::error!("a panic on the blocking pool");
                }
                inner.lock().idle += 1;
            }
            inner.ended.notify_all();
        })
    }

    /// The next piece of work for an idle thread; `None` when it is to end, and then it has been counted out.
    fn next(&self) -> Option<W> {
        let mut state = self.lock();
        let mut waited = false;
        while state.waiting.is_empty() && !state.closed && !waited {
            let (woken, timeout) =
                self.work.wait_timeout(state, self.limits.idle).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            waited = timeout.timed_out();
        }
        let work = state.waiting.pop_front();
        state.idle -= 1;
        state.threads -= usize::from(work.is_none());
        work
    }
}

/// Waits for threads that have ended but for their last instructions.
fn join(handles: Vec<JoinHandle<()>>) {
    for handle in handles {
        handle.join().expect("panics are caught in the thread");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Says what became of it; runs until the gate opens.
    struct Job {
        name: &'static str,
        said: Sender<(&'static str, &'static str)>,
        gate: Option<Receiver<()>>,
    }

    impl Work for Job {
        fn run(self) {
            self.said.send((self.name, "begun")).unwrap();
            if let Some(gate) = self.gate {
                // An error is an open gate too: its key was dropped.
                let _ = gate.recv();
            }
            self.said.send((self.name, "done")).unwrap();
        }

        fn refuse(self) {
            self.said.send((self.name, "refused")).unwrap();
        }
    }

    fn pool(threads: usize, waiting: usize, idle: Duration) -> Pool<Job> {
        Pool::new(PoolLimits { threads, waiting, idle }, Context::NONE)
    }

    const LONG: Duration = Duration::from_secs(600);

    fn far() -> Instant {
        Instant::now() + LONG
    }

    #[test]
    fn threads_start_on_demand_and_are_used_again() {
        let pool = pool(4, 4, LONG);
        let (said, hear) = channel();
        for _ in 0..3 {
            pool.submit(Job { name: "a", said: said.clone(), gate: None });
            assert_eq!(hear.recv().unwrap(), ("a", "begun"));
            assert_eq!(hear.recv().unwrap(), ("a", "done"));
            // The thread waits for work again before the next piece comes.
            while pool.inner.lock().idle == 0 {
                std::thread::yield_now();
            }
        }
        assert_eq!(pool.inner.lock().threads, 1);
        assert_eq!(pool.close(far()), 0);
    }

    #[test]
    fn a_full_pool_refuses_and_loses_nothing_that_it_took() {
        let pool = pool(1, 1, LONG);
        let (said, hear) = channel();
        let (key, gate) = channel::<()>();
        pool.submit(Job { name: "runs", said: said.clone(), gate: Some(gate) });
        assert_eq!(hear.recv().unwrap(), ("runs", "begun"));
        pool.submit(Job { name: "waits", said: said.clone(), gate: None });
        pool.submit(Job { name: "late", said: said.clone(), gate: None });
        assert_eq!(hear.recv().unwrap(), ("late", "refused"));
        drop(key);
        assert_eq!(hear.recv().unwrap(), ("runs", "done"));
        assert_eq!(hear.recv().unwrap(), ("waits", "begun"));
        assert_eq!(hear.recv().unwrap(), ("waits", "done"));
        assert_eq!(pool.close(far()), 0);
    }

    #[test]
    fn idle_threads_end() {
        let pool = pool(1, 1, Duration::from_millis(1));
        let (said, hear) = channel();
        pool.submit(Job { name: "a", said, gate: None });
        assert_eq!(hear.iter().count(), 2);
        let mut state = pool.inner.lock();
        while state.threads > 0 {
            state = pool.inner.ended.wait(state).unwrap();
        }
    }

    #[test]
    fn a_close_refuses_what_waits_and_finishes_what_runs() {
        let pool = pool(1, 1, LONG);
        let (said, hear) = channel();
        let (key, gate) = channel::<()>();
        pool.submit(Job { name: "runs", said: said.clone(), gate: Some(gate) });
        assert_eq!(hear.recv().unwrap(), ("runs", "begun"));
        pool.submit(Job { name: "waits", said: said.clone(), gate: None });
        // A deadline that has passed: what runs is counted and left alone.
        assert_eq!(pool.close(Instant::now()), 1);
        assert_eq!(hear.recv().unwrap(), ("waits", "refused"));
        pool.submit(Job { name: "late", said: said.clone(), gate: None });
        assert_eq!(hear.recv().unwrap(), ("late", "refused"));
        drop(key);
        assert_eq!(pool.close(far()), 0);
        assert_eq!(hear.recv().unwrap(), ("runs", "done"));
    }

    #[test]
    fn a_panic_ends_its_own_work_only() {
        struct Job(Option<Sender<()>>);
        impl Work for Job {
            fn run(self) {
                match self.0 {
                    Some(said) => said.send(()).unwrap(),
                    None => std::panic::resume_unwind(Box::new("on purpose")),
                }
            }
            fn refuse(self) {
                unreachable!("the pool has room");
            }
        }
        let pool = Pool::new(PoolLimits { threads: 1, waiting: 1, idle: LONG }, Context::NONE);
        let (said, hear) = channel();
        pool.submit(Job(None));
        pool.submit(Job(Some(said)));
        hear.recv().unwrap();
        assert_eq!(pool.close(far()), 0);
    }
}
