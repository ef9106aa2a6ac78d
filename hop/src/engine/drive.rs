//! The loop where protocol meets application: input goes in, callbacks run, answers come out.
//!
//! A turn of a connection at rest and a plain request are one function each. The attributes say what belongs to them
//! (`inline(always)`) and what is rare or large enough to be a call (`inline(never)`), lest all turns save registers for it; they
//! were chosen by counting instructions.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use http::StatusCode;

use super::flight::{Flight, Routed, Waits};
use super::flush::h1_of;
use super::turn::{Later, Turn};
use super::{Focus, Outside};
use crate::app::body::BodyError;
use crate::app::peer::Peer;
use crate::app::reply::Reply;
use crate::app::request::{Arrival, Request};
use crate::app::response::Response;
use crate::app::router::{BodyMode, Endpoint, PathParams};
use crate::buf::carry::Carry;
use crate::buf::slab::ConnId;
use crate::conn::{Proto, Timer};
use crate::proto::cycle::State;
use crate::proto::error::PeerError;
use crate::wire::head;

/// What one step of the loop did with the input.
pub(crate) enum Step {
    /// Took so many bytes; there may be more to do.
    Used(usize),
    /// Nothing more can be done now.
    Wait,
    /// All of the input is the beginning of something: a head, a frame.
    Partial,
}

/// Looks up how a request arrived when a handler asks.
pub(crate) struct Lookup<'a> {
    outside: &'a Outside<'a>,
    id: ConnId,
}

impl Arrival for Lookup<'_> {
    fn peer(&self) -> Peer {
        self.outside.peers.peer(self.id)
    }

    fn unix_seconds(&self) -> u64 {
        self.outside.now.unix_seconds
    }
}

impl<'e> Focus<'e> {
    /// Looks up how this connection's request arrived when asked.
    pub(crate) fn arrival(&self) -> Lookup<'e> {
        Lookup { outside: self.outside, id: self.id }
    }
}

impl Focus<'_> {
    /// One turn: uses the unread input and `fresh` behind it, as far as possible. Says whether the connection is idle then: what the
    /// turn has written is all that is left to do.
    #[inline(always)]
    pub(crate) fn turn(&mut self, fresh: &mut [u8]) -> bool {
        if self.conn.carry.is_some() {
            self.use_carry(fresh);
        } else {
            let (used, searched) = self.consume(fresh, 0);
            if used < fresh.len() {
                self.keep(Box::new(Carry::from(fresh.split_at(used).1)), searched);
            }
        }
        self.settle()
    }

    /// Uses the unread input and `fresh` behind it.
    #[inline(never)]
    fn use_carry(&mut self, fresh: &mut [u8]) {
        let Some(mut carry) = self.conn.carry.take() else { return };
        carry.append(fresh);
        let searched = carry.searched;
        let (used, searched) = self.consume(carry.unread_mut(), searched);
        carry.consume(used);
        if !carry.unread().is_empty() {
            self.keep(carry, searched);
        }
    }

    /// Keeps input that cannot be used yet.
    #[inline(never)]
    fn keep(&mut self, mut carry: Box<Carry>, searched: usize) {
        carry.searched = searched;
        self.conn.carry = Some(carry);
    }

    /// Uses as much of `input` as possible; returns how much, and how much of the rest is known not to hold the end of a head.
    #[inline(always)]
    fn consume(&mut self, input: &mut [u8], searched: usize) -> (usize, usize) {
        let mut at = 0;
        while at < input.len() {
            match self.step(&mut input[at..], if at == 0 { searched } else { 0 }) {
                Step::Used(used) => at += used,
                Step::Wait => return (at, 0),
                Step::Partial => return (at, input.len() - at),
            }
        }
        (at, 0)
    }

    /// One step: a request, a part of a body, a frame, or nothing more to do.
    #[inline(always)]
    fn step(&mut self, input: &mut [u8], searched: usize) -> Step {
        match &self.conn.proto {
            // By far the most usual ones, apart from the table of the others.
            Proto::H1(h1) if h1.state() == State::Idle => self.request(input, searched),
            Proto::Ws(..) => self.frame(input, searched),
            _ => self.step_within(input),
        }
    }

    /// One step of what has begun before.
    #[inline(never)]
    fn step_within(&mut self, input: &mut [u8]) -> Step {
        match &self.conn.proto {
            Proto::H1(h1) => match h1.state() {
                State::Idle | State::Owed | State::Answering => Step::Wait,
                State::Body | State::Early | State::Draining => self.body(input),
                // Input after the last request is thrown away.
                State::Closing => Step::Used(input.len()),
            },
            // Read by [`Focus::step`] itself.
            Proto::Ws(..) => Step::Wait,
            // A client has nothing to say on an event stream: there is no request after it.
            Proto::Events(..) => Step::Used(input.len()),
            Proto::Raw(_) => self.raw(input),
        }
    }

    /// Whether the client does not take its answers: no further request is looked at then.
    fn lags(&self) -> bool {
        self.conn.queue.is_some() || self.common.cork.len() > self.app.limits.output_bytes
    }

    /// Reads a head and does what it asks for.
    #[inline(never)]
    fn request(&mut self, input: &[u8], searched: usize) -> Step {
        if self.lags() {
            return Step::Wait;
        }
        if searched > 0 && head::find_end(input, searched).is_none() {
            return match head::check_partial(input, searched, &self.common.head_limits) {
                Ok(()) => Step::Partial,
                Err(error) => self.refused(error.into()),
            };
        }
        let Focus { conn, common, .. } = &mut *self;
        let (used, head) = match h1_of(conn).head(input, &common.head_limits) {
            Ok(Some(read)) => read,
            Ok(None) => return Step::Partial,
            Err(error) => return self.no_request(input, error),
        };
        self.conn.drained = 0;
        // What is waited for next has a deadline of its own, even when it is a head again.
        self.conn.timer = Timer::Off;
        self.conn.request = self.conn.request.wrapping_add(1);
        let mut params = PathParams::default();
        let Ok(endpoint) = self.app.find(head.method, head.target.path_as_bytes(), &mut params) else {
            return self.refused(PeerError::Encoding);
        };
        let arrival = self.arrival();
        let mut request = endpoint.request(&head, &params, &arrival);
        self.admit(endpoint, &mut request, &input[..used], &input[used..])
    }

    /// Decides what happens before the body is read: hooks, limits, and whether the callback runs now. `raw` is the head, `rest`
    /// the input behind it.
    #[inline(always)]
    fn admit<'r>(&mut self, endpoint: &Arc<Endpoint>, request: &mut Request<'r>, raw: &[u8], rest: &'r [u8]) -> Step {
        if !endpoint.scope.before.is_empty() && self.intercepted(Routed { request, endpoint }) {
            return Step::Used(raw.len());
        }
        if self.h1().state() == State::Body {
            let unread = self.h1().unread_bytes();
            match endpoint.body {
                BodyMode::Ignored => {}
                _ if unread.is_some_and(|bytes| bytes > endpoint.body_bytes_max) => {
                    return self.too_large(Routed { request, endpoint }, raw);
                }
                BodyMode::Streamed => return self.call_with_stream(Routed { request, endpoint }, raw),
                BodyMode::Whole => {
                    let Some(body) = unread.and_then(|bytes| rest.get(..bytes as usize)) else {
                        return self.gather(endpoint, raw);
                    };
                    self.h1().gathered();
                    request.body = body;
                }
            }
        }
        self.call(Routed { request, endpoint }, raw);
        self.used(raw.len() + request.body.len())
    }

    /// A request was used, unless whoever took the connection over is to read it again.
    #[inline(always)]
    fn used(&self, bytes: usize) -> Step {
        if self.is_hosted() { Step::Used(0) } else { Step::Used(bytes) }
    }

    /// Answers that the body is larger than the route allows, before any of it is read; it is then thrown away, as far as that may go.
    #[cold]
    fn too_large(&mut self, routed: Routed<'_>, raw: &[u8]) -> Step {
        let error = PeerError::BodyTooLarge;
        self.write_answer(Some(routed), Response::new(error.status()).with_text(format!("{}\n", error.what())));
        Step::Used(raw.len())
    }

    /// Runs the callback with a body that comes while it, or what it began, goes on.
    #[inline(never)]
    fn call_with_stream(&mut self, Routed { request, endpoint }: Routed<'_>, raw: &[u8]) -> Step {
        let stream = Cell::new(Some(self.feed(endpoint, raw)));
        let request = Request { stream: Some(&stream), ..*request };
        self.call(Routed { request: &request, endpoint }, raw);
        self.used(raw.len())
    }

    /// Runs the `before` hooks. `true`: one of them has answered.
    fn intercepted(&mut self, routed: Routed<'_>) -> bool {
        let Routed { request, endpoint } = routed;
        let hooks = &endpoint.scope.before;
        let asked = catch_unwind(AssertUnwindSafe(|| hooks.iter().find_map(|hook| hook(request))));
        let answer = asked.unwrap_or_else(|_| {
            log::error!("a `before` hook panicked at {request:?}; answering 500");
            Some(Response::new(StatusCode::INTERNAL_SERVER_ERROR))
        });
        let Some(answer) = answer else { return false };
        self.write_answer(Some(routed), answer);
        true
    }

    /// Runs the callback, and does what it has asked for.
    #[inline(always)]
    pub(super) fn call(&mut self, routed: Routed<'_>, raw: &[u8]) {
        let Routed { request, endpoint } = routed;
        let mut turn = Turn { focus: self, routed: Some(routed), later: None, opening: false };
        let before = (turn.focus.h1().checkpoint(), turn.focus.out().mark());
        let handler = &endpoint.handler;
        match catch_unwind(AssertUnwindSafe(|| handler.on_request(request, Reply::new(&mut turn)))) {
            Ok(_) => {}
            Err(_) => turn.panicked(request, before),
        }
        let Turn { later, opening, .. } = turn;
        self.go_on(Some(routed), raw, later, opening);
    }

    /// Answers the peer's own error; the rest of its input is thrown away.
    pub(crate) fn refuse(&mut self, error: PeerError) {
        let why = if error == PeerError::BodyTooLarge { BodyError::TooLarge } else { BodyError::Malformed };
        self.abandon(why);
        let (h1, mut out, date) = self.writer();
        out.write(|out| h1.refuse(out, date, error));
    }

    /// What came is no request of HTTP/1: it may be HTTP/2, if somebody is there to speak it.
    #[cold]
    fn no_request(&mut self, input: &[u8], error: PeerError) -> Step {
        match &self.app.http2 {
            Some(http2) if input.starts_with(HTTP2_PREFACE) && self.conn.request == 0 => {
                let callback = (http2.host)(self.app, self.arrival().peer());
                let mut flight = Flight::new(&http2.endpoint, &[]);
                flight.waits = Waits::Readable(callback);
                self.conn.flight = Some(Box::new(flight));
                self.go_hosted();
                Step::Used(0)
            }
            _ => self.refused(error),
        }
    }

    #[cold]
    pub(super) fn refused(&mut self, error: PeerError) -> Step {
        self.refuse(error);
        Step::Used(0)
    }

    /// Does what was asked for instead of an answer, or beside it.
    #[inline(always)]
    pub(crate) fn go_on(&mut self, routed: Option<Routed<'_>>, raw: &[u8], later: Option<Box<Later>>, opening: bool) {
        if later.is_some() || self.conn.flight.is_some() {
            self.follow_up(routed, raw, later);
            if opening && let Some(flight) = &mut self.conn.flight {
                flight.opening = true;
            }
        }
    }
}

/// How a client that knows that the server speaks HTTP/2 begins (RFC 9113 §3.4); the first line tells it.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";
