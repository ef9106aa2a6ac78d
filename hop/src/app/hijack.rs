//! Connections that are taken out of HTTP: the bytes behind an answer's head are the user's own.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// What is to be done with a connection whose answer's head has left.
pub(crate) struct Hijack(pub(crate) Box<dyn FnOnce(RawConn) + Send>);

impl fmt::Debug for Hijack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hijack")
    }
}

/// What is called when there is something to read. It stays on its worker.
pub(crate) type OnReadable = Box<dyn FnMut(&mut RawIo<'_>)>;

/// A connection that was taken out of HTTP. Dropped, it closes.
///
/// * [`into_stream`](RawConn::into_stream): a blocking stream, for a loop on a thread of its own.
/// * [`on_readable`](RawConn::on_readable): a callback on the poll loop.
pub struct RawConn {
    socket: Option<OwnedFd>,
    unread: Vec<u8>,
    stay: Arc<Mutex<Stay>>,
}

/// Whether a hijacked connection stays on the poll loop.
pub(crate) enum Stay {
    Undecided,
    /// With the bytes that he has not read.
    With(Box<dyn FnMut(&mut RawIo<'_>) + Send>, Vec<u8>),
    /// The hijacker has returned: it is too late.
    Over,
}

impl RawConn {
    /// A connection with bytes that were read and not used.
    pub(crate) fn new(socket: Option<OwnedFd>, unread: Vec<u8>) -> (RawConn, Arc<Mutex<Stay>>) {
        let stay = Arc::new(Mutex::new(Stay::Undecided));
        (RawConn { socket, unread, stay: Arc::clone(&stay) }, stay)
    }

    /// A blocking stream, which begins with the bytes that hop has read already. To be used on a thread of its own.
    ///
    /// # Errors
    ///
    /// When there is no socket of its own to give: in [`hop::testing`](crate::testing), and behind a session such as TLS.
    pub fn into_stream(self) -> io::Result<RawStream> {
        let socket = self.socket.ok_or(io::ErrorKind::Unsupported)?;
        fcntl_setfl(&socket, fcntl_getfl(&socket)? - OFlags::NONBLOCK)?;
        Ok(RawStream { unread: self.unread, socket: File::from(socket) })
    }

    /// Keeps the connection on its worker's poll loop: `callback` is called there whenever bytes have come, again while it uses some and
    /// leaves some, when all that had to wait has left, when it is woken ([`RawIo::waker`]), when the server stops, and once when the client
    /// has sent its last ([`RawIo::is_ended`]). The first call follows at once when there are bytes already.
    ///
    /// It runs on the worker, so that a slow one delays the worker's other connections. What it holds is dropped when the connection ends;
    /// a panic in it ends the connection.
    ///
    /// It has to be called before the hijacker returns. Later the connection has left the loop: it is closed, and that is logged.
    pub fn on_readable(self, callback: impl FnMut(&mut RawIo<'_>) + Send + 'static) {
        let mut stay = lock(&self.stay);
        match *stay {
            Stay::Undecided => *stay = Stay::With(Box::new(callback), self.unread),
            _ => log::error!("on_readable was called after the hijacker had returned; closing the connection"),
        }
    }
}

/// A panic under the lock leaves plain data behind.
pub(crate) fn lock(stay: &Mutex<Stay>) -> std::sync::MutexGuard<'_, Stay> {
    stay.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for RawConn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawConn").field("unread_bytes", &self.unread.len()).finish_non_exhaustive()
    }
}

/// A hijacked connection as a blocking stream. Its socket can be borrowed to set options; dropped, it closes.
#[derive(Debug)]
pub struct RawStream {
    /// What was read before; given first.
    unread: Vec<u8>,
    socket: File,
}

impl RawStream {
    /// The socket, and the bytes that were read from it and not used.
    pub fn into_parts(self) -> (OwnedFd, Vec<u8>) {
        (self.socket.into(), self.unread)
    }
}

impl AsFd for RawStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Read for RawStream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            return self.socket.read(into);
        }
        let n = into.len().min(self.unread.len());
        into[..n].copy_from_slice(&self.unread[..n]);
        self.unread.drain(..n);
        Ok(n)
    }
}

impl Write for RawStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A hijacked connection as its callback sees it. Nothing in it blocks: [`Read`] says `WouldBlock` when all was read.
pub struct RawIo<'i> {
    input: &'i mut [u8],
    out: &'i mut Vec<u8>,
    /// Bytes of `out` that were there before.
    before: usize,
    outside: RawOutside<'i>,
    pub(crate) done: RawDone,
}

/// What the callback of a hijacked connection can ask for.
pub(crate) struct RawOutside<'i> {
    /// The client has sent its last byte.
    pub(crate) ended: bool,
    /// The server stops.
    pub(crate) stopping: bool,
    /// Bytes that waited for the client before.
    pub(crate) queued_bytes: usize,
    /// Makes wakers that have the callback called again.
    pub(crate) waker: &'i dyn Fn() -> Waker,
}

/// What the callback has done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RawDone {
    /// Bytes that it has consumed.
    pub(crate) used: usize,
    pub(crate) closes: bool,
    pub(crate) rests: bool,
    pub(crate) stays: bool,
    pub(crate) mutes: bool,
}

impl<'i> RawIo<'i> {
    pub(crate) fn new(input: &'i mut [u8], out: &'i mut Vec<u8>, outside: RawOutside<'i>) -> Self {
        RawIo { input, before: out.len(), out, outside, done: RawDone::default() }
    }

    /// The bytes that were read and not consumed. They stay when the callback returns, up to 16 KiB; then reading stops.
    pub fn unread(&self) -> &[u8] {
        &self.input[self.done.used..]
    }

    /// The same bytes, to be changed in place.
    pub fn unread_mut(&mut self) -> &mut [u8] {
        &mut self.input[self.done.used..]
    }

    /// Forgets the first `n` unread bytes.
    ///
    /// # Panics
    ///
    /// When there are fewer; the connection ends then.
    pub fn consume(&mut self, n: usize) {
        assert!(n <= self.input.len() - self.done.used, "more bytes were consumed than are unread");
        self.done.used += n;
    }

    /// Sends bytes: what one call of the callback sends leaves in one system call. While more than 64 KiB wait the callback is not
    /// called, so that a client that does not read cannot make memory grow.
    pub fn send(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Bytes that wait for the client, what was sent just now included.
    pub fn queued_bytes(&self) -> usize {
        self.outside.queued_bytes + self.out.len() - self.before
    }

    /// Whether the client has sent its last byte. The callback is not called again.
    pub fn is_ended(&self) -> bool {
        self.outside.ended
    }

    /// Whether the server stops: time to come to an end, before the connection is cut.
    pub fn is_stopping(&self) -> bool {
        self.outside.stopping
    }

    /// What makes the callback be called again although nothing has come: from any thread, as often as it likes.
    pub fn waker(&self) -> Waker {
        (self.outside.waker)()
    }

    /// Says that nothing is under way: the connection is closed if nothing comes for as long as
    /// [`Timeouts::idle`](crate::Timeouts::idle) allows. It holds until the callback is called again.
    pub fn rest(&mut self) {
        self.done.rests = true;
    }

    /// Says that the connection goes on although the client has sent its last: the callback is called when it is woken, and closes. Until
    /// then the idle timeout holds.
    #[cfg(feature = "hyper")]
    pub(crate) fn stay(&mut self) {
        self.done.stays = true;
        self.done.rests = true;
    }

    /// Says that nothing more will be sent: the client is told when what was sent has left, and is read as before.
    #[cfg(feature = "hyper")]
    pub(crate) fn mute(&mut self) {
        self.done.mutes = true;
    }

    /// Closes as soon as what was sent has left.
    pub fn close(&mut self) {
        self.done.closes = true;
    }
}

impl Read for RawIo<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let unread = self.unread();
        if unread.is_empty() && !self.outside.ended && !into.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let n = into.len().min(unread.len());
        into[..n].copy_from_slice(&unread[..n]);
        self.done.used += n;
        Ok(n)
    }
}

impl Write for RawIo<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.send(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for RawIo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawIo")
            .field("unread_bytes", &self.unread().len())
            .field("ended", &self.outside.ended)
            .finish_non_exhaustive()
    }
}
