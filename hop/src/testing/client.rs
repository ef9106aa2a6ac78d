//! One connection to an app under test.

use std::cell::RefCell;
use std::rc::Rc;

use super::answer::{Answer, Reading};
use super::world::World;
use crate::buf::slab::ConnId;

/// One connection to an app under test: see [`App::connect`](super::App::connect). Dropped, it closes.
pub struct Client {
    world: Rc<RefCell<World>>,
    id: ConnId,
}

impl Client {
    #[track_caller]
    pub(super) fn open(world: Rc<RefCell<World>>) -> Client {
        let id = world.borrow_mut().open().expect("the app takes another connection");
        Client { world, id }
    }

    /// Sends bytes as they are. What the server does not want any more is thrown away.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.world.borrow_mut().send(self.id, bytes.as_ref());
    }

    /// Says that no more will be sent (a half-close).
    pub fn end(&mut self) {
        self.world.borrow_mut().end(self.id);
    }

    /// Resets the connection.
    pub fn reset(&mut self) {
        self.world.borrow_mut().reset(self.id);
    }

    /// Takes only so many further bytes of what the server sends, until it is said again; `usize::MAX`, as in the beginning: all.
    ///
    /// This is how a client that does not keep up is played: with 0 the server's output waits.
    pub fn window(&mut self, bytes: usize) {
        self.world.borrow_mut().set_window(self.id, bytes);
    }

    /// Bytes that were sent and that the server has not read: it reads no further while too much waits to be used.
    pub fn unread_by_the_server(&self) -> usize {
        self.world.borrow_mut().wire(self.id).outgoing_bytes()
    }

    /// Whether the server has said that it will send no more.
    pub fn is_ended(&self) -> bool {
        self.world.borrow_mut().wire(self.id).ended
    }

    /// What the server has sent and was not read yet, as it is.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.world.borrow_mut().wire(self.id).arrived)
    }

    /// The next whole answer. Waits for other threads when there is none yet.
    ///
    /// # Panics
    ///
    /// When none comes, or something that is not an answer.
    #[track_caller]
    pub fn answer(&mut self) -> Answer {
        self.read(false)
    }

    /// The next answer, to a HEAD request: it has no body.
    ///
    /// # Panics
    ///
    /// As [`Client::answer`].
    #[track_caller]
    pub fn answer_to_head(&mut self) -> Answer {
        self.read(true)
    }

    /// Waits for other threads to make something happen. `false`: the connection has ended, or nothing does.
    pub(super) fn wait(&self) -> bool {
        !self.is_ended() && self.world.borrow_mut().wait()
    }

    #[track_caller]
    fn read(&mut self, to_head: bool) -> Answer {
        self.read_by(|input, ended| Answer::read(input, to_head, ended))
    }

    /// The head of the next answer, if that has this status; else all of the answer.
    #[track_caller]
    pub(super) fn answer_or_head(&mut self, status: u16) -> Answer {
        self.read_by(|input, ended| match Answer::read(input, true, ended) {
            Reading::Whole(used, head) if head.status == status => Reading::Whole(used, head),
            _ => Answer::read(input, false, ended),
        })
    }

    #[track_caller]
    fn read_by(&mut self, read: impl Fn(&[u8], bool) -> Reading) -> Answer {
        loop {
            let mut world = self.world.borrow_mut();
            let wire = world.wire(self.id);
            match read(&wire.arrived, wire.ended) {
                Reading::Whole(used, answer) => {
                    wire.arrived.drain(..used);
                    return answer;
                }
                Reading::Malformed(why) => panic!("{why}: {}", wire.arrived.escape_ascii()),
                Reading::Partial => {
                    let (so_far, ended) = (wire.arrived.escape_ascii().to_string(), wire.ended);
                    let more = !ended && world.wait();
                    assert!(more, "no whole answer came; so far: {so_far:?}, connection ended: {ended}");
                }
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A test that panics inside the engine may still hold the world.
        if let Ok(mut world) = self.world.try_borrow_mut() {
            world.reset(self.id);
        }
    }
}
