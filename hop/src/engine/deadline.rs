//! What a connection may wait for, and what happens when it has waited too long.

use std::time::Duration;

use super::Focus;
use super::flight::{Flight, Waits};
use crate::conn::{Conn, Proto, Timer};
use crate::proto::cycle::State;
use crate::proto::error::PeerError;
use crate::time::{Ticks, ticks_in};

impl Focus<'_> {
    /// Sets the deadline of what the connection waits for now. Those of a body and of idleness move with every turn, that of output
    /// with every byte that leaves ([`Engine::wrote`](super::Engine::wrote)); a head and a farewell have one deadline.
    #[inline]
    pub(crate) fn rearm(&mut self) {
        let timer = waits_for(self.conn);
        if timer == self.conn.timer && !matches!(timer, Timer::Idle | Timer::Body) {
            return;
        }
        self.conn.timer = timer;
        match self.deadline(timer) {
            Some(deadline) => self.common.wheel.set(self.id.slot, deadline),
            None => self.common.wheel.clear(self.id.slot),
        }
    }

    /// Sets the deadline anew when flushing has changed what the connection waits for.
    pub(crate) fn rearm_if_stale(&mut self) {
        if waits_for(self.conn) != self.conn.timer {
            self.rearm();
        }
    }

    /// The deadline of what begins to be waited for now. `None`: it may take as long as it likes.
    #[inline]
    fn deadline(&self, timer: Timer) -> Option<Ticks> {
        let timeouts = &self.common.timeouts;
        let ticks = match timer {
            Timer::Off => return None,
            Timer::Answer => ticks_in(answer_timeout(self.conn)?),
            Timer::Idle => timeouts.idle,
            Timer::Head => timeouts.head,
            Timer::Body => timeouts.body,
            Timer::Write => timeouts.write,
            Timer::Linger => timeouts.linger,
        };
        Some(self.outside.now.ticks.plus(ticks))
    }

    /// The deadline has passed.
    pub(crate) fn expired(&mut self) {
        match self.conn.timer {
            Timer::Off => {}
            Timer::Head => self.refuse(PeerError::HeadTimeout),
            Timer::Body => self.refuse(PeerError::BodyTimeout),
            Timer::Answer => self.late(),
            // An idle connection has nothing unsent: no farewell is needed.
            Timer::Idle | Timer::Write | Timer::Linger => self.cut(),
        }
        self.conn.timer = Timer::Off;
        self.rearm();
    }
}

#[inline]
fn waits_for(conn: &Conn<Flight>) -> Timer {
    let Proto::H1(h1) = &conn.proto;
    match h1.state() {
        _ if conn.has_output() => Timer::Write,
        State::Idle if conn.carry.is_some() => Timer::Head,
        State::Idle => Timer::Idle,
        State::Draining => Timer::Body,
        State::Body | State::Early if wants_body(conn) && !h1.owes_continue() => Timer::Body,
        State::Body | State::Owed if answer_timeout(conn).is_some() => Timer::Answer,
        State::Body | State::Early | State::Owed | State::Answering => Timer::Off,
        State::Closing => Timer::Linger,
    }
}

/// Whether it is the peer that is waited for: not a consumer that lags, and not a handler that did not want the body.
fn wants_body(conn: &Conn<Flight>) -> bool {
    let wanted = |flight: &Flight| match &flight.feed {
        Some(feed) => !feed.lags(),
        None => matches!(flight.waits, Waits::Body),
    };
    conn.flight.as_deref().is_some_and(wanted)
}

/// How long the answer that somebody has promised may take, where its route says so: at all, or after the client has ended its side.
fn answer_timeout(conn: &Conn<Flight>) -> Option<Duration> {
    let flight = conn.flight.as_deref()?;
    let promised = matches!(flight.waits, Waits::Answer(_) | Waits::Task(_));
    let gone_after = flight.endpoint.gone_after.filter(|_| conn.ended);
    let shorter = flight.endpoint.answer_timeout.into_iter().chain(gone_after).min();
    shorter.filter(|_| promised)
}
