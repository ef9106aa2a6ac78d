//! What a connection may wait for, and what happens when it has waited too long.

use std::time::Duration;

use super::flight::{Flight, Waits};
use super::{Connection, Focus};
use crate::app::live::closing::CloseReason;
use crate::conn::{Proto, Timer};
use crate::proto::cycle::State;
use crate::proto::error::PeerError;
use crate::proto::h1::H1;
use crate::time::{Ticks, ticks_in};

/// How long a WebSocket or an event stream may be undecided: meanwhile its client holds memory and hears nothing.
const OPENING_TIMEOUT: Duration = Duration::from_secs(10);

impl Focus<'_> {
    /// Sets the deadline of what the connection waits for now. Those of a body, of idleness and of rest move with every turn, that of output
    /// with every byte that leaves ([`Engine::wrote`](super::Engine::wrote)); a head and a farewell have one deadline. What stays open
    /// notes when it was active, and is asked when an old deadline comes.
    ///
    /// Says whether it is idleness that is waited for.
    #[inline(always)]
    pub(crate) fn rearm(&mut self) -> bool {
        let timer = waits_for(self.conn, self.common.is_beside);
        if timer == Timer::Idle && matches!(self.conn.proto, Proto::H1(_)) {
            // By far the most turns end so.
            self.conn.timer = timer;
            let deadline = self.outside.now.ticks.plus(self.common.timeouts.idle);
            self.common.wheel.set(self.id.slot, deadline);
            return true;
        }
        if timer != self.conn.timer || matches!(timer, Timer::Body | Timer::Rest) {
            self.conn.timer = timer;
            self.set_deadline();
        }
        timer == Timer::Idle
    }

    #[inline(never)]
    fn set_deadline(&mut self) {
        match self.deadline(self.conn.timer) {
            Some(deadline) => self.common.wheel.set(self.id.slot, deadline),
            None => self.common.wheel.clear(self.id.slot),
        }
    }

    /// Sets the deadline anew when flushing has changed what the connection waits for.
    pub(crate) fn rearm_if_stale(&mut self) {
        if waits_for(self.conn, self.common.is_beside) != self.conn.timer {
            self.rearm();
        }
    }

    /// The deadline of what begins to be waited for now. `None`: it may take as long as it likes.
    fn deadline(&self, timer: Timer) -> Option<Ticks> {
        let timeouts = &self.common.timeouts;
        let ticks = match (timer, &self.conn.proto) {
            (Timer::Off, _) => return None,
            (Timer::Idle, Proto::H1(_)) | (Timer::Rest, _) => timeouts.idle,
            (Timer::Idle | Timer::Held, _) => return self.live_deadline(),
            (Timer::Answer, _) => ticks_in(answer_timeout(self.conn)?),
            (Timer::Head, _) => timeouts.head,
            (Timer::Body, _) => timeouts.body,
            (Timer::Write, _) => timeouts.write,
            (Timer::Linger, _) => timeouts.linger,
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
            Timer::Held => self.live_due(),
            Timer::Idle if !matches!(self.conn.proto, Proto::H1(_)) => self.live_due(),
            Timer::Write => self.cut(CloseReason::Stalled),
            // An idle connection has nothing unsent: no farewell is needed.
            Timer::Idle | Timer::Rest | Timer::Linger => self.cut(CloseReason::Left),
        }
        self.conn.timer = Timer::Off;
        self.rearm();
    }
}

#[inline(always)]
fn waits_for(conn: &Connection, is_beside: bool) -> Timer {
    if conn.has_output() {
        return Timer::Write;
    }
    let Proto::H1(h1) = &conn.proto else { return waits_beyond_http(conn) };
    match h1.state() {
        State::Idle if conn.carry.is_none() => Timer::Idle,
        State::Idle if begins_head(conn) => Timer::Head,
        State::Idle => Timer::Rest,
        state => waits_within_a_request(conn, h1, state, is_beside),
    }
}

/// Whether the unread input between two requests is the beginning of a head. Empty lines are none (RFC 9112 §2.2).
#[cold]
pub(super) fn begins_head(conn: &Connection) -> bool {
    let is_empty = |line: &[u8]| matches!(line, b"\r\n" | b"\r");
    conn.carry.as_ref().is_some_and(|carry| !carry.unread().chunks(2).all(is_empty))
}

#[inline]
fn waits_beyond_http(conn: &Connection) -> Timer {
    match &conn.proto {
        Proto::Ws(_, Some(_)) | Proto::Events(_, Some(_)) if conn.carry.is_some() => Timer::Held,
        Proto::Ws(_, Some(_)) | Proto::Events(_, Some(_)) => Timer::Idle,
        // The client may take its time to close, but not for ever.
        Proto::Ws(..) | Proto::Events(..) => Timer::Linger,
        Proto::Raw(raw) if raw.over => Timer::Linger,
        Proto::Raw(raw) if raw.rests => Timer::Rest,
        Proto::H1(_) | Proto::Raw(_) => Timer::Off,
    }
}

/// Apart from the above, which every turn asks and which needs few registers.
#[inline(never)]
fn waits_within_a_request(conn: &Connection, h1: &H1, state: State, is_beside: bool) -> Timer {
    match state {
        State::Draining => Timer::Body,
        State::Early | State::Answering if has_more(conn) && !is_beside => Timer::Write,
        State::Body | State::Early if wants_body(conn) && !h1.owes_continue() => Timer::Body,
        State::Closing => Timer::Linger,
        _ if answer_timeout(conn).is_some() => Timer::Answer,
        // Nothing but an attempt to send would tell whether it has left.
        State::Early | State::Answering if conn.ended => Timer::Rest,
        State::Idle | State::Body | State::Early | State::Owed | State::Answering => Timer::Off,
    }
}

/// Whether it is the peer that is waited for: not a consumer that lags, and not a handler that did not want the body.
fn wants_body(conn: &Connection) -> bool {
    let wanted = |flight: &Flight| match &flight.feed {
        Some(feed) => !feed.lags(),
        None => matches!(flight.waits, Waits::Body),
    };
    conn.flight.as_deref().is_some_and(wanted)
}

/// Whether the source of the answer's body may have more: it is pulled when the socket takes it.
fn has_more(conn: &Connection) -> bool {
    conn.flight.as_deref().is_some_and(|flight| matches!(flight.waits, Waits::Source(_)) && !flight.asleep)
}

/// How long the answer that somebody has promised may take: as its route says, at all or after the client has ended its side, or as an
/// opening may take anyhow. An answer that has begun may take as long as it likes, unless the client has ended its side.
fn answer_timeout(conn: &Connection) -> Option<Duration> {
    let flight = conn.flight.as_deref()?;
    let gone_after = flight.endpoint.gone_after.filter(|_| conn.ended);
    match flight.waits {
        Waits::Answer(_) | Waits::Task(_) => {
            let usual = flight.endpoint.answer_timeout.or(flight.opening.then_some(OPENING_TIMEOUT));
            usual.into_iter().chain(gone_after).min()
        }
        Waits::Source(_) => gone_after,
        _ => None,
    }
}
