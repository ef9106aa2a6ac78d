//! The right to answer one request, once: consumed by use.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::StatusCode;

use super::into_response::{IntoResponse, Plain, Sink};
use super::mail::WorkerMail;
use super::request::Request;
use super::responder::Responder;
use super::response::Response;
use crate::buf::slab::ConnId;

/// Proof that a request was answered, or that somebody has promised to. Only a [`Reply`] makes one.
#[derive(Debug)]
#[must_use = "return it from the callback"]
pub struct Replied(());

/// A future that makes an answer on the worker of its connection.
pub(crate) type AnswerFuture = Pin<Box<dyn Future<Output = Response>>>;

/// A closure that makes an answer on the blocking pool, from an owned copy of the request.
pub(crate) type BlockingAnswer = Box<dyn FnOnce(&Request<'_>) -> Response + Send>;

/// The engine's side of a [`Reply`]: each method is called at most once, and only one of them.
pub(crate) trait Exchange {
    /// A whole answer whose body is in memory: the path without allocation.
    fn whole(&mut self, status: StatusCode, content_type: Option<&'static str>, body: &[u8]);
    /// Any other answer.
    fn response(&mut self, response: Response);
    /// The answer comes later.
    fn defer(&mut self) -> Responder;
    /// The answer is what this future gives.
    fn future(&mut self, future: AnswerFuture);
    /// The answer is what this closure gives on the blocking pool.
    fn blocking(&mut self, work: BlockingAnswer);
    /// The request, and all that follows it on the connection, is read by this callback.
    #[cfg(feature = "hyper")]
    fn host(&mut self, callback: super::hijack::OnReadable);
    /// The request asks for a WebSocket or an event stream: gives what handles of it need, the request's number among it. Called
    /// before any of the others.
    fn opening(&mut self) -> (ConnId, u32, Arc<WorkerMail>);
}

/// How a callback answers. Each way of answering consumes it.
pub struct Reply<'a> {
    exchange: &'a mut (dyn Exchange + 'a),
}

impl<'a> Reply<'a> {
    pub(crate) fn new(exchange: &'a mut (dyn Exchange + 'a)) -> Self {
        Reply { exchange }
    }

    /// Gives the connection away before anything is answered: the request's own bytes, and all that follow, are read by `callback`.
    /// Only for a route that does not want the body whole.
    #[cfg(feature = "hyper")]
    pub(crate) fn host(self, callback: impl FnMut(&mut super::hijack::RawIo<'_>) + 'static) -> Replied {
        self.exchange.host(Box::new(callback));
        Replied(())
    }

    /// The request asks for a WebSocket or an event stream: gives what handles of it need.
    pub(crate) fn opening(&mut self) -> (ConnId, u32, Arc<WorkerMail>) {
        self.exchange.opening()
    }

    /// Answers now. Text, bytes, a status, JSON, a [`Response`], tuples of status, headers and body, and `Result`s of them can be sent.
    ///
    /// Borrowed text and bytes are written to the output at once, without allocation.
    pub fn send(self, answer: impl IntoResponse) -> Replied {
        answer.reply(self)
    }

    /// Answers later, from any thread, by the [`Responder`]. One that is dropped unused answers 500.
    pub fn defer(self) -> (Responder, Replied) {
        (self.exchange.defer(), Replied(()))
    }

    /// Answers with what the future gives. It is polled at once and then, woken from any thread, on this connection's worker;
    /// it is dropped when the client resets the connection.
    pub fn future(self, future: impl Future<Output = Response> + 'static) -> Replied {
        self.exchange.future(Box::pin(future));
        Replied(())
    }

    /// Answers with what the closure gives on the bounded blocking pool, where it may block. It gets an owned copy of the request.
    /// 503 when the pool is full.
    pub fn blocking(self, work: impl FnOnce(&Request<'_>) -> Response + Send + 'static) -> Replied {
        self.exchange.blocking(Box::new(work));
        Replied(())
    }
}

impl Sink for Reply<'_> {
    type Done = Replied;

    fn plain(self, answer: Plain<'_>) -> Replied {
        self.exchange.whole(answer.status, answer.content_type, answer.body);
        Replied(())
    }

    fn response(self, answer: Response) -> Replied {
        self.exchange.response(answer);
        Replied(())
    }
}

impl std::fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reply")
    }
}
