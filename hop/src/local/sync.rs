//! The primitives that mailboxes and wakers are made of, under one name that the loom models put their own behind.

pub(super) use std::sync::atomic::{AtomicBool, Ordering};
pub(super) use std::sync::{Mutex, MutexGuard};
