//! A request's body on its way from hyper to a service that takes hop's.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::HeaderMap;
use http_body::Body as _;
use hyper::body::Incoming;

use crate::app::body::{Body, BodyError, Feed};

/// Bytes that wait for the service at most before no more is asked of hyper, which then gives the client no more window.
const WAITING_BYTES: usize = 64 * 1024;

/// Moves a body; polled by whoever polls the answer.
pub(super) struct Upload {
    body: Incoming,
    feed: Arc<Feed>,
    done: bool,
}

impl Upload {
    /// The body as hop's, and what moves it; nothing has to be moved of one that is empty.
    pub(super) fn of(body: Incoming) -> (Body, Option<Upload>) {
        if body.is_end_stream() {
            return (Body::empty(), None);
        }
        let (feed, taken) = Feed::pumped(body.size_hint().exact());
        (taken, Some(Upload { body, feed, done: false }))
    }

    /// Moves what has come, as far as it is wanted.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        while !self.done {
            if !self.feed.is_open(cx.waker()) {
                self.done = true;
                return;
            }
            if !self.feed.is_wanted() || self.feed.is_full(WAITING_BYTES) {
                return;
            }
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else { return };
            match frame.map(|frame| frame.map(|frame| frame.into_data())) {
                Some(Ok(Ok(data))) => self.feed.push_owned(data),
                Some(Ok(Err(frame))) => self.end(Ok(frame.into_trailers().unwrap_or_default())),
                Some(Err(_)) => self.end(Err(BodyError::Closed)),
                None => self.end(Ok(HeaderMap::new())),
            }
        }
    }

    fn end(&mut self, end: Result<HeaderMap, BodyError>) {
        self.done = true;
        self.feed.end(end);
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // Told once only: nothing, if the body was whole.
        self.feed.end(Err(BodyError::Closed));
    }
}
