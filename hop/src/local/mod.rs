//! What belongs to one worker and is reached from other threads only by mail: mailbox and futures.

pub mod exec;
pub mod mail;
