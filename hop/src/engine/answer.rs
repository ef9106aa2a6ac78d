//! Answers that are not written within their callback: futures, deferred answers, blocking ones, and bodies that stream.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, StatusCode};

use super::flight::{Arrived, Flight, Job, Routed, Waits, again};
use super::turn::{Later, Turn};
use super::{Effect, Focus};
use crate::app::body::BodyError;
use crate::app::endpoint::Endpoint;
use crate::app::live::closing::CloseReason;
use crate::app::mail::Look;
use crate::app::reply::{AnswerFuture, BlockingAnswer, Exchange};
use crate::app::responder::Responder;
use crate::app::response::Response;
use crate::app::stream::{Part, Source};
use crate::buf::out::Out;
use crate::local::exec::TaskKey;
use crate::proto::cycle::State;

impl Focus<'_> {
    /// Does what a callback has asked for.
    pub(crate) fn follow_up(&mut self, routed: Option<Routed<'_>>, raw: &[u8], later: Option<Box<Later>>) {
        let Some(later) = later else { return self.unload() };
        match *later {
            Later::Broken => self.give_up(),
            Later::Live(accepted) => {
                if let Some(endpoint) = self.endpoint(routed) {
                    self.go_live(endpoint, *accepted);
                }
            }
            Later::Hijack(hijack) => {
                self.wait_for(routed, raw, Waits::Hijack(hijack));
                self.go_raw();
            }
            #[cfg(feature = "hyper")]
            Later::Host(callback) => {
                self.wait_for(routed, raw, Waits::Readable(callback));
                self.go_hosted();
            }
            Later::Stream(source) => self.wait_for(routed, raw, Waits::Source(source)),
            Later::Deferred(gone) => self.wait_for(routed, raw, Waits::Answer(gone)),
            Later::Blocking(work, responder) => self.run_blocking(routed, raw, work, responder),
            Later::Future(future) => self.start(routed, raw, future),
        }
    }

    /// The endpoint of the request that is answered.
    fn endpoint(&self, routed: Option<Routed<'_>>) -> Option<Arc<Endpoint>> {
        let of_flight = self.conn.flight.as_ref().map(|flight| &flight.endpoint);
        routed.map(|routed| routed.endpoint).or(of_flight).map(Arc::clone)
    }

    /// Notes what the request in flight waits for. Its head is kept where a hook will want to see it.
    fn wait_for(&mut self, routed: Option<Routed<'_>>, raw: &[u8], waits: Waits) {
        match (&mut self.conn.flight, routed) {
            (Some(flight), _) => flight.waits = waits,
            (None, Some(Routed { endpoint, .. })) => {
                let hooked = !endpoint.scope.after.is_empty();
                let mut flight = Flight::new(endpoint, if hooked { raw } else { &[] });
                flight.waits = waits;
                self.conn.flight = Some(Box::new(flight));
            }
            (None, None) => debug_assert!(false, "a deferred answer has a flight until it is written"),
        }
    }

    fn run_blocking(&mut self, routed: Option<Routed<'_>>, raw: &[u8], work: BlockingAnswer, responder: Responder) {
        let Some(Routed { request, endpoint }) = routed else { return };
        self.wait_for(routed, raw, Waits::Answer(Arc::clone(&responder.gone)));
        self.common.effects.push_back(Effect::Run(Job {
            app: Arc::clone(self.app),
            endpoint: Arc::clone(endpoint),
            head: raw.to_vec(),
            body: request.body.to_vec(),
            stream: request.take_stream(),
            arrived: Arrived { peer: request.peer(), unix_seconds: request.unix_seconds() },
            work,
            responder,
        }));
    }

    /// Polls a future at once; it may be ready.
    fn start(&mut self, routed: Option<Routed<'_>>, raw: &[u8], future: AnswerFuture) {
        let key = self.common.exec.spawn(self.id, future);
        self.wait_for(routed, raw, Waits::Task(key));
        if let Some(response) = self.poll(key) {
            self.write_answer(routed, response);
        }
    }

    fn poll(&mut self, key: TaskKey) -> Option<Response> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.common.exec.poll(key)));
        let polled = polled.map(|ready| ready.map(|(_, response)| response));
        polled.unwrap_or_else(|_| {
            log::error!("a handler's future panicked; answering 500");
            Some(Response::new(StatusCode::INTERNAL_SERVER_ERROR))
        })
    }

    /// The connection's future was woken.
    pub(crate) fn woken(&mut self, key: TaskKey) {
        if let Some(response) = self.poll(key) {
            self.deliver(response);
        }
    }

    /// Whether an answer to request number `number`, that comes by mail, is still awaited.
    pub(crate) fn awaits(&self, number: u32) -> bool {
        let awaited = self.conn.flight.as_ref().is_some_and(|flight| matches!(flight.waits, Waits::Answer(_)));
        awaited && self.conn.request == number
    }

    /// The answer has taken longer than its route allows: 503, and whoever works on it is told that nobody listens. One that has begun
    /// is cut.
    pub(crate) fn late(&mut self) {
        let Some(flight) = self.conn.flight.as_mut() else { return };
        if matches!(flight.waits, Waits::Source(_)) {
            return self.cut(CloseReason::Left);
        }
        if let Some(key) = flight.waits.abandon() {
            let dropped = catch_unwind(AssertUnwindSafe(|| self.common.exec.cancel(key)));
            self.survived(dropped.is_ok());
        }
        self.deliver(Response::new(StatusCode::SERVICE_UNAVAILABLE));
    }

    /// Writes a deferred answer, then goes on with what the client has sent meanwhile.
    pub(crate) fn deliver(&mut self, response: Response) {
        let Some(flight) = self.conn.flight.as_mut() else { return };
        flight.waits = Waits::Nothing;
        if flight.endpoint.scope.after.is_empty() {
            self.write_answer(None, response);
        } else {
            let endpoint = Arc::clone(&flight.endpoint);
            let head = flight.kept[..flight.head_bytes].to_vec();
            let arrival = self.arrival();
            let app = self.app;
            again(app, &endpoint, &head, &[], None, &arrival, |routed| self.write_answer(Some(routed), response));
        }
        self.turn(&mut []);
    }

    /// Writes an answer outside of its handler. What is not sent of it is dropped, and its destructor is the user's.
    pub(crate) fn write_answer(&mut self, routed: Option<Routed<'_>>, response: Response) {
        let written = AssertUnwindSafe(|| {
            let mut turn = Turn { focus: self, routed, later: None, opening: false };
            turn.response(response);
            let Turn { later, .. } = turn;
            self.go_on(routed, &[], later, false);
        });
        let survived = catch_unwind(written).is_ok();
        self.survived(survived);
        self.unload();
    }

    /// Drops the flight when nothing of the request is left to wait for.
    fn unload(&mut self) {
        let over = matches!(self.conn.proto.state(), State::Idle | State::Closing | State::Draining);
        if over {
            self.abandon(BodyError::Closed);
        }
    }

    /// Pulls a streamed body while there is room for output, until its source has nothing. That is asked again only when it has woken
    /// the connection, so that one which wakes itself at once keeps neither the socket's turn nor the mailbox busy for ever.
    pub(crate) fn pump(&mut self) {
        while let Some(flight) = self.conn.flight.as_mut()
            && !flight.asleep
            && let Waits::Source(source) = &mut flight.waits
            && (Out { cork: &mut self.common.cork, queue: &mut self.conn.queue }).memory_bytes()
                < self.app.limits.output_bytes
        {
            let waker = Look::waker(self.id, &self.common.mailbox);
            let Poll::Ready(part) = pull(source.as_mut(), &mut Context::from_waker(&waker)) else {
                flight.asleep = true;
                return;
            };
            match part {
                Some(Ok(Part::Data(data))) => self.send_data(data),
                Some(Ok(Part::Trailers(trailers))) => self.end_answer(Some(&trailers)),
                None => self.end_answer(None),
                Some(Err(error)) => {
                    log::error!("a streamed body failed ({error}); closing the connection");
                    self.give_up();
                }
            }
        }
    }

    fn send_data(&mut self, data: bytes::Bytes) {
        let (h1, mut out, _) = self.writer();
        let sent = match h1.is_chunked() {
            true => out.write(|out| h1.data(out, &data)),
            false => h1.count(data.len() as u64).map(|()| out.shared(data)),
        };
        if sent.is_err() {
            log::error!("a streamed body is longer than its declared length; closing the connection");
            self.give_up();
        }
    }

    fn end_answer(&mut self, trailers: Option<&HeaderMap>) {
        let (h1, mut out, _) = self.writer();
        if out.write(|out| h1.end(out, trailers)).is_err() {
            log::error!("a streamed body is shorter than its declared length; closing the connection");
            return self.give_up();
        }
        if let Some(flight) = &mut self.conn.flight {
            let source = std::mem::replace(&mut flight.waits, Waits::Nothing);
            self.guarded(|| drop(source));
        }
        self.unload();
        self.list();
    }

    /// The answer cannot be completed: what was written leaves, then the connection ends without the answer's end.
    fn give_up(&mut self) {
        self.abandon(BodyError::Closed);
        self.conn.proto.stop();
    }

    /// Ends the connection at once: nothing more is sent. An open connection's handler is told why.
    pub(crate) fn cut(&mut self, why: CloseReason) {
        self.conn.cut();
        self.conn.proto.stop();
        self.abandon(BodyError::Closed);
        self.lose_live(why);
    }

    /// Nobody will take the answer or give the rest of the body: whoever waits is told.
    pub(crate) fn abandon(&mut self, why: BodyError) {
        let Some(mut flight) = self.conn.flight.take() else { return };
        if let Some(key) = flight.waits.abandon() {
            let dropped = catch_unwind(AssertUnwindSafe(|| self.common.exec.cancel(key)));
            self.survived(dropped.is_ok());
        }
        self.guarded(|| {
            if let Some(feed) = flight.feed.take() {
                feed.end(Err(why));
            }
            drop(flight);
        });
    }

    /// Runs a user's code outside of a handler; a panic in it cuts the connection.
    pub(crate) fn guarded(&mut self, f: impl FnOnce()) {
        let survived = catch_unwind(AssertUnwindSafe(f)).is_ok();
        self.survived(survived);
    }

    fn survived(&mut self, survived: bool) {
        if !survived {
            log::error!("a user's callback or destructor panicked; closing the connection");
            self.conn.cut();
            // No further request of it is looked at.
            self.conn.proto.stop();
        }
    }
}

/// Asks a source for its next part; one that panics has failed.
fn pull(source: &mut dyn Source, cx: &mut Context<'_>) -> Poll<Option<std::io::Result<Part>>> {
    catch_unwind(AssertUnwindSafe(|| source.poll_part(cx)))
        .unwrap_or_else(|_| Poll::Ready(Some(Err(std::io::Error::other("the source panicked")))))
}
