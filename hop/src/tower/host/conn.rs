//! A hosted connection as its worker sees it: the callback that moves bytes and polls.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, ready};

use hyper::rt::Executor;

use super::pipe::{HostIo, Pipe};
use super::tasks::{Spawner, Tasks};
use crate::app::hijack::RawIo;

/// Output that waits for the client at most; the rest stays in the pipe, and then in whoever writes.
const OUTPUT_BYTES: usize = 64 * 1024;
/// How often a call goes on with what its own work has made ready, before others have their turn.
const ROUNDS: usize = 8;

/// hyper's connection, until it is over; what it was upgraded to may go on then.
type Conn<C> = Rc<RefCell<Option<Pin<Box<C>>>>>;

/// A hosted connection. Dropped with the connection: its futures go, and what it was upgraded to reads the end.
pub(super) struct Hosted<C> {
    conn: Conn<C>,
    /// How hyper's connection is told to come to an end.
    stop: fn(Pin<&mut C>),
    /// How many futures there are while no request is in flight. `None`: it never waits for one.
    futures_at_rest: Option<usize>,
    pipe: Arc<Pipe>,
    spawner: Spawner,
    /// Made by the first call, which knows whom to wake.
    tasks: Option<Tasks>,
    stopping: bool,
}

impl<C: Future<Output = hyper::Result<()>> + 'static> Hosted<C> {
    /// The connection that `make` makes of hyper's end of the pipe and of what runs its futures.
    pub(super) fn new(
        make: impl FnOnce(HostIo, Spawner) -> C,
        stop: fn(Pin<&mut C>),
        futures_at_rest: Option<usize>,
    ) -> Hosted<C> {
        let (pipe, spawner) = (Arc::default(), Spawner::default());
        let conn = Rc::new(RefCell::new(Some(Box::pin(make(HostIo::new(&pipe), spawner.clone())))));
        spawner.execute(drive(Rc::clone(&conn)));
        Hosted { conn, stop, futures_at_rest, pipe, spawner, tasks: None, stopping: false }
    }

    /// The connection's callback.
    pub(super) fn call(&mut self, io: &mut RawIo<'_>) {
        let waker = io.waker();
        let mut tasks = self.tasks.take().unwrap_or_else(|| Tasks::new(self.spawner.clone(), waker.clone()));
        tasks.attend();
        self.pipe.attend();
        if io.is_stopping() && !std::mem::replace(&mut self.stopping, true) {
            if let Some(conn) = &mut *self.conn.borrow_mut() {
                (self.stop)(conn.as_mut());
            }
            tasks.rouse_first();
        }
        let mut sent = 0;
        for _ in 0..ROUNDS {
            let fed = self.feed(io);
            let ran = tasks.run();
            let moved = self.drain(io);
            sent += moved;
            if !fed && !ran && moved == 0 {
                break;
            }
        }
        let starved = !io.unread().is_empty();
        let stand = self.pipe.leave(&waker, starved);
        let idle = tasks.leave();
        // What it has not read yet stays in the pipe for it.
        let all_heard = io.is_ended() && io.unread().is_empty();
        if stand.output_bytes == 0 && (stand.gone || stand.shut && all_heard) {
            io.close();
        } else {
            if stand.output_bytes == 0 && stand.shut {
                io.mute();
            }
            let may_send = stand.output_bytes > 0 && (sent > 0 || io.queued_bytes() < OUTPUT_BYTES);
            if !idle || may_send || starved && stand.has_room {
                waker.wake_by_ref();
            }
            if io.is_ended() {
                io.stay();
            } else if self.futures_at_rest == Some(tasks.len()) {
                io.rest();
            }
        }
        self.tasks = Some(tasks);
    }

    /// Moves input into the pipe, as far as there is room.
    fn feed(&self, io: &mut RawIo<'_>) -> bool {
        let n = if io.unread().is_empty() { 0 } else { self.pipe.push(io.unread()) };
        io.consume(n);
        // What it was upgraded to cannot be asked to come to an end: it is told that its client has.
        let over = self.stopping && self.conn.borrow().is_none();
        if io.is_ended() && io.unread().is_empty() || over {
            self.pipe.end();
        }
        n > 0
    }

    /// Moves output out of the pipe, as far as the client takes it.
    fn drain(&self, io: &mut RawIo<'_>) -> usize {
        let room = OUTPUT_BYTES.saturating_sub(io.queued_bytes());
        self.pipe.pull(room, |bytes| io.send(bytes))
    }
}

/// Polls hyper's connection to its end.
fn drive<C: Future<Output = hyper::Result<()>>>(conn: Conn<C>) -> impl Future<Output = ()> {
    poll_fn(move |cx| {
        let mut place = conn.borrow_mut();
        let Some(conn) = &mut *place else { return Poll::Ready(()) };
        let ended = ready!(conn.as_mut().poll(cx));
        *place = None;
        if let Err(error) = ended {
            log::debug!("a hosted connection has failed: {error}");
        }
        Poll::Ready(())
    })
}

impl<C> Drop for Hosted<C> {
    fn drop(&mut self) {
        self.pipe.cut();
    }
}
