//! What the task of a call and the thread of the app share: bytes in both directions, bounded, and who is to be woken.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};

use crate::app::peer::Peer;
use crate::buf::slab::ConnId;
use crate::local::bell::Bell;
use crate::local::mail::Mailbox;

/// Bytes that wait in one direction before the other side is no longer asked for more.
const WAITING_BYTES: usize = 64 * 1024;

/// What tasks say to the thread.
pub(crate) enum Command {
    /// A call begins.
    Open(Arc<Link>),
    /// Something about it has changed.
    Look(Arc<Link>),
    /// There will be no more calls: end when those that are open have ended.
    End,
}

/// The mailbox of the thread.
pub(crate) struct Inbox {
    pub(super) mailbox: Mailbox<Command>,
}

impl Inbox {
    pub(super) fn new(bell: Arc<Bell>) -> Inbox {
        Inbox { mailbox: Mailbox::new(bell) }
    }

    pub(crate) fn post(&self, command: Command) {
        // A thread that has ended has closed all its links, which is seen there.
        let _ = self.mailbox.post(command);
    }
}

/// One call: a connection without a socket.
pub(crate) struct Link {
    /// Given by the thread, which alone reads it.
    pub(super) id: OnceLock<ConnId>,
    pub(super) peer: Peer,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    input: VecDeque<Bytes>,
    input_bytes: usize,
    output: BytesMut,
    /// The app has closed: no output follows.
    ended: bool,
    /// The call was dropped.
    left: bool,
    /// The thread has stopped to send until there is room.
    full: bool,
    waker: Option<Waker>,
}

impl Link {
    fn new(peer: Peer) -> Link {
        Link { id: OnceLock::new(), peer, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No user's code runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread's side.
impl Link {
    /// The next bytes for the app, at most so many. Wakes the task, which may now send more.
    pub(super) fn take_input(&self, bytes_max: usize) -> Option<Bytes> {
        let mut state = self.lock();
        let front = state.input.front_mut()?;
        let bytes = front.split_to(front.len().min(bytes_max));
        if front.is_empty() {
            state.input.pop_front();
        }
        state.input_bytes -= bytes.len();
        wake(state);
        Some(bytes)
    }

    /// Whether the task takes more output now; if not, it will say when.
    pub(super) fn has_room(&self) -> bool {
        let mut state = self.lock();
        state.full = state.output.len() >= WAITING_BYTES;
        !state.full
    }

    /// Whether the call was dropped.
    pub(super) fn has_left(&self) -> bool {
        self.lock().left
    }

    /// Hands output over.
    pub(super) fn send(&self, write: impl FnOnce(&mut BytesMut)) {
        let mut state = self.lock();
        write(&mut state.output);
        wake(state);
    }

    /// No output follows.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        wake(state);
    }
}

fn wake(mut state: MutexGuard<'_, State>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The task's side. Dropped, it leaves.
pub(crate) struct Client {
    link: Arc<Link>,
    inbox: Arc<Inbox>,
}

impl Client {
    /// Opens a link, with its first input.
    pub(crate) fn open(inbox: &Arc<Inbox>, peer: Peer, head: Bytes) -> Client {
        let client = Client { link: Arc::new(Link::new(peer)), inbox: Arc::clone(inbox) };
        client.push(head);
        let refused = inbox.mailbox.post(Command::Open(Arc::clone(&client.link))).is_err();
        client.link.lock().ended |= refused;
        client
    }

    /// Whether the app takes more input now; if not, the task is woken when it does.
    pub(crate) fn has_room(&self, cx: &Context<'_>) -> bool {
        let mut state = self.link.lock();
        state.waker = Some(cx.waker().clone());
        state.input_bytes < WAITING_BYTES && !state.ended
    }

    /// Hands input over.
    pub(crate) fn send(&self, bytes: Bytes) {
        self.push(bytes);
        self.look();
    }

    fn push(&self, bytes: Bytes) {
        if !bytes.is_empty() {
            let mut state = self.link.lock();
            state.input_bytes += bytes.len();
            state.input.push_back(bytes);
        }
    }

    /// Leaves before the answer is complete.
    pub(crate) fn leave(&self) {
        let mut state = self.link.lock();
        state.left = true;
        state.input.clear();
        drop(state);
        // Also where the answer has ended: the app's side may be waiting for this one to close.
        self.look();
    }

    fn look(&self) {
        self.inbox.post(Command::Look(Arc::clone(&self.link)));
    }

    /// Has `read` take from the output, which may have ended. The task is woken when there is more.
    pub(crate) fn poll<T>(&self, cx: &Context<'_>, read: impl FnOnce(&mut BytesMut, bool) -> Poll<T>) -> Poll<T> {
        let mut state = self.link.lock();
        let State { output, ended, .. } = &mut *state;
        let polled = read(output, *ended);
        if polled.is_pending() {
            state.waker = Some(cx.waker().clone());
        }
        if state.full && state.output.len() < WAITING_BYTES / 2 {
            state.full = false;
            drop(state);
            self.look();
        }
        polled
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_is_told_of_a_task_that_leaves_though_the_answer_has_ended() {
        let inbox = Arc::new(Inbox::new(Arc::default()));
        let client = Client::open(&inbox, Peer::Unknown, Bytes::from_static(b"a"));
        client.link.end();
        let mut commands = Vec::new();
        inbox.mailbox.take(&mut commands);
        assert!(matches!(commands[..], [Command::Open(_)]));
        commands.clear();
        drop(client);
        inbox.mailbox.take(&mut commands);
        assert!(matches!(&commands[..], [Command::Look(link)] if link.has_left()));
    }
}
