//! A pipe in memory between a connection of hop and whoever hosts it: two directions, each bounded.
//!
//! The end called [`HostIo`] is what hyper reads and writes; after an upgrade it wanders to whatever thread the user likes. The other
//! end belongs to the connection's worker, which moves bytes between it and the socket and is woken when there is something to move.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use hyper::rt::{Read, ReadBufCursor, Write};

/// Bytes that wait at most in each direction.
const PIPE_BYTES: usize = 64 * 1024;
/// What an empty direction keeps of its memory, so that small messages need no allocation each.
const KEPT_BYTES: usize = 4 * 1024;

/// What both ends share.
#[derive(Default)]
pub(super) struct Pipe {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// From the socket to the host.
    input: Lane,
    /// From the host to the socket.
    output: Lane,
    /// No more input follows.
    ended: bool,
    /// The connection has gone.
    cut: bool,
    /// The host writes no more.
    shut: bool,
    /// Nor does it read.
    gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// The worker, while it has nothing to do here.
    worker: Option<Waker>,
    /// The worker has more input than there was room for.
    starved: bool,
}

/// How a pipe stood when the worker turned away from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    pub(super) output_bytes: usize,
    pub(super) has_room: bool,
    /// The host writes no more.
    pub(super) shut: bool,
    /// Nor does it read.
    pub(super) gone: bool,
}

/// The worker's end.
impl Pipe {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nobody panics under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the host as many bytes as there is room for; says how many.
    pub(super) fn push(&self, bytes: &[u8]) -> usize {
        let mut state = self.lock();
        let n = bytes.len().min(state.input.room());
        state.input.put(&bytes[..n]);
        let reader = if n > 0 { state.reader.take() } else { None };
        wake(state, reader);
        n
    }

    /// No more input follows.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        let reader = state.reader.take();
        wake(state, reader);
    }

    /// Takes up to `max` bytes of output; says how many.
    pub(super) fn pull(&self, max: usize, take: impl FnOnce(&[u8])) -> usize {
        let mut state = self.lock();
        let waiting = state.output.waiting();
        let n = max.min(waiting.len());
        if n == 0 {
            return 0;
        }
        take(&waiting[..n]);
        state.output.forget(n);
        let writer = state.writer.take();
        wake(state, writer);
        n
    }

    /// The worker is here, and need not be woken.
    pub(super) fn attend(&self) {
        self.lock().worker = None;
    }

    /// The worker turns away and is to be woken by output, by the host's end and, if it is starved, by room.
    pub(super) fn leave(&self, waker: &Waker, starved: bool) -> Stand {
        let mut state = self.lock();
        state.worker = Some(waker.clone());
        state.starved = starved;
        Stand {
            output_bytes: state.output.waiting().len(),
            has_room: state.input.room() > 0,
            shut: state.shut,
            gone: state.gone,
        }
    }

    /// The connection has gone: the host reads the end, and cannot write.
    pub(super) fn cut(&self) {
        let mut state = self.lock();
        state.cut = true;
        state.ended = true;
        state.worker = None;
        state.output = Lane::default();
        let (reader, writer) = (state.reader.take(), state.writer.take());
        drop(state);
        reader.into_iter().chain(writer).for_each(Waker::wake);
    }
}

/// The host's end. Shut down, it goes on reading; dropped, the connection closes. Both when all that was written has left.
pub(super) struct HostIo {
    pipe: Arc<Pipe>,
}

impl HostIo {
    pub(super) fn new(pipe: &Arc<Pipe>) -> HostIo {
        HostIo { pipe: Arc::clone(pipe) }
    }

    fn write(&self, cx: &Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut state = self.pipe.lock();
        if state.cut || state.shut {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let mut written = 0;
        for part in parts {
            let n = part.len().min(state.output.room());
            state.output.put(&part[..n]);
            written += n;
        }
        if written == 0 && parts.iter().any(|part| !part.is_empty()) {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let worker = state.worker.take();
        wake(state, worker);
        Poll::Ready(Ok(written))
    }

    fn leave(&self, gone: bool) {
        let mut state = self.pipe.lock();
        state.shut = true;
        state.gone = gone;
        let worker = state.worker.take();
        wake(state, worker);
    }
}

impl Read for HostIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut into: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let mut state = self.pipe.lock();
        let waiting = state.input.waiting();
        if waiting.is_empty() {
            if state.ended {
                return Poll::Ready(Ok(()));
            }
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let n = into.remaining().min(waiting.len());
        into.put_slice(&waiting[..n]);
        state.input.forget(n);
        let worker = if state.starved { state.worker.take() } else { None };
        wake(state, worker);
        Poll::Ready(Ok(()))
    }
}

impl Write for HostIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.write(cx, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.leave(false);
        Poll::Ready(Ok(()))
    }
}

impl Drop for HostIo {
    fn drop(&mut self) {
        self.leave(true);
    }
}

impl fmt::Debug for HostIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostIo")
    }
}

/// Wakes outside of the lock: whoever is woken may come here at once.
fn wake(state: MutexGuard<'_, State>, waker: Option<Waker>) {
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Bytes in one direction, first in first out.
#[derive(Default)]
struct Lane {
    bytes: Vec<u8>,
    /// So many at the beginning were taken.
    taken: usize,
}

impl Lane {
    fn waiting(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    fn room(&self) -> usize {
        PIPE_BYTES.saturating_sub(self.waiting().len())
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.taken > 0 && self.bytes.len() + bytes.len() > self.bytes.capacity() {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    fn forget(&mut self, n: usize) {
        self.taken += n;
        if self.taken == self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_BYTES);
            self.taken = 0;
        }
    }
}
