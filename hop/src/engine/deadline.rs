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
    /// Sets the deadline of what the connection waits for now. Those of a body and of idleness move with every turn, that of output
    /// with every byte that leaves ([`Engine::wrote`](super::Engine::wrote)); a head and a farewell have one deadline. What stays open
    /// notes when it was active, and is asked when an old deadline comes.
    #[inline(always)]
    pub(crate) fn rearm(&mut self) {
        let timer = waits_for(self.conn);
        let moves = match timer {
            Timer::Idle => matches!(self.conn.proto, Proto::H1(_) | Proto::Raw(_)),
            timer => timer == Timer::Body,
        };
        if timer == self.conn.timer && !moves {
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
        // Asked by nearly every turn, which this keeps from the table of the others.
        if timer == Timer::Idle {
            return match &self.conn.proto {
                Proto::H1(_) => Some(self.outside.now.ticks.plus(timeouts.idle)),
                _ => self.live_deadline(),
            };
        }
        let ticks = match timer {
            Timer::Off => return None,
            Timer::Held if matches!(self.conn.proto, Proto::Raw(_)) => timeouts.idle,
            Timer::Held => return self.live_deadline(),
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
            Timer::Held if matches!(self.conn.proto, Proto::Raw(_)) => self.cut(CloseReason::Left),
            Timer::Held => self.live_due(),
            Timer::Idle if !matches!(self.conn.proto, Proto::H1(_)) => self.live_due(),
            Timer::Write => self.cut(CloseReason::Stalled),
            // An idle connection has nothing unsent: no farewell is needed.
            Timer::Idle | Timer::Linger => self.cut(CloseReason::Left),
        }
        self.conn.timer = Timer::Off;
        self.rearm();
    }
}

#[inline]
fn waits_for(conn: &Connection) -> Timer {
    match &conn.proto {
        _ if conn.has_output() => Timer::Write,
        Proto::H1(h1) => match h1.state() {
            State::Idle if conn.carry.is_some() => Timer::Head,
            State::Idle => Timer::Idle,
            state => waits_within_a_request(conn, h1, state),
        },
        Proto::Ws(_, Some(_)) | Proto::Events(_, Some(_)) if conn.carry.is_some() => Timer::Held,
        Proto::Ws(_, Some(_)) | Proto::Events(_, Some(_)) => Timer::Idle,
        // The client may take its time to close, but not for ever.
        Proto::Ws(..) | Proto::Events(..) => Timer::Linger,
        Proto::Raw(raw) if raw.over => Timer::Linger,
        Proto::Raw(raw) if raw.rests => Timer::Held,
        Proto::Raw(_) => Timer::Off,
    }
}

/// Apart from the above, which every turn asks and which needs few registers.
#[inline(never)]
fn waits_within_a_request(conn: &Connection, h1: &H1, state: State) -> Timer {
    match state {
        State::Draining => Timer::Body,
        State::Body | State::Early if wants_body(conn) && !h1.owes_continue() => Timer::Body,
        State::Body | State::Owed if answer_timeout(conn).is_some() => Timer::Answer,
        State::Idle | State::Body | State::Early | State::Owed | State::Answering => Timer::Off,
        State::Closing => Timer::Linger,
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

/// How long the answer that somebody has promised may take: as its route says, at all or after the client has ended its side, or as an
/// opening may take anyhow.
fn answer_timeout(conn: &Connection) -> Option<Duration> {
    let flight = conn.flight.as_deref()?;
    let promised = matches!(flight.waits, Waits::Answer(_) | Waits::Task(_));
    let usual = flight.endpoint.answer_timeout.or(flight.opening.then_some(OPENING_TIMEOUT));
    let gone_after = flight.endpoint.gone_after.filter(|_| conn.ended);
    usual.into_iter().chain(gone_after).min().filter(|_| promised)
}
