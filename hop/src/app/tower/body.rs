//! A request's body, as services take it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::app::body::{Body, BodyError};

/// With feature `tower`. The first poll asks the client for the body (`100 Continue`); the connection is read no faster than frames
/// are taken. Its size is known where the client has sent `Content-Length`, or no body; trailers are the last frame.
impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Ready(match ready!(self.poll_chunk(cx)) {
            Some(chunk) => Some(chunk.map(Frame::data)),
            None => self.take_trailers().map(|trailers| Ok(Frame::trailers(trailers))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        self.left_bytes().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
