//! Senders against the owner of a mailbox.

use std::sync::Arc;

use loom::thread;

use super::mail::{Mailbox, Wake};
use crate::bell::Bell;

struct Rings(Arc<Bell>);

impl Wake for Rings {
    fn wake(&self) {
        self.0.ring();
    }
}

fn mailbox() -> (Arc<Bell>, Arc<Mailbox<u8>>) {
    let bell = Bell::new();
    (Arc::clone(&bell), Arc::new(Mailbox::new(Arc::new(Rings(bell)))))
}

/// A thread that posts one message.
fn sender(mailbox: &Arc<Mailbox<u8>>, message: u8) -> thread::JoinHandle<Result<(), u8>> {
    let mailbox = Arc::clone(mailbox);
    thread::spawn(move || mailbox.post(message))
}

/// The owner's loop, until it has `count` messages; they are given sorted.
fn receive(bell: &Bell, mailbox: &Mailbox<u8>, count: usize) -> Vec<u8> {
    let mut messages = Vec::new();
    while messages.len() < count {
        bell.sleep();
        let _running = mailbox.enter();
        mailbox.take(&mut messages);
    }
    messages.sort_unstable();
    messages
}

/// Two senders and an owner that sleeps whenever it may.
pub(crate) fn no_message_is_slept_over() {
    let (bell, mailbox) = mailbox();
    let senders = [sender(&mailbox, 1), sender(&mailbox, 2)];
    assert_eq!(receive(&bell, &mailbox, 2), [1, 2]);
    senders.into_iter().for_each(|sender| assert_eq!(sender.join().unwrap(), Ok(())));
    assert!(bell.rung() <= 3, "one for each message, and one at bedtime");
}

/// The owner is awake when the message comes, and may have looked for the last time.
pub(crate) fn a_message_at_bedtime_wakes() {
    let (bell, mailbox) = mailbox();
    let mut messages = Vec::new();
    let running = mailbox.enter();
    let sender = sender(&mailbox, 1);
    mailbox.take(&mut messages);
    drop(running);
    if messages.is_empty() {
        messages = receive(&bell, &mailbox, 1);
    }
    assert_eq!((messages, sender.join().unwrap()), (vec![1], Ok(())));
    assert!(bell.rung() <= 2, "once at bedtime, and once by a sender who was slow to look whether anybody sleeps");
}

/// A message of the owner's own makes the mailbox non-empty without waking: another's, behind it, must still be seen.
pub(crate) fn mail_that_the_owner_posts_itself_does_not_hide_that_of_others() {
    let (bell, mailbox) = mailbox();
    let sender = sender(&mailbox, 2);
    let running = mailbox.enter();
    assert_eq!(mailbox.post(1), Ok(()));
    drop(running);
    assert_eq!(receive(&bell, &mailbox, 2), [1, 2]);
    assert_eq!(sender.join().unwrap(), Ok(()));
}

/// Nobody takes anything: one system call is enough for any number of messages.
pub(crate) fn of_messages_to_a_sleeper_one_wakes() {
    let (bell, mailbox) = mailbox();
    let senders = [sender(&mailbox, 1), sender(&mailbox, 2)];
    senders.into_iter().for_each(|sender| assert_eq!(sender.join().unwrap(), Ok(())));
    assert_eq!(bell.rung(), 1);
}

/// Each message has one fate: taken, given by `close`, or given back to its sender.
pub(crate) fn a_closing_mailbox_loses_no_message() {
    let (_, mailbox) = mailbox();
    let senders = [sender(&mailbox, 1), sender(&mailbox, 2)];
    let mut messages = Vec::new();
    mailbox.take(&mut messages);
    messages.extend(mailbox.close());
    for sender in senders {
        messages.extend(sender.join().unwrap().err());
    }
    messages.sort_unstable();
    assert_eq!(messages, [1, 2]);
}
