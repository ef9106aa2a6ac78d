//! From the `http` crate's response to hop's answer: whole bytes where they are there, else a body that is pulled.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame};

use super::BoxError;
use crate::app::response::{Body as AnswerBody, Response, ResponseHead};
use crate::app::stream::{Part, Source};

/// The answer. A body of known size whose first frame is there and holds all of it becomes bytes, which leave in one write with the
/// head; `wanted` says whether the body will be sent at all.
pub(super) fn answer<B>(response: http::Response<B>, wanted: bool, cx: &mut Context<'_>) -> Response
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (head, body) = response.into_parts();
    let body = match body.is_end_stream() {
        true if wanted => AnswerBody::Empty,
        true => AnswerBody::Unsent,
        false => whole_or_pulled(body, wanted, cx),
    };
    let head = ResponseHead { status: head.status, headers: head.headers, ..ResponseHead::default() };
    Response { head, body }
}

fn whole_or_pulled<B>(body: B, wanted: bool, cx: &mut Context<'_>) -> AnswerBody
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    let exact_bytes = body.size_hint().exact();
    let mut pulled = Pulled { body: Box::pin(body), first: None, exact_bytes };
    if let Some(exact_bytes) = exact_bytes.filter(|_| wanted) {
        match pulled.poll_part(cx) {
            Poll::Ready(Some(Ok(Part::Data(data)))) if data.len() as u64 == exact_bytes => {
                return AnswerBody::Bytes(data);
            }
            Poll::Ready(None) if exact_bytes == 0 => return AnswerBody::Empty,
            Poll::Ready(first) => pulled.first = Some(first),
            Poll::Pending => {}
        }
    }
    AnswerBody::Stream(Box::new(pulled))
}

/// A body that is pulled while the client takes it.
struct Pulled<B> {
    body: Pin<Box<B>>,
    /// What was looked at already.
    first: Option<Option<io::Result<Part>>>,
    exact_bytes: Option<u64>,
}

impl<B> Source for Pulled<B>
where
    B: Body + Send,
    B::Error: Into<BoxError>,
{
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Part>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(first);
        }
        let part = match ready!(self.body.as_mut().poll_frame(cx)) {
            Some(frame) => frame.map(part).map_err(io::Error::other),
            None => return Poll::Ready(None),
        };
        if matches!(&part, Ok(Part::Data(data)) if data.is_empty()) {
            // A body that gives empty frames for ever must not keep the worker for ever.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(part))
    }

    fn exact_bytes(&self) -> Option<u64> {
        self.exact_bytes
    }
}

fn part<D: Buf>(frame: Frame<D>) -> Part {
    match frame.into_data() {
        Ok(mut data) => Part::Data(data.copy_to_bytes(data.remaining())),
        // A kind of frame that is not known yet is no part of the body.
        Err(frame) => frame.into_trailers().map_or_else(|_| Part::Data(Bytes::new()), Part::Trailers),
    }
}
