//! One request's answer, written: the engine's side of a [`Reply`](crate::app::reply::Reply).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;

use super::Focus;
use super::flight::{Routed, bury};
use crate::app::hijack::Hijack;
use crate::app::live::setup::Accepted;
use crate::app::mail::WorkerMail;
use crate::app::reply::{AnswerFuture, BlockingAnswer, Exchange};
use crate::app::request::Request;
use crate::app::responder::Responder;
use crate::app::response::{Body, FilePart, Response, ResponseHead};
use crate::app::stream::Source;
use crate::buf::out::Mark;
use crate::buf::slab::ConnId;
use crate::proto::h1::{AnswerError, AnswerHead, Checkpoint, Length};

/// What is left to do after a callback that has not simply written its answer.
pub(crate) enum Later {
    /// The answer's body broke its promise: the connection must end.
    Broken,
    /// Somebody holds a [`Responder`].
    Deferred(Arc<AtomicBool>),
    /// To be polled.
    Future(AnswerFuture),
    /// To be run on the blocking pool.
    Blocking(BlockingAnswer, Responder),
    /// The head is written; the body is to be pulled.
    Stream(Box<dyn Source>),
    /// The head is written; a WebSocket or an event stream follows.
    Live(Box<Accepted>),
    /// The head is written; what follows is the hijacker's.
    Hijack(Hijack),
    /// Nothing is written; the request, and all that follows it, is read by this callback.
    #[cfg(feature = "hyper")]
    Host(crate::app::hijack::OnReadable),
}

/// Everything that one answer touches.
pub(crate) struct Turn<'t, 'e> {
    pub(crate) focus: &'t mut Focus<'e>,
    /// Missing only for a deferred answer where no hook asks for it.
    pub(crate) routed: Option<Routed<'t>>,
    /// Boxed, so that the plain path moves and drops a null pointer only.
    pub(crate) later: Option<Box<Later>>,
    /// A WebSocket or an event stream was asked for.
    pub(crate) opening: bool,
}

impl Exchange for Turn<'_, '_> {
    fn whole(&mut self, status: StatusCode, content_type: Option<&'static str>, body: &[u8]) {
        if self.has_hooks() || status.is_informational() {
            let head = ResponseHead { status, content_type, ..ResponseHead::default() };
            return self.response(Response { head, body: Body::Bytes(bytes::Bytes::copy_from_slice(body)) });
        }
        self.decide_reuse();
        let (h1, mut out, date) = self.focus.writer();
        out.write(|out| h1.whole(out, date, status, content_type, body));
    }

    fn response(&mut self, mut response: Response) {
        let is_interim = response.status().is_informational() && !response.switches_protocols();
        if is_interim {
            log::error!("a handler answered the interim status {}; answering 500", response.status());
        }
        if is_interim || response.head.is_void {
            response = Response::new(StatusCode::INTERNAL_SERVER_ERROR);
        }
        let status = response.status();
        let survived = self.run_hooks(&mut response.head);
        if response.outlives_request() && response.status() != status {
            response.body = self.focus.not_opened(response.body);
        }
        if !survived {
            response.body = Body::Empty;
        }
        let length = declared_length(&response);
        let ResponseHead { status, headers, content_type, .. } = &response.head;
        let head = AnswerHead { status: *status, content_type: *content_type, headers: Some(headers), length };
        self.decide_reuse();
        if response.outlives_request() {
            self.focus.h1().close_after_answer();
        }
        let (h1, mut out, date) = self.focus.writer();
        let wanted = out.write(|out| h1.begin(out, date, &head));
        let written = match response.body {
            Body::Stream(source) if wanted => {
                self.later = Some(Box::new(Later::Stream(source)));
                return;
            }
            Body::Live(accepted) => return self.later = Some(Box::new(Later::Live(accepted))),
            Body::Hijack(hijack) => return self.later = Some(Box::new(Later::Hijack(hijack))),
            Body::Bytes(bytes) if wanted => self.bytes(bytes),
            Body::File(parts) if wanted => self.files(parts),
            _ => Ok(()),
        };
        let (h1, mut out, _) = self.focus.writer();
        let written = written.and_then(|()| out.write(|out| h1.end(out, None)));
        self.conclude(written);
    }

    fn defer(&mut self) -> Responder {
        let gone = Arc::new(AtomicBool::new(false));
        self.later = Some(Box::new(Later::Deferred(Arc::clone(&gone))));
        let Focus { id, conn, common, .. } = &*self.focus;
        Responder::new(*id, conn.request, gone, Arc::clone(&common.mailbox))
    }

    fn future(&mut self, future: AnswerFuture) {
        self.later = Some(Box::new(Later::Future(future)));
    }

    #[cfg(feature = "hyper")]
    fn host(&mut self, callback: crate::app::hijack::OnReadable) {
        self.later = Some(Box::new(Later::Host(callback)));
    }

    fn opening(&mut self) -> (ConnId, u32, Arc<WorkerMail>) {
        self.opening = true;
        (self.focus.id, self.focus.conn.request, Arc::clone(&self.focus.common.mailbox))
    }

    fn blocking(&mut self, work: BlockingAnswer) {
        let responder = self.defer();
        self.later = Some(Box::new(Later::Blocking(work, responder)));
    }
}

impl Turn<'_, '_> {
    /// Takes back all that a callback did that then panicked, and answers in its place.
    #[cold]
    pub(crate) fn panicked(&mut self, request: &Request<'_>, (machine, out): (Checkpoint, Mark)) {
        log::error!("a handler panicked at {request:?}; answering 500");
        self.focus.h1().restore(machine);
        self.focus.out().rollback(out);
        if let Some(Later::Deferred(gone)) = self.later.as_deref() {
            gone.store(true, Ordering::Release);
        }
        bury(self.later.take());
        self.whole(StatusCode::INTERNAL_SERVER_ERROR, None, b"");
    }

    /// Tells the machine when the connection cannot be used again. A body that somebody still takes is not counted as unread: should
    /// that one stop, the rest is drained as far as the limits go.
    #[inline(always)]
    fn decide_reuse(&mut self) {
        if self.focus.common.stopping || self.focus.h1().unread_bytes() != Some(0) {
            self.decide_reuse_of_unread();
        }
    }

    #[cold]
    fn decide_reuse_of_unread(&mut self) {
        let drain_bytes = self.drain_bytes();
        let stopping = self.focus.common.stopping;
        let h1 = self.focus.h1();
        if stopping || h1.unread_bytes().is_some_and(|unread| unread > drain_bytes) {
            h1.close_after_answer();
        }
    }

    /// How many bytes of an unread body are worth reading for the sake of the connection.
    fn drain_bytes(&self) -> u64 {
        let feed = self.focus.conn.flight.as_ref().and_then(|flight| flight.feed.as_ref());
        let taken = feed.is_some_and(|feed| feed.is_taken());
        if taken { u64::MAX } else { self.focus.app.limits.drain_bytes }
    }

    fn bytes(&mut self, bytes: bytes::Bytes) -> Result<(), AnswerError> {
        let (h1, mut out, _) = self.focus.writer();
        if h1.is_chunked() {
            return out.write(|out| h1.data(out, &bytes));
        }
        h1.count(bytes.len() as u64)?;
        out.shared(bytes);
        Ok(())
    }

    fn files(&mut self, parts: Vec<FilePart>) -> Result<(), AnswerError> {
        let (h1, mut out, _) = self.focus.writer();
        for part in parts {
            h1.count(part.len())?;
            out.shared(part.before);
            if let Some(range) = part.range {
                out.file(range);
            }
        }
        Ok(())
    }

    fn conclude(&mut self, written: Result<(), AnswerError>) {
        if let Err(error) = written {
            log::error!("an answer's body broke its declared length ({error:?}); closing the connection");
            self.later = Some(Box::new(Later::Broken));
        }
    }

    fn has_hooks(&self) -> bool {
        self.routed.is_some_and(|routed| !routed.endpoint.scope.after.is_empty())
    }

    /// Runs the hooks. `false`: one of them has panicked, which makes the answer a bare 500.
    fn run_hooks(&self, head: &mut ResponseHead) -> bool {
        let Some(Routed { request, endpoint }) = self.routed else { return true };
        let hooks = &endpoint.scope.after;
        if hooks.is_empty() {
            return true;
        }
        let ran = catch_unwind(AssertUnwindSafe(|| hooks.iter().for_each(|hook| hook(head, request))));
        if ran.is_err() {
            log::error!("an `after` hook panicked at {request:?}; answering 500");
            *head = ResponseHead { status: StatusCode::INTERNAL_SERVER_ERROR, ..ResponseHead::default() };
        }
        ran.is_ok()
    }
}

/// The body's length: by its kind, or as the handler declared it for a stream.
fn declared_length(response: &Response) -> Length {
    match &response.body {
        Body::Empty => Length::Exact(said_length(response).unwrap_or(0)),
        Body::Unsent => said_length(response).map_or(Length::Untold, Length::Exact),
        Body::Bytes(bytes) => Length::Exact(bytes.len() as u64),
        Body::File(parts) => Length::Exact(parts.iter().map(FilePart::len).sum()),
        Body::Live(_) => Length::Unknown,
        Body::Hijack(_) => Length::Raw,
        Body::Stream(source) => {
            source.exact_bytes().or_else(|| said_length(response)).map_or(Length::Unknown, Length::Exact)
        }
    }
}

fn said_length(response: &Response) -> Option<u64> {
    response.head.headers.get(http::header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
