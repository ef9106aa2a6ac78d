//! What a connection may wait for, and what happens when it has waited too long.

use std::time::Duration;

use super::Engine;
use crate::app::limits::Timeouts;
use crate::buf::slab::ConnId;
use crate::conn::{Conn, Proto, Timer};
use crate::proto::cycle::State;
use crate::proto::error::PeerError;
use crate::time::Ticks;

/// [`Timeouts`] in ticks.
pub(crate) struct TimeoutTicks {
    head: u32,
    body: u32,
    idle: u32,
    write: u32,
    linger: u32,
}

impl TimeoutTicks {
    pub(crate) fn from(timeouts: &Timeouts) -> Self {
        let ticks = |duration: Duration| Ticks(0).after(duration).0;
        TimeoutTicks {
            head: ticks(timeouts.head),
            body: ticks(timeouts.body),
            idle: ticks(timeouts.idle),
            write: ticks(timeouts.write),
            linger: ticks(timeouts.linger),
        }
    }

    fn of(&self, timer: Timer) -> u32 {
        match timer {
            Timer::Off => 0,
            Timer::Idle => self.idle,
            Timer::Head => self.head,
            Timer::Body => self.body,
            Timer::Write => self.write,
            Timer::Linger => self.linger,
        }
    }
}

impl Engine {
    /// Sets the deadline of what the connection waits for now. A head and a farewell have one deadline; the others move with progress.
    pub(crate) fn rearm(&mut self, id: ConnId, now: Ticks) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let timer = waits_for(conn);
        let stays = timer == conn.timer && matches!(timer, Timer::Head | Timer::Linger | Timer::Off);
        conn.timer = timer;
        match timer {
            _ if stays => {}
            Timer::Off => self.wheel.clear(id.slot),
            _ => self.wheel.set(id.slot, Ticks(now.0.wrapping_add(self.timeouts.of(timer)))),
        }
    }

    /// A connection's deadline has passed.
    pub(crate) fn expired(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        match conn.timer {
            Timer::Off => {}
            Timer::Head => self.refuse(id, PeerError::HeadTimeout),
            Timer::Body => self.refuse(id, PeerError::BodyTimeout),
            Timer::Idle => {
                let Proto::H1(h1) = &mut conn.proto;
                h1.stop();
            }
            Timer::Write | Timer::Linger => conn.cut = true,
        }
        if let Some(conn) = self.conns.get_mut(id) {
            conn.timer = Timer::Off;
        }
    }
}

fn waits_for<F>(conn: &Conn<F>) -> Timer {
    let Proto::H1(h1) = &conn.proto;
    match h1.state() {
        _ if conn.has_output() => Timer::Write,
        State::Idle if conn.carry.is_some() => Timer::Head,
        State::Idle => Timer::Idle,
        State::Body | State::Early | State::Draining => Timer::Body,
        State::Owed | State::Answering => Timer::Off,
        State::Closing => Timer::Linger,
    }
}
