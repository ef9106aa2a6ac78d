//! A request's body, on its way to whoever wants it.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Focus;
use super::drive::Step;
use super::flight::{Flight, Waits, again};
use crate::app::body::{Body, Feed};
use crate::app::endpoint::Endpoint;
use crate::proto::cycle::State;
use crate::proto::error::PeerError;
use crate::proto::h1::BodyPiece;
use crate::wire::{encode, trailer};

impl Focus<'_> {
    /// Begins to gather a body: the callback runs when it is whole.
    pub(super) fn gather(&mut self, endpoint: &Arc<Endpoint>, raw: &[u8]) -> Step {
        let mut flight = Flight::new(endpoint, raw);
        flight.waits = Waits::Body;
        self.conn.flight = Some(Box::new(flight));
        self.say_continue();
        Step::Used(raw.len())
    }

    /// Makes the streamed body that an extractor may take.
    pub(super) fn feed(&mut self, endpoint: &Arc<Endpoint>, raw: &[u8]) -> Body {
        let (feed, body) = Feed::new(self.id, Arc::clone(&self.common.mailbox));
        let mut flight = Flight::new(endpoint, raw);
        flight.feed = Some(feed);
        self.conn.flight = Some(Box::new(flight));
        body
    }

    /// RFC 9110 §10.1.1: tells a client that waits for it to send the body.
    pub(crate) fn say_continue(&mut self) {
        if self.h1().take_continue() {
            self.out().write(|out| out.extend_from_slice(encode::CONTINUE));
        }
    }

    /// Reads a part of a body to where it is wanted. Its end comes with its last byte, and needs no room where that goes.
    pub(super) fn body(&mut self, input: &[u8]) -> Step {
        if !self.wants_body() {
            return Step::Wait;
        }
        let step = self.part_of_body(input);
        if matches!(step, Step::Used(_)) && self.body_ends_here() {
            self.part_of_body(&[]);
        }
        step
    }

    /// Whether the last byte of a counted body was read, so that its end needs no further input.
    fn body_ends_here(&mut self) -> bool {
        let h1 = self.h1();
        matches!(h1.state(), State::Body | State::Early | State::Draining) && h1.unread_bytes() == Some(0)
    }

    fn part_of_body(&mut self, input: &[u8]) -> Step {
        let draining = self.h1().state() == State::Draining;
        match self.h1().body(input) {
            Ok(None) => Step::Wait,
            Err(error) => self.refused(error),
            Ok(Some((used, BodyPiece::Data(data)))) if draining => self.drain(used, data.len()),
            Ok(Some((used, BodyPiece::Data(data)))) => self.take(used, data),
            Ok(Some((used, BodyPiece::End { trailers }))) => {
                if !draining {
                    self.body_ended(trailers);
                }
                Step::Used(used)
            }
        }
    }

    /// Whether the body has somewhere to go now.
    fn wants_body(&mut self) -> bool {
        if self.h1().state() == State::Draining {
            return true;
        }
        match self.conn.flight.as_deref() {
            Some(Flight { waits: Waits::Body, .. }) => true,
            Some(Flight { feed: Some(feed), .. }) => !feed.is_full(self.app.limits.stream_bytes),
            _ => false,
        }
    }

    /// Throws a part of an unwanted body away, up to a limit.
    fn drain(&mut self, used: usize, data_bytes: usize) -> Step {
        self.conn.drained = self.conn.drained.saturating_add(data_bytes as u32);
        if u64::from(self.conn.drained) > self.app.limits.drain_bytes {
            self.h1().stop();
        }
        Step::Used(used)
    }

    /// Takes a part of a body that is gathered or streamed.
    fn take(&mut self, used: usize, data: &[u8]) -> Step {
        let Some(flight) = self.conn.flight.as_mut() else { return Step::Wait };
        flight.body_bytes += data.len() as u64;
        if flight.body_bytes > flight.endpoint.body_bytes_max {
            return self.refused(PeerError::BodyTooLarge);
        }
        match &flight.feed {
            None => flight.kept.extend_from_slice(data),
            Some(feed) => {
                let feed = Arc::clone(feed);
                self.guarded(|| feed.push(data));
            }
        }
        if self.conn.cut { Step::Wait } else { Step::Used(used) }
    }

    /// The body is whole: its callback runs, or its consumer is told.
    fn body_ended(&mut self, trailers: &[u8]) {
        let Some(flight) = self.conn.flight.as_mut() else { return };
        if let Some(feed) = flight.feed.take() {
            return self.guarded(|| feed.end(Ok(trailer_map(trailers))));
        }
        let Some(flight) = self.conn.flight.take() else { return };
        let (raw, body) = flight.kept.split_at(flight.head_bytes);
        let (app, arrival) = (self.app, self.arrival());
        again(app, &flight.endpoint, raw, body, None, &arrival, |routed| self.call(routed, raw));
    }
}

/// The trailers as a map; those that must not be there are left out.
fn trailer_map(section: &[u8]) -> HeaderMap {
    let field = |(name, value): (&str, &[u8])| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?))
    };
    trailer::fields(section).filter_map(field).collect()
}
