//! The loop where protocol meets application: input goes in, callbacks run, answers come out.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::flight::{Flight, Waits, again};
use super::turn::{Outcome, Turn};
use super::{Engine, Outside, Peers};
use crate::app::body::{BodyError, Feed};
use crate::app::peer::Peer;
use crate::app::reply::{Exchange, Reply};
use crate::app::request::{PeerOf, Request};
use crate::app::response::Response;
use crate::app::router::{App, BodyMode, Endpoint, PathParams};
use crate::buf::carry::Carry;
use crate::buf::out::Out;
use crate::buf::slab::ConnId;
use crate::conn::{Conn, Proto};
use crate::proto::cycle::State;
use crate::proto::error::PeerError;
use crate::proto::h1::BodyPiece;
use crate::wire::head::{self, Head};
use crate::wire::{encode, trailer};

/// What one step of the loop did with the input.
enum Step {
    /// Took so many bytes; there may be more to do.
    Used(usize),
    /// Nothing more can be done now.
    Wait,
    /// All of the input is the beginning of a head.
    Partial,
}

/// A head that was accepted, and where it goes.
struct Call<'c> {
    head: &'c Head<'c, 'c>,
    /// The head's bytes.
    raw: &'c [u8],
    /// Input behind the head.
    rest: &'c [u8],
    endpoint: &'c Arc<Endpoint>,
}

/// Looks an address up when a handler asks.
pub(crate) struct PeerLookup<'a> {
    pub(crate) peers: &'a dyn Peers,
    pub(crate) id: ConnId,
}

impl PeerOf for PeerLookup<'_> {
    fn peer(&self) -> Peer {
        self.peers.peer(self.id)
    }
}

impl Engine {
    /// One turn of a connection: uses its unread input and the first `fresh` bytes of the input buffer, as far as it can.
    pub(crate) fn turn(&mut self, id: ConnId, fresh: usize, outside: &Outside<'_>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let mut buffer = std::mem::take(&mut self.input);
        match conn.carry.take() {
            None => {
                let (used, searched) = self.consume(id, &buffer[..fresh], 0, outside);
                if used < fresh {
                    self.keep(id, Box::new(Carry::from(&buffer[used..fresh])), searched);
                }
            }
            Some(mut carry) => {
                carry.append(&buffer[..fresh]);
                let (used, searched) = self.consume(id, carry.unread(), carry.searched, outside);
                carry.consume(used);
                if !carry.unread().is_empty() {
                    self.keep(id, carry, searched);
                }
            }
        }
        self.input = std::mem::take(&mut buffer);
        self.settle(id, outside);
    }

    /// Keeps input that cannot be used yet.
    fn keep(&mut self, id: ConnId, mut carry: Box<Carry>, searched: usize) {
        carry.searched = searched;
        if let Some(conn) = self.conns.get_mut(id) {
            conn.carry = Some(carry);
        }
    }

    /// Uses as much of `input` as possible; returns how much, and how much of the rest is known not to hold the end of a head.
    fn consume(&mut self, id: ConnId, input: &[u8], searched: usize, outside: &Outside<'_>) -> (usize, usize) {
        let app = Rc::clone(&self.app);
        let mut at = 0;
        loop {
            match self.step(&app, id, &input[at..], if at == 0 { searched } else { 0 }, outside) {
                Step::Used(used) => at += used,
                Step::Wait => return (at, 0),
                Step::Partial => return (at, input.len() - at),
            }
        }
    }

    /// One step: a request, a part of a body, or nothing more to do.
    fn step(&mut self, app: &Arc<App>, id: ConnId, input: &[u8], searched: usize, outside: &Outside<'_>) -> Step {
        let Some(conn) = self.conns.get_mut(id) else { return Step::Wait };
        let Proto::H1(h1) = &conn.proto;
        match h1.state() {
            State::Closing => discard(input),
            _ if input.is_empty() => Step::Wait,
            State::Idle if conn.queue.is_some() || self.cork.len() > app.limits.output_bytes => Step::Wait,
            State::Idle => self.request(app, id, input, searched, outside),
            State::Body | State::Early | State::Draining => self.body(app, id, input, outside),
            State::Owed | State::Answering => Step::Wait,
        }
    }

    /// Reads a head and does what it asks for.
    fn request(&mut self, app: &Arc<App>, id: ConnId, input: &[u8], searched: usize, outside: &Outside<'_>) -> Step {
        if searched > 0 && head::find_end(input, searched).is_none() {
            return match head::check_partial(input, searched, &self.head_limits) {
                Ok(()) => Step::Partial,
                Err(error) => self.refused(id, error.into()),
            };
        }
        let mut slots = head::slots();
        let Some(conn) = self.conns.get_mut(id) else { return Step::Wait };
        let Proto::H1(h1) = &mut conn.proto;
        let (used, head) = match h1.head(input, &mut slots, &self.head_limits) {
            Ok(Some((used, head, _))) => (used, head),
            Ok(None) => return Step::Partial,
            Err(error) => return self.refused(id, error),
        };
        conn.drained = 0;
        conn.request = conn.request.wrapping_add(1);
        let target = match head.target() {
            Ok(target) => target,
            Err(error) => return self.refused(id, error.into()),
        };
        let (endpoint, params) = app.find(head.method, target.path());
        let Ok(params) = PathParams::decode(params) else { return self.refused(id, PeerError::Encoding) };
        let request = Request {
            head: &head,
            path: target.path(),
            query: target.query(),
            params: &params,
            body: &[],
            stream: &Cell::new(None),
            endpoint,
            peer: &PeerLookup { peers: outside.peers, id },
        };
        let call = Call { head: &head, raw: &input[..used], rest: &input[used..], endpoint };
        self.admit(id, request, &call)
    }

    /// Decides what happens before the body is read: hooks, limits, and whether the callback runs now.
    fn admit(&mut self, id: ConnId, request: Request<'_>, call: &Call<'_>) -> Step {
        let head_bytes = Step::Used(call.raw.len());
        if !call.endpoint.scope.before.is_empty() && self.intercepted(id, &request) {
            return head_bytes;
        }
        let Some(conn) = self.conns.get_mut(id) else { return Step::Wait };
        let Proto::H1(h1) = &mut conn.proto;
        let unread = h1.unread_bytes();
        match call.endpoint.body {
            _ if h1.state() != State::Body => {}
            BodyMode::Ignored => {}
            _ if unread.is_some_and(|bytes| bytes > call.endpoint.body_bytes_max) => {
                return self.refused(id, PeerError::BodyTooLarge);
            }
            BodyMode::Whole => {
                let Some(body) = unread.and_then(|bytes| call.rest.get(..bytes as usize)) else {
                    return self.gather(id, call);
                };
                h1.gathered();
                self.call(id, Request { body, ..request }, call.raw);
                return Step::Used(call.raw.len() + body.len());
            }
            BodyMode::Streamed => self.feed(id, &request, call),
        }
        self.call(id, request, call.raw);
        head_bytes
    }

    /// Runs the `before` hooks. `true`: one of them has answered.
    fn intercepted(&mut self, id: ConnId, request: &Request<'_>) -> bool {
        let hooks = &request.endpoint.scope.before;
        let asked = catch_unwind(AssertUnwindSafe(|| hooks.iter().find_map(|hook| hook(request))));
        let answer = asked.unwrap_or_else(|_| {
            log::error!("a `before` hook panicked at {request:?}; answering 500");
            Some(Response::new(StatusCode::INTERNAL_SERVER_ERROR))
        });
        let Some(answer) = answer else { return false };
        self.exchange(id, Some(request), &[], |turn| turn.response(answer));
        true
    }

    /// Begins to gather a body: the callback runs when it is whole.
    fn gather(&mut self, id: ConnId, call: &Call<'_>) -> Step {
        let Some(conn) = self.conns.get_mut(id) else { return Step::Wait };
        let mut flight = Flight::new(call.endpoint, call.raw);
        flight.waits = Waits::Body;
        conn.flight = Some(Box::new(flight));
        self.say_continue(id);
        Step::Used(call.raw.len())
    }

    /// Makes the streamed body that an extractor may take.
    fn feed(&mut self, id: ConnId, request: &Request<'_>, call: &Call<'_>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let (feed, body) = Feed::new(id, Arc::clone(&self.mailbox));
        request.stream.set(Some(body));
        let mut flight = Flight::new(call.endpoint, call.raw);
        flight.feed = Some(feed);
        conn.flight = Some(Box::new(flight));
    }

    /// RFC 9110 §10.1.1: tells a client that waits for it to send the body.
    pub(crate) fn say_continue(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let Proto::H1(h1) = &mut conn.proto;
        if h1.take_continue() {
            Out { cork: &mut self.cork, queue: &mut conn.queue }.write(|out| out.extend_from_slice(encode::CONTINUE));
        }
    }

    /// Runs the callback, and does what it has asked for.
    fn call(&mut self, id: ConnId, request: Request<'_>, raw: &[u8]) {
        self.exchange(id, Some(&request), raw, |turn| {
            let before = turn.h1.clone();
            let mark = turn.out.mark();
            let called = catch_unwind(AssertUnwindSafe(|| {
                request.endpoint.handler.on_request(&request, Reply::new(&mut *turn))
            }));
            if called.is_err() {
                log::error!("a handler panicked at {request:?}; answering 500");
                turn.take_back(before, mark);
                turn.whole(StatusCode::INTERNAL_SERVER_ERROR, None, b"");
            }
        });
    }

    /// Reads a part of a body to where it is wanted.
    fn body(&mut self, app: &Arc<App>, id: ConnId, input: &[u8], outside: &Outside<'_>) -> Step {
        let Some(conn) = self.conns.get_mut(id) else { return Step::Wait };
        let Proto::H1(h1) = &mut conn.proto;
        let draining = h1.state() == State::Draining;
        let wanted = match conn.flight.as_deref() {
            _ if draining => true,
            Some(Flight { waits: Waits::Body, .. }) => true,
            Some(Flight { feed: Some(feed), .. }) => !feed.is_full(app.limits.stream_bytes),
            _ => false,
        };
        if !wanted {
            return Step::Wait;
        }
        match h1.body(input) {
            Ok(None) => Step::Wait,
            Err(error) => self.refused(id, error),
            Ok(Some((used, BodyPiece::Data(data)))) if draining => self.drain(app, id, used, data.len()),
            Ok(Some((used, BodyPiece::Data(data)))) => self.take(id, used, data),
            Ok(Some((used, BodyPiece::End { .. }))) if draining => {
                conn.flight = None;
                Step::Used(used)
            }
            Ok(Some((used, BodyPiece::End { trailers }))) => {
                self.body_ended(app, id, trailers, outside);
                Step::Used(used)
            }
        }
    }

    /// Throws a part of an unwanted body away, up to a limit.
    fn drain(&mut self, app: &App, id: ConnId, used: usize, data_bytes: usize) -> Step {
        let Some(conn) = self.conns.get_mut(id) else { return Step::Wait };
        conn.drained = conn.drained.saturating_add(data_bytes as u32);
        if u64::from(conn.drained) > app.limits.drain_bytes {
            let Proto::H1(h1) = &mut conn.proto;
            h1.stop();
        }
        Step::Used(used)
    }

    /// Takes a part of a body that is gathered or streamed.
    fn take(&mut self, id: ConnId, used: usize, data: &[u8]) -> Step {
        let Some(Conn { flight: Some(flight), .. }) = self.conns.get_mut(id) else { return Step::Wait };
        flight.body_bytes += data.len() as u64;
        if flight.body_bytes > flight.endpoint.body_bytes_max {
            return self.refused(id, PeerError::BodyTooLarge);
        }
        match &flight.feed {
            None => flight.kept.extend_from_slice(data),
            Some(feed) => {
                let feed = Arc::clone(feed);
                if catch_unwind(AssertUnwindSafe(|| feed.push(data))).is_err() {
                    log::error!("a body's callback panicked; closing the connection");
                    self.cut(id);
                    return Step::Wait;
                }
            }
        }
        Step::Used(used)
    }

    /// The body is whole: its callback runs, or its consumer is told.
    fn body_ended(&mut self, app: &Arc<App>, id: ConnId, trailers: &[u8], outside: &Outside<'_>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let gathering = conn.flight.as_ref().is_some_and(|flight| matches!(flight.waits, Waits::Body));
        if !gathering {
            let feed = conn.flight.as_mut().and_then(|flight| flight.feed.take());
            if let Some(feed) = feed {
                let trailers = trailer_map(trailers);
                self.guarded(id, || feed.end(Ok(trailers)));
            }
            return;
        }
        let Some(flight) = conn.flight.take() else { return };
        let (raw, body) = flight.kept.split_at(flight.head_bytes);
        let peer = PeerLookup { peers: outside.peers, id };
        again(app, &flight.endpoint, raw, body, None, &peer, |request| self.call(id, *request, raw));
    }

    /// Runs a consumer's code; a panic in it cuts the connection.
    pub(crate) fn guarded(&mut self, id: ConnId, f: impl FnOnce()) {
        let survived = catch_unwind(AssertUnwindSafe(f)).is_ok();
        self.survived(id, survived);
    }

    pub(crate) fn survived(&mut self, id: ConnId, survived: bool) {
        if !survived {
            log::error!("a user's callback or destructor panicked; closing the connection");
            self.cut(id);
        }
    }

    /// Answers the peer's own error; the rest of its input is thrown away.
    pub(crate) fn refuse(&mut self, id: ConnId, error: PeerError) {
        let why = if error == PeerError::BodyTooLarge { BodyError::TooLarge } else { BodyError::Malformed };
        self.abandon_for(id, why);
        let date = &self.date;
        let Some(conn) = self.conns.get_mut(id) else { return };
        let Proto::H1(h1) = &mut conn.proto;
        let mut out = Out { cork: &mut self.cork, queue: &mut conn.queue };
        out.write(|out| h1.refuse(out, date, error));
    }

    fn refused(&mut self, id: ConnId, error: PeerError) -> Step {
        self.refuse(id, error);
        Step::Used(0)
    }

    /// One exchange: `answer` uses the reply, then what it asked for is done.
    pub(crate) fn exchange(
        &mut self,
        id: ConnId,
        request: Option<&Request<'_>>,
        raw: &[u8],
        answer: impl FnOnce(&mut Turn<'_>),
    ) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let Proto::H1(h1) = &mut conn.proto;
        let mut turn = Turn {
            h1,
            out: Out { cork: &mut self.cork, queue: &mut conn.queue },
            date: &self.date,
            request,
            id,
            number: conn.request,
            mailbox: &self.mailbox,
            stopping: self.stopping,
            drain_bytes: self.app.limits.drain_bytes,
            outcome: Outcome::Open,
        };
        answer(&mut turn);
        match turn.outcome {
            Outcome::Done | Outcome::Open if conn.flight.is_none() => {}
            outcome => self.follow_up(id, request, raw, outcome),
        }
    }
}

/// The trailers as a map; those that must not be there are left out.
fn trailer_map(section: &[u8]) -> HeaderMap {
    let field = |(name, value): (&str, &[u8])| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?))
    };
    trailer::fields(section).filter_map(field).collect()
}

/// Input after the last request is thrown away.
fn discard(input: &[u8]) -> Step {
    if input.is_empty() { Step::Wait } else { Step::Used(input.len()) }
}
