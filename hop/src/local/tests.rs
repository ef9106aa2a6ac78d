//! Mailbox and futures on one thread; what several threads do is in `tests/tests/interleavings`.

mod mail {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use crate::local::mail::{Mailbox, Wake};

    /// Counts how often it was rung.
    #[derive(Default)]
    struct Bell(AtomicUsize);

    impl Wake for Bell {
        fn wake(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Bell {
        fn rung(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn mailbox() -> (Arc<Bell>, Mailbox<u32>) {
        let bell = Arc::new(Bell::default());
        (Arc::clone(&bell), Mailbox::new(bell))
    }

    fn taken(mailbox: &Mailbox<u32>) -> Vec<u32> {
        let mut messages = Vec::new();
        mailbox.take(&mut messages);
        messages
    }

    #[test]
    fn messages_come_in_order_behind_what_is_there() {
        let (_, mailbox) = mailbox();
        [1, 2].iter().for_each(|&n| assert_eq!(mailbox.post(n), Ok(())));
        let mut messages = vec![0];
        mailbox.take(&mut messages);
        assert_eq!((messages, taken(&mailbox)), (vec![0, 1, 2], vec![]));
    }

    #[test]
    fn only_the_first_message_wakes_a_sleeper() {
        let (bell, mailbox) = mailbox();
        (0..5).for_each(|n| assert_eq!(mailbox.post(n), Ok(())));
        let running = mailbox.enter();
        assert_eq!((bell.rung(), taken(&mailbox).len()), (1, 5));
        drop(running);
        assert_eq!((mailbox.post(5), bell.rung()), (Ok(()), 2));
    }

    #[test]
    fn an_owner_that_is_awake_is_not_woken() {
        let (bell, mailbox) = mailbox();
        let running = mailbox.enter();
        assert_eq!((mailbox.post(1), taken(&mailbox)), (Ok(()), vec![1]));
        drop(running);
        assert_eq!(bell.rung(), 0);
        assert_eq!((mailbox.post(2), bell.rung()), (Ok(()), 1));
    }

    #[test]
    fn an_owner_does_not_fall_asleep_over_its_mail() {
        let (bell, mailbox) = mailbox();
        let running = mailbox.enter();
        assert_eq!((mailbox.post(1), bell.rung()), (Ok(()), 0));
        drop(running);
        assert_eq!(bell.rung(), 1);
    }

    #[test]
    fn a_closed_mailbox_gives_what_it_has_and_then_every_message_back() {
        let (bell, mailbox) = mailbox();
        assert_eq!(mailbox.post(1), Ok(()));
        assert_eq!((mailbox.close(), mailbox.close()), (vec![1], vec![]));
        drop(mailbox.enter());
        assert_eq!((mailbox.post(2), bell.rung(), taken(&mailbox)), (Err(2), 1, vec![]));
    }
}

mod exec {
    use std::cell::Cell;
    use std::future::{pending, poll_fn, ready};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::rc::Rc;
    use std::sync::{Arc, Mutex};
    use std::task::{Poll, Waker};

    use crate::buf::slab::ConnId;
    use crate::local::exec::{Exec, TaskKey, WakeTask};

    const OWNER: ConnId = ConnId { worker: 4, slot: 5, generation: 6 };

    /// Notes who was woken.
    #[derive(Default)]
    struct Notes(Mutex<Vec<TaskKey>>);

    impl WakeTask for Notes {
        fn wake_task(&self, key: TaskKey) {
            self.0.lock().expect("no test panics while it notes").push(key);
        }
    }

    impl Notes {
        fn take(&self) -> Vec<TaskKey> {
            std::mem::take(&mut self.0.lock().expect("no test panics while it notes"))
        }
    }

    fn exec<T>() -> (Arc<Notes>, Exec<T>) {
        let notes = Arc::new(Notes::default());
        (Arc::clone(&notes), Exec::new(notes))
    }

    /// Sets a flag and panics when it is dropped.
    struct Bomb(Rc<Cell<bool>>);

    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.set(true);
            panic!("a destructor of the user's");
        }
    }

    /// A future that hands its waker out at each poll and never ends.
    fn shows_its_waker(shown: &Rc<Cell<Option<Waker>>>) -> impl Future<Output = u8> + 'static {
        let shown = Rc::clone(shown);
        poll_fn(move |context| {
            shown.set(Some(context.waker().clone()));
            Poll::Pending
        })
    }

    #[test]
    fn a_ready_future_gives_owner_and_output_once() {
        let (_, mut exec) = exec();
        let key = exec.spawn(OWNER, Box::pin(ready("done")));
        assert_eq!((exec.len(), exec.owner(key)), (1, Some(OWNER)));
        assert_eq!((exec.poll(key), exec.poll(key)), (Some((OWNER, "done")), None));
        assert_eq!((exec.len(), exec.owner(key)), (0, None));
    }

    #[test]
    fn wake_ups_coalesce_until_the_next_poll() {
        let (notes, mut exec) = exec();
        let shown = Rc::default();
        let key = exec.spawn(OWNER, Box::pin(shows_its_waker(&shown)));
        assert_eq!((exec.poll(key), notes.take()), (None, vec![]));
        let waker = shown.take().expect("the future was polled");
        (0..3).for_each(|_| waker.wake_by_ref());
        assert_eq!(notes.take(), [key]);
        assert_eq!(exec.poll(key), None);
        waker.wake();
        assert_eq!(notes.take(), [key]);
    }

    #[test]
    fn a_wake_up_during_the_poll_is_not_lost() {
        let (notes, mut exec) = exec();
        let mut polls = 0;
        let key = exec.spawn(
            OWNER,
            Box::pin(poll_fn(move |context| {
                polls += 1;
                context.waker().wake_by_ref();
                if polls == 2 { Poll::Ready(polls) } else { Poll::Pending }
            })),
        );
        assert_eq!((exec.poll(key), notes.take()), (None, vec![key]));
        assert_eq!(exec.poll(key), Some((OWNER, 2)));
    }

    #[test]
    fn a_future_that_is_gone_sends_no_wake_up() {
        let (notes, mut exec) = exec();
        let shown = Rc::default();
        let key = exec.spawn(OWNER, Box::pin(shows_its_waker(&shown)));
        assert_eq!(exec.poll(key), None);
        exec.cancel(key);
        shown.take().expect("the future was polled").wake();
        assert_eq!((notes.take(), exec.poll(key), exec.len()), (vec![], None, 0));
    }

    #[test]
    fn an_old_key_does_not_reach_the_next_future() {
        let (_, mut exec) = exec();
        let old = exec.spawn(OWNER, Box::pin(pending()));
        exec.cancel(old);
        let new = exec.spawn(OWNER, Box::pin(ready(1)));
        exec.cancel(old);
        assert_ne!(old, new);
        assert_eq!((exec.poll(old), exec.poll(new)), (None, Some((OWNER, 1))));
    }

    #[test]
    fn a_future_that_panics_is_gone() {
        let (_, mut exec) = exec::<u8>();
        let key = exec.spawn(OWNER, Box::pin(async { panic!("a future of the user's") }));
        assert!(catch_unwind(AssertUnwindSafe(|| exec.poll(key))).is_err());
        assert_eq!((exec.len(), exec.poll(key)), (0, None));
    }

    #[test]
    fn a_future_that_panics_twice_does_not_end_the_process() {
        let (_, mut exec) = exec::<u8>();
        let dropped = Rc::new(Cell::new(false));
        let bomb = Bomb(Rc::clone(&dropped));
        let future = poll_fn(move |_| if bomb.0.get() { Poll::Pending } else { panic!("a future of the user's") });
        let key = exec.spawn(OWNER, Box::pin(future));
        assert!(catch_unwind(AssertUnwindSafe(|| exec.poll(key))).is_err());
        assert_eq!((exec.len(), dropped.get()), (0, true));
    }

    #[test]
    fn a_destructor_that_panics_costs_neither_the_output_nor_the_others() {
        let (_, mut exec) = exec();
        let flags: [Rc<Cell<bool>>; 4] = Default::default();
        let keys = flags.each_ref().map(|flag| {
            let bomb = Bomb(Rc::clone(flag));
            exec.spawn(OWNER, Box::pin(poll_fn(move |_| Poll::Ready(bomb.0.get()))))
        });
        assert_eq!(exec.poll(keys[0]), Some((OWNER, false)));
        exec.cancel(keys[1]);
        assert_eq!(exec.len(), 2);
        drop(exec);
        assert_eq!(flags.map(|flag| flag.get()), [true; 4]);
    }
}
