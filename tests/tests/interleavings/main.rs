//! Every interleaving of the threads that share a mailbox or wake a future, found by loom in hop's own source files.
//!
//! The files are compiled here once more: `super::sync`, where they find std's primitives in hop, is loom's here. What the models
//! are worth is shown by [`weakened`], where the same models run over the same source on primitives with a fault, and must fail.
#![allow(clippy::duplicate_mod, reason = "the same source over different primitives is what this is about")]

mod bell;
#[path = "../../../hop/src/local/exec.rs"]
#[allow(dead_code, unreachable_pub, reason = "the models use a part of it")]
mod exec;
mod exec_models;
#[path = "../../../hop/src/local/mail.rs"]
#[allow(dead_code, unreachable_pub, reason = "the models use a part of it")]
mod mail;
mod mail_models;
#[path = "../../../hop/src/buf/slab.rs"]
#[allow(dead_code, unreachable_pub, reason = "the models use a part of it")]
mod slab;
mod weakened;

/// Where hop's source looks for its slab.
mod buf {
    pub(crate) use crate::slab;
}
/// Where the slab's own tests look for random numbers.
use hop_tests::rng;

/// loom's primitives, by the names that hop's source uses.
mod sync {
    pub(super) use loom::sync::atomic::{AtomicBool, Ordering};
    pub(super) use loom::sync::{Mutex, MutexGuard};
}

/// Each model in every interleaving; those of three threads and a sleep only with up to this many preemptions, unless
/// `LOOM_MAX_PREEMPTIONS` says otherwise: without a bound they take minutes, and find no more.
const PREEMPTIONS: usize = 3;

macro_rules! explore {
    ($preemptions:expr => $($models:ident :: $model:ident,)*) => {$(
        #[test]
        fn $model() {
            let mut builder = loom::model::Builder::new();
            builder.preemption_bound = builder.preemption_bound.or($preemptions);
            builder.check($models::$model);
        }
    )*};
}

explore! {
    None =>
    mail_models::a_message_at_bedtime_wakes,
    mail_models::mail_that_the_owner_posts_itself_does_not_hide_that_of_others,
    mail_models::of_messages_to_a_sleeper_one_wakes,
    mail_models::a_closing_mailbox_loses_no_message,
    exec_models::a_wake_up_during_the_poll_is_not_lost,
    exec_models::a_wake_up_by_mail_reaches_a_sleeping_worker,
    exec_models::a_late_wake_up_does_not_reach_the_next_future,
    exec_models::a_wake_up_at_the_last_poll_does_no_harm,
}

explore! {
    Some(PREEMPTIONS) =>
    mail_models::no_message_is_slept_over,
    exec_models::what_a_waker_that_sends_nothing_did_is_seen,
}
