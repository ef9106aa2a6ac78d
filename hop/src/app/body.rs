//! A request body that is taken as it comes.
//!
//! The connection feeds, the consumer takes; when more than [`Limits::stream_bytes`](super::limits::Limits::stream_bytes) wait,
//! the connection is not read any further until the consumer has caught up.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use http::HeaderMap;

#[cfg(feature = "hyper")]
mod pumped;

use super::mail::{Mail, WorkerMail};
use crate::buf::slab::ConnId;

/// Why a body ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyError {
    /// The client left, or the server stopped.
    Closed,
    /// It is longer than the route allows; the client is answered 413.
    TooLarge,
    /// Its coding is malformed, or it came too slowly; the client is answered 400 or 408.
    Malformed,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BodyError::Closed => "the client left before the body was complete",
            BodyError::TooLarge => "the body is larger than this route allows",
            BodyError::Malformed => "the body is malformed or came too slowly",
        })
    }
}

impl std::error::Error for BodyError {}

impl From<BodyError> for io::Error {
    fn from(error: BodyError) -> Self {
        let kind = match error {
            BodyError::Closed => io::ErrorKind::UnexpectedEof,
            BodyError::TooLarge | BodyError::Malformed => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}

/// What [`Body::on_chunk`] is told.
#[derive(Debug)]
pub enum Chunk<'a> {
    /// Body bytes, in order, never empty.
    Data(&'a [u8]),
    /// The body is complete. Nothing follows.
    End,
    /// The body will never be complete. Nothing follows.
    Failed(BodyError),
}

type OnChunk = Box<dyn FnMut(Chunk<'_>) + Send>;

/// What a waiting piece costs beside its bytes: a body of tiny chunks must not hold many times its size.
const PIECE_BYTES: usize = 64;

#[derive(Default)]
struct State {
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    end: Option<Result<HeaderMap, BodyError>>,
    waker: Option<Waker>,
    on_chunk: Option<OnChunk>,
    /// Somebody has asked for the body.
    wanted: bool,
    /// Nobody will ask any more.
    dropped: bool,
    /// The connection has stopped reading and waits to be told.
    full: bool,
    /// Whom to tell that there is room, where no connection of hop's own feeds.
    #[cfg(feature = "hyper")]
    pump: Option<Waker>,
}

/// What the connection and the consumer share.
#[derive(Default)]
pub(crate) struct Feed {
    state: Mutex<State>,
    changed: Condvar,
    /// Whom to tell that there is room; nobody in tests.
    owner: Option<(ConnId, Arc<WorkerMail>)>,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Feed of {:?}", self.owner.as_ref().map(|(conn, _)| conn))
    }
}

/// The connection's side.
impl Feed {
    /// A feed of `conn` and the consumer's handle of it.
    pub(crate) fn new(conn: ConnId, mailbox: Arc<WorkerMail>) -> (Arc<Feed>, Body) {
        let feed = Arc::new(Feed { owner: Some((conn, mailbox)), ..Feed::default() });
        (Arc::clone(&feed), Body { feed: Some(feed), current: Bytes::new(), left_bytes: None })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A consumer that panicked while it held the lock left plain data behind.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Whether somebody has asked for the body: `100 Continue` is due.
    pub(crate) fn is_wanted(&self) -> bool {
        self.lock().wanted
    }

    /// Whether somebody has asked for the body and still holds it.
    pub(crate) fn is_taken(&self) -> bool {
        let state = self.lock();
        state.wanted && !state.dropped
    }

    /// Hands over body bytes; when nobody wants them any more they are thrown away.
    pub(crate) fn push(&self, data: &[u8]) {
        if data.is_empty() || self.call(Chunk::Data(data)) {
            return;
        }
        let mut state = self.lock();
        if state.dropped {
            return;
        }
        state.waiting.push_back(Bytes::copy_from_slice(data));
        state.waiting_bytes += data.len() + PIECE_BYTES;
        self.notify(state);
    }

    /// Whether `limit` bytes wait. If so the consumer will say when it has caught up.
    pub(crate) fn is_full(&self, limit: usize) -> bool {
        let mut state = self.lock();
        state.full = state.waiting_bytes >= limit && !state.dropped;
        state.full
    }

    /// Whether the connection has stopped reading for the consumer's sake.
    pub(crate) fn lags(&self) -> bool {
        self.lock().full
    }

    /// The body is complete, or never will be.
    pub(crate) fn end(&self, end: Result<HeaderMap, BodyError>) {
        let mut state = self.lock();
        if state.end.is_some() {
            return;
        }
        state.end = Some(end.clone());
        self.notify(state);
        self.call(match end {
            Ok(_) => Chunk::End,
            Err(error) => Chunk::Failed(error),
        });
    }

    fn notify(&self, mut state: MutexGuard<'_, State>) {
        let waker = state.waker.take();
        drop(state);
        self.changed.notify_one();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Calls the consumer's callback, outside of the lock. `false`: there is none.
    fn call(&self, chunk: Chunk<'_>) -> bool {
        let Some(mut on_chunk) = self.lock().on_chunk.take() else { return false };
        let more = matches!(chunk, Chunk::Data(_));
        on_chunk(chunk);
        if more {
            self.lock().on_chunk = Some(on_chunk);
        }
        true
    }

    fn look(&self) {
        // A worker that has ended reads no further, and has said so by `end`.
        if let Some((conn, mailbox)) = &self.owner {
            let _ = mailbox.post(Mail::Look(*conn));
        }
        #[cfg(feature = "hyper")]
        self.wake_pump();
    }
}

/// A streamed request body: take it as an argument of a route.
///
/// * In a `blocking` route it is [`io::Read`].
/// * In an `async` route call [`Body::chunk`].
/// * In a plain route give it a callback, [`Body::on_chunk`], and answer by a [`Responder`](super::responder::Responder).
///
/// Dropping it throws the rest of the body away. The route's `limit` holds for it: beyond it reading fails and the client is answered 413.
pub struct Body {
    /// `None`: the request has no body.
    feed: Option<Arc<Feed>>,
    /// Of [`io::Read`]: what was taken and not read yet.
    current: Bytes,
    /// Bytes to come, where the client has said how many.
    left_bytes: Option<u64>,
}

impl Body {
    /// The body of a request that has none.
    pub(crate) fn empty() -> Body {
        Body { feed: None, current: Bytes::new(), left_bytes: None }
    }

    /// The next bytes; `None` when the body is complete.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, BodyError>> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// The next bytes, as a poll; `None` when the body is complete.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let Some(feed) = &self.feed else { return Poll::Ready(None) };
        let mut state = feed.want();
        if let Some(chunk) = state.waiting.pop_front() {
            feed.took(state, chunk.len());
            self.left_bytes = self.left_bytes.map(|left| left.saturating_sub(chunk.len() as u64));
            return Poll::Ready(Some(Ok(chunk)));
        }
        match &state.end {
            Some(Ok(_)) => Poll::Ready(None),
            Some(Err(error)) => Poll::Ready(Some(Err(*error))),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Calls `f` with every piece on the connection's worker: what has come already at once, the rest as it comes.
    /// It must not block. A panic in it closes the connection.
    pub fn on_chunk(self, mut f: impl FnMut(Chunk<'_>) + Send + 'static) {
        let Some(feed) = &self.feed else { return f(Chunk::End) };
        drop(feed.want());
        loop {
            let mut state = feed.lock();
            state.waiting_bytes = 0;
            let waiting = std::mem::take(&mut state.waiting);
            if waiting.is_empty() {
                match state.end.clone() {
                    None => state.on_chunk = Some(Box::new(f)),
                    end => {
                        drop(state);
                        f(end.map_or(Chunk::End, |end| end.map_or_else(Chunk::Failed, |_| Chunk::End)));
                    }
                }
                break;
            }
            drop(state);
            waiting.iter().for_each(|chunk| f(Chunk::Data(chunk)));
        }
        feed.look();
    }

    /// The trailers (RFC 9110 §6.5), once the body is complete.
    pub fn trailers(&self) -> Option<HeaderMap> {
        match &self.feed {
            None => Some(HeaderMap::new()),
            Some(feed) => feed.lock().end.as_ref()?.as_ref().ok().cloned(),
        }
    }
}

/// For those who take the body by another interface.
#[cfg(feature = "tower")]
impl Body {
    /// The client has said how many bytes there will be.
    pub(crate) fn of_length(mut self, bytes: Option<u64>) -> Body {
        self.left_bytes = bytes;
        self
    }

    /// Bytes to come, where that is known.
    pub(crate) fn left_bytes(&self) -> Option<u64> {
        match &self.feed {
            None => Some(0),
            Some(_) => self.left_bytes,
        }
    }

    /// Whether nothing follows any more, trailers included.
    pub(crate) fn is_over(&self) -> bool {
        self.feed.as_ref().is_none_or(|feed| {
            let state = feed.lock();
            let ended = matches!(&state.end, Some(Ok(trailers)) if trailers.is_empty());
            ended && state.waiting.is_empty()
        })
    }

    /// The trailers of a complete body, if it has any; once.
    pub(crate) fn take_trailers(&mut self) -> Option<HeaderMap> {
        let mut state = self.feed.as_ref()?.lock();
        let trailers = std::mem::take(state.end.as_mut()?.as_mut().ok()?);
        Some(trailers).filter(|trailers| !trailers.is_empty())
    }
}

/// The consumer's side.
impl Feed {
    /// Locks, and asks for the body if nobody had.
    fn want(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        if !state.wanted {
            state.wanted = true;
            drop(state);
            self.look();
            state = self.lock();
        }
        state
    }

    fn took(&self, mut state: MutexGuard<'_, State>, n: usize) {
        state.waiting_bytes -= n + PIECE_BYTES;
        let resume = state.full && state.waiting_bytes == 0;
        if resume {
            state.full = false;
        }
        drop(state);
        if resume {
            self.look();
        }
    }
}

impl io::Read for Body {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.current.is_empty() {
            match self.next_blocking()? {
                Some(chunk) => self.current = chunk,
                None => return Ok(0),
            }
        }
        let n = into.len().min(self.current.len());
        self.current.copy_to_slice(&mut into[..n]);
        Ok(n)
    }
}

impl Body {
    fn next_blocking(&self) -> io::Result<Option<Bytes>> {
        let Some(feed) = &self.feed else { return Ok(None) };
        let mut state = feed.want();
        loop {
            if let Some(chunk) = state.waiting.pop_front() {
                feed.took(state, chunk.len());
                return Ok(Some(chunk));
            }
            match &state.end {
                Some(Ok(_)) => return Ok(None),
                Some(Err(error)) => return Err((*error).into()),
                None => {}
            }
            state = feed.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let Some(feed) = &self.feed else { return };
        let mut state = feed.lock();
        if state.on_chunk.is_some() {
            return;
        }
        state.dropped = true;
        state.waiting.clear();
        state.waiting_bytes = 0;
        drop(state);
        feed.look();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_of_tiny_pieces_holds_no_more_memory_than_one_of_large_ones() {
        let feed = Feed::default();
        let tiny = (0..).take_while(|_| !feed.is_full(64 * 1024)).inspect(|_| feed.push(b"a")).count();
        assert!(tiny < 1100, "{tiny} pieces wait, each of them an allocation");
    }
}
