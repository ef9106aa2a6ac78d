//! Wakers on other threads against the worker that polls, cancels and reuses.

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::sync::Mutex;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use super::exec::{Exec, TaskKey, WakeTask};
use super::mail::{Mailbox, Wake};
use crate::bell::Bell;
use crate::slab::ConnId;

const OWNER: ConnId = ConnId { worker: 1, slot: 2, generation: 3 };

/// The mail of a worker, reduced to keys.
struct Keys {
    bell: Arc<Bell>,
    /// std's: what wakers did must be seen without the order that this lock happens to give them.
    keys: std::sync::Mutex<Vec<TaskKey>>,
}

impl WakeTask for Keys {
    fn wake_task(&self, key: TaskKey) {
        self.keys.lock().unwrap().push(key);
        self.bell.ring();
    }
}

impl Keys {
    fn new() -> Arc<Keys> {
        Arc::new(Keys { bell: Bell::new(), keys: std::sync::Mutex::default() })
    }

    fn take(&self) -> Vec<TaskKey> {
        std::mem::take(&mut *self.keys.lock().unwrap())
    }

    /// Polls whatever is woken, until a future is ready.
    fn run<T>(&self, exec: &mut Exec<T>) -> T {
        loop {
            self.bell.sleep();
            if let Some((_, output)) = self.take().into_iter().find_map(|key| exec.poll(key)) {
                return output;
            }
        }
    }
}

/// Something that a future waits for. Relaxed: only the wake-up can make another thread's store visible.
type Fact = Arc<AtomicBool>;

fn is_known(fact: &Fact) -> bool {
    fact.load(Ordering::Relaxed)
}

/// A thread that makes something known and says so.
fn tells(fact: &Fact, waker: Waker) -> thread::JoinHandle<()> {
    let fact = Arc::clone(fact);
    thread::spawn(move || {
        fact.store(true, Ordering::Relaxed);
        waker.wake();
    })
}

fn fact() -> Fact {
    Arc::new(AtomicBool::new(false))
}

/// Spawns a future that `poll` drives, polls it once, which must leave it pending, and gives its waker too.
fn spawn<T: 'static>(
    exec: &mut Exec<T>,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T> + 'static,
) -> (TaskKey, Waker) {
    let shown = Rc::new(Cell::new(None));
    let show = Rc::clone(&shown);
    let future = poll_fn(move |context| {
        show.set(Some(context.waker().clone()));
        poll(context)
    });
    let key = exec.spawn(OWNER, Box::pin(future));
    assert!(exec.poll(key).is_none());
    (key, shown.take().expect("the future was polled"))
}

/// Two wakers: the second may find a wake-up on its way and send none. What it has done must be seen by the poll that follows.
pub(crate) fn what_a_waker_that_sends_nothing_did_is_seen() {
    let keys = Keys::new();
    // Not dropped when loom panics over a deadlock: a destructor that uses loom's primitives would panic again.
    let mut exec = ManuallyDrop::new(Exec::new(keys.clone()));
    let facts = [fact(), fact()];
    let wanted = facts.clone();
    let (_, waker) =
        spawn(&mut exec, move |_| if wanted.iter().all(is_known) { Poll::Ready(()) } else { Poll::Pending });
    let threads = facts.map(|fact| tells(&fact, waker.clone()));
    keys.run(&mut exec);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(keys.bell.rung() <= 2);
    drop(ManuallyDrop::into_inner(exec));
}

/// The usual future: it leaves its waker, then looks. Whoever finds the waker before that look is done wakes a running future.
pub(crate) fn a_wake_up_during_the_poll_is_not_lost() {
    let keys = Keys::new();
    let mut exec = Exec::new(keys.clone());
    let (fact, place) = (fact(), Arc::new(Mutex::new(None::<Waker>)));
    let (told, left) = (Arc::clone(&fact), Arc::clone(&place));
    let thread = thread::spawn(move || {
        told.store(true, Ordering::Relaxed);
        let waker = left.lock().unwrap().take();
        waker.into_iter().for_each(Waker::wake);
    });
    let future = poll_fn(move |context| {
        *place.lock().unwrap() = Some(context.waker().clone());
        if is_known(&fact) { Poll::Ready(7) } else { Poll::Pending }
    });
    let key = exec.spawn(OWNER, Box::pin(future));
    let output = exec.poll(key).map_or_else(|| keys.run(&mut exec), |(_, output)| output);
    thread.join().unwrap();
    assert_eq!((output, exec.len()), (7, 0));
}

/// Both parts together as the worker has them: a waker, its mail, a worker that sleeps.
pub(crate) fn a_wake_up_by_mail_reaches_a_sleeping_worker() {
    struct Post(Mailbox<TaskKey>);
    impl WakeTask for Post {
        fn wake_task(&self, key: TaskKey) {
            assert_eq!(self.0.post(key), Ok(()));
        }
    }
    struct Rings(Arc<Bell>);
    impl Wake for Rings {
        fn wake(&self) {
            self.0.ring();
        }
    }
    let bell = Bell::new();
    let post = Arc::new(Post(Mailbox::new(Arc::new(Rings(Arc::clone(&bell))))));
    let mut exec = Exec::new(post.clone());
    let fact = fact();
    let wanted = Arc::clone(&fact);
    let running = post.0.enter();
    let (_, waker) = spawn(&mut exec, move |_| if is_known(&wanted) { Poll::Ready(()) } else { Poll::Pending });
    let thread = tells(&fact, waker);
    drop(running);
    while exec.len() > 0 {
        bell.sleep();
        let _running = post.0.enter();
        let mut keys = Vec::new();
        post.0.take(&mut keys);
        keys.into_iter().for_each(|key| assert_eq!(exec.poll(key), Some((OWNER, ()))));
    }
    thread.join().unwrap();
}

/// A future is cancelled and its place is given to another while a wake-up is on its way.
pub(crate) fn a_late_wake_up_does_not_reach_the_next_future() {
    let keys = Keys::new();
    let mut exec = Exec::<()>::new(keys.clone());
    let (old, waker) = spawn(&mut exec, |_| Poll::Pending);
    let thread = tells(&fact(), waker);
    exec.cancel(old);
    let new = exec.spawn(OWNER, Box::pin(poll_fn(|_| panic!("it was never woken"))));
    keys.take().into_iter().for_each(|key| assert_eq!(exec.poll(key), None));
    thread.join().unwrap();
    let late = keys.take();
    assert!(late.iter().all(|&key| key == old), "the key names the future that was cancelled");
    late.into_iter().for_each(|key| assert_eq!(exec.poll(key), None));
    assert_eq!((exec.owner(old), exec.owner(new)), (None, Some(OWNER)));
}

/// A future that finds out by itself is woken at the same time; the mail finds nothing, or is not sent.
pub(crate) fn a_wake_up_at_the_last_poll_does_no_harm() {
    let keys = Keys::new();
    let mut exec = Exec::new(keys.clone());
    let mut polls = 0;
    let (key, waker) = spawn(&mut exec, move |_| {
        polls += 1;
        if polls == 2 { Poll::Ready(polls) } else { Poll::Pending }
    });
    let thread = tells(&fact(), waker);
    assert_eq!(exec.poll(key), Some((OWNER, 2)));
    let next = exec.spawn(OWNER, Box::pin(pending()));
    thread.join().unwrap();
    keys.take().into_iter().for_each(|key| assert_eq!(exec.poll(key), None));
    assert_eq!((exec.len(), exec.owner(next)), (1, Some(OWNER)));
}
