//! Answers that are not written within their callback: futures, deferred answers, blocking ones, and bodies that stream.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::{HeaderMap, StatusCode};

use super::drive::PeerLookup;
use super::flight::{Flight, Job, Waits, again};
use super::turn::Outcome;
use super::{Effect, Engine, Outside, Work};
use crate::app::body::BodyError;
use crate::app::mail::Look;
use crate::app::reply::{AnswerFuture, Exchange};
use crate::app::request::Request;
use crate::app::responder::Responder;
use crate::app::response::Response;
use crate::app::stream::{Part, Source};
use crate::buf::out::Out;
use crate::buf::slab::ConnId;
use crate::conn::Proto;
use crate::local::exec::TaskKey;
use crate::proto::cycle::State;

impl Engine {
    /// Does what a callback has asked for.
    pub(crate) fn follow_up(&mut self, id: ConnId, request: Option<&Request<'_>>, raw: &[u8], outcome: Outcome) {
        match outcome {
            Outcome::Open | Outcome::Done => self.unload(id),
            Outcome::Broken => self.give_up(id),
            Outcome::Stream(source) => self.wait_for(id, request, raw, Waits::Source(source)),
            Outcome::Deferred(gone) => self.wait_for(id, request, raw, Waits::Answer(gone)),
            Outcome::Blocking(work, responder) => self.run_blocking(id, request, raw, work, responder),
            Outcome::Future(future) => self.start(id, request, raw, future),
        }
    }

    /// Notes what the request in flight waits for. Its head is kept where a hook will want to see it.
    fn wait_for(&mut self, id: ConnId, request: Option<&Request<'_>>, raw: &[u8], waits: Waits) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        match (&mut conn.flight, request) {
            (Some(flight), _) => flight.waits = waits,
            (None, Some(request)) => {
                let hooked = !request.endpoint.scope.after.is_empty();
                let mut flight = Flight::new(request.endpoint, if hooked { raw } else { &[] });
                flight.waits = waits;
                conn.flight = Some(Box::new(flight));
            }
            (None, None) => debug_assert!(false, "a deferred answer has a flight until it is written"),
        }
    }

    fn run_blocking(
        &mut self,
        id: ConnId,
        request: Option<&Request<'_>>,
        raw: &[u8],
        work: Work,
        responder: Responder,
    ) {
        let Some(request) = request else { return };
        self.wait_for(id, Some(request), raw, Waits::Answer(Arc::clone(&responder.gone)));
        self.effects.push_back(Effect::Run(Job {
            app: Arc::clone(&self.app),
            endpoint: Arc::clone(request.endpoint),
            head: raw.to_vec(),
            body: request.body.to_vec(),
            stream: request.stream.take(),
            peer: request.peer(),
            work,
            responder,
        }));
    }

    /// Polls a future at once; it may be ready.
    fn start(&mut self, id: ConnId, request: Option<&Request<'_>>, raw: &[u8], future: AnswerFuture) {
        let key = self.exec.spawn(id, future);
        self.wait_for(id, request, raw, Waits::Task(key));
        if let Some((_, response)) = self.poll(id, key) {
            self.write_answer(id, request, response);
        }
    }

    fn poll(&mut self, id: ConnId, key: TaskKey) -> Option<(ConnId, Response)> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.exec.poll(key)));
        polled.unwrap_or_else(|_| {
            log::error!("a handler's future panicked; answering 500");
            Some((id, Response::new(StatusCode::INTERNAL_SERVER_ERROR)))
        })
    }

    /// A future was woken. Returns the connection that it has answered.
    pub(crate) fn woken(&mut self, key: TaskKey, outside: &Outside<'_>) -> Option<ConnId> {
        let owner = self.exec.owner(key)?;
        let (id, response) = self.poll(owner, key)?;
        self.deliver(id, response, outside);
        Some(id)
    }

    /// An answer to request number `number` has come by mail.
    pub(crate) fn answered(
        &mut self,
        id: ConnId,
        number: u32,
        response: Response,
        outside: &Outside<'_>,
    ) -> Option<ConnId> {
        let conn = self.conns.get_mut(id)?;
        let waits = &conn.flight.as_ref()?.waits;
        if conn.request != number || !matches!(waits, Waits::Answer(_)) {
            return None;
        }
        self.deliver(id, response, outside);
        Some(id)
    }

    /// Writes a deferred answer, then goes on with what the client has sent meanwhile.
    fn deliver(&mut self, id: ConnId, response: Response, outside: &Outside<'_>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let Some(flight) = conn.flight.as_mut() else { return };
        flight.waits = Waits::Nothing;
        let head = flight.kept.get(..flight.head_bytes).map(<[u8]>::to_vec).unwrap_or_default();
        let endpoint = Arc::clone(&flight.endpoint);
        if endpoint.scope.after.is_empty() || head.is_empty() {
            self.write_answer(id, None, response);
        } else {
            let app = Rc::clone(&self.app);
            let peer = PeerLookup { peers: outside.peers, id };
            again(&app, &endpoint, &head, &[], None, &peer, |request| {
                self.write_answer(id, Some(request), response);
            });
        }
        self.turn(id, 0, outside);
    }

    fn write_answer(&mut self, id: ConnId, request: Option<&Request<'_>>, response: Response) {
        self.exchange(id, request, &[], |turn| turn.response(response));
        self.unload(id);
    }

    /// Drops the flight when nothing of the request is left to wait for.
    pub(crate) fn unload(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let Proto::H1(h1) = &conn.proto;
        let over = matches!(h1.state(), State::Idle | State::Closing | State::Draining);
        let waits = conn.flight.as_ref().is_some_and(|flight| matches!(flight.waits, Waits::Source(_)));
        if over && !waits {
            self.abandon_for(id, BodyError::Closed);
        }
    }

    /// Pulls a streamed body while there is room for output.
    pub(crate) fn pump(&mut self, id: ConnId) {
        while let Some(conn) = self.conns.get_mut(id)
            && let Some(flight) = conn.flight.as_mut()
            && let Waits::Source(source) = &mut flight.waits
            && (Out { cork: &mut self.cork, queue: &mut conn.queue }).memory_bytes() < self.app.limits.output_bytes
        {
            let waker = Waker::from(Arc::new(Look { conn: id, mailbox: Arc::clone(&self.mailbox) }));
            let Poll::Ready(part) = pull(source.as_mut(), &mut Context::from_waker(&waker)) else { return };
            match part {
                Some(Ok(Part::Data(data))) => self.send_data(id, data),
                Some(Ok(Part::Trailers(trailers))) => self.end_answer(id, Some(&trailers)),
                None => self.end_answer(id, None),
                Some(Err(error)) => {
                    log::error!("a streamed body failed ({error}); closing the connection");
                    self.give_up(id);
                }
            }
        }
    }

    fn send_data(&mut self, id: ConnId, data: bytes::Bytes) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let Proto::H1(h1) = &mut conn.proto;
        let mut out = Out { cork: &mut self.cork, queue: &mut conn.queue };
        let sent = match h1.is_chunked() {
            true => out.write(|out| h1.data(out, &data)),
            false => h1.count(data.len() as u64).map(|()| out.shared(data)),
        };
        if sent.is_err() {
            log::error!("a streamed body is longer than its declared length; closing the connection");
            self.give_up(id);
        }
    }

    fn end_answer(&mut self, id: ConnId, trailers: Option<&HeaderMap>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let Proto::H1(h1) = &mut conn.proto;
        let mut out = Out { cork: &mut self.cork, queue: &mut conn.queue };
        if let Some(flight) = &mut conn.flight {
            flight.waits = Waits::Nothing;
        }
        if out.write(|out| h1.end(out, trailers)).is_err() {
            log::error!("a streamed body is shorter than its declared length; closing the connection");
            self.give_up(id);
        }
        self.unload(id);
        self.list(id);
    }

    /// The answer cannot be completed: what was written leaves, then the connection ends without the answer's end.
    fn give_up(&mut self, id: ConnId) {
        self.abandon(id);
        if let Some(conn) = self.conns.get_mut(id) {
            let Proto::H1(h1) = &mut conn.proto;
            h1.stop();
        }
    }

    /// Ends a connection at once: nothing more is sent.
    pub(crate) fn cut(&mut self, id: ConnId) {
        self.abandon(id);
        if let Some(conn) = self.conns.get_mut(id) {
            conn.cut = true;
        }
    }

    /// The client has gone: whoever works for it is told.
    pub(crate) fn abandon(&mut self, id: ConnId) {
        self.abandon_for(id, BodyError::Closed);
    }

    /// Nobody will take the answer or give the rest of the body: whoever waits is told.
    pub(crate) fn abandon_for(&mut self, id: ConnId, why: BodyError) {
        let Some(mut flight) = self.conns.get_mut(id).and_then(|conn| conn.flight.take()) else { return };
        if let Some(key) = flight.waits.abandon() {
            let dropped = catch_unwind(AssertUnwindSafe(|| self.exec.cancel(key)));
            self.survived(id, dropped.is_ok());
        }
        if let Some(feed) = flight.feed.take() {
            self.guarded(id, || feed.end(Err(why)));
        }
        self.guarded(id, || drop(flight));
    }
}

/// Asks a source for its next part; one that panics has failed.
fn pull(source: &mut dyn Source, cx: &mut Context<'_>) -> Poll<Option<std::io::Result<Part>>> {
    catch_unwind(AssertUnwindSafe(|| source.poll_part(cx)))
        .unwrap_or_else(|_| Poll::Ready(Some(Err(std::io::Error::other("the source panicked")))))
}
