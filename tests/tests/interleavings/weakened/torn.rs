//! A flag that is exchanged by a load and a store, where one operation is needed.

#[path = "../../../../hop/src/local/exec.rs"]
#[allow(dead_code, unreachable_pub, reason = "the models use a part of it")]
mod exec;
#[path = "../exec_models.rs"]
#[allow(dead_code, reason = "not every model meets every fault")]
mod exec_models;
#[path = "../../../../hop/src/local/mail.rs"]
#[allow(dead_code, unreachable_pub, reason = "the models use a part of it")]
mod mail;
#[path = "../mail_models.rs"]
#[allow(dead_code, reason = "not every model meets every fault")]
mod mail_models;

mod sync {
    pub(super) use loom::sync::atomic::Ordering;
    pub(super) use loom::sync::{Mutex, MutexGuard};

    pub(super) struct AtomicBool(loom::sync::atomic::AtomicBool);

    impl AtomicBool {
        pub(super) fn new(value: bool) -> AtomicBool {
            AtomicBool(loom::sync::atomic::AtomicBool::new(value))
        }

        pub(super) fn load(&self, _: Ordering) -> bool {
            self.0.load(Ordering::Relaxed)
        }

        pub(super) fn store(&self, value: bool, _: Ordering) {
            self.0.store(value, Ordering::Relaxed);
        }

        pub(super) fn swap(&self, value: bool, _: Ordering) -> bool {
            let old = self.0.load(Ordering::SeqCst);
            self.0.store(value, Ordering::SeqCst);
            old
        }
    }
}

#[test]
#[should_panic(expected = "deadlock")]
fn an_exchange_in_two_steps_is_found() {
    loom::model(exec_models::what_a_waker_that_sends_nothing_did_is_seen);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_mailbox_whose_exchange_is_two_steps_is_found() {
    loom::model(mail_models::a_message_at_bedtime_wakes);
}
