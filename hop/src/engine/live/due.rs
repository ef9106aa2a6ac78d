//! What is due on an open connection that nothing happens on: ticks, pings, signs of life, the end of patience.

use super::super::Focus;
use super::kept::{Live, period_of};
use crate::app::live::closing::CloseReason;
use crate::app::live::port::Port;
use crate::app::live::socket::WebSocket;
use crate::app::live::stream::EventStream;
use crate::conn::Proto;
use crate::time::{Ticks, ticks_in};
use crate::wire::close;
use crate::wire::event::Event;

impl Focus<'_> {
    /// When the next of these things is due. `None`: never.
    #[inline]
    pub(crate) fn live_deadline(&self) -> Option<Ticks> {
        match &self.conn.proto {
            Proto::Ws(_, Some(live)) => live.socket_deadline(),
            Proto::Events(_, Some(live)) => live.stream_deadline(),
            _ => None,
        }
    }

    /// One of them may be due.
    pub(crate) fn live_due(&mut self) {
        let now = self.outside.now.ticks;
        let is_stream = matches!(self.conn.proto, Proto::Events(..));
        let Some(Some(live)) = self.conn.proto.live() else { return };
        if live.takes_tick(now) {
            self.with_live(|handler, conn, port| match is_stream {
                true => handler.on_sse_tick(&mut EventStream::new(port), conn),
                false => handler.on_ws_tick(&mut WebSocket::new(port), conn),
            });
        }
        if is_stream { self.keep_alive(now) } else { self.test_silence(now) }
    }

    /// Sends a comment on a stream on which nothing was sent for a while: proxies cut what is silent, and a client that has gone shows.
    fn keep_alive(&mut self, now: Ticks) {
        let Proto::Events(_, Some(live)) = &self.conn.proto else { return };
        if live.kept.active_at.after(live.endpoint.live.keep_alive).reached(now) {
            self.with_live(|_, _, port| _ = port.event(&Event::new().comment("")));
        }
    }

    /// Asks a client from which nothing has come for a while for a sign of life, and gives it up when there is none.
    fn test_silence(&mut self, now: Ticks) {
        let Proto::Ws(_, Some(live)) = &mut self.conn.proto else { return };
        if live.kept.paused || !live.silence_deadline().reached(now) {
            return;
        }
        if live.kept.pinged {
            return self.end_live(close::AWAY, CloseReason::Idle);
        }
        live.kept.pinged = true;
        // On a machine that was asleep, or too busy, the client is asked late: it has all its time from then on.
        live.kept.active_at = Ticks(now.0.wrapping_sub(ticks_in(live.endpoint.live.ping)));
        self.with_live(|_, _, port| port.ping(b""));
    }
}

impl Live {
    #[inline]
    fn socket_deadline(&self) -> Option<Ticks> {
        let silence = (!self.kept.paused).then(|| self.silence_deadline());
        sooner(silence, self.endpoint.live.every.map(|_| self.kept.tick_at), self.kept.active_at)
    }

    fn stream_deadline(&self) -> Option<Ticks> {
        let alive = self.kept.active_at.after(self.endpoint.live.keep_alive);
        sooner(Some(alive), self.endpoint.live.every.map(|_| self.kept.tick_at), self.kept.active_at)
    }

    /// When silence has its next consequence: a ping first, then the end.
    #[inline]
    fn silence_deadline(&self) -> Ticks {
        let live = &self.endpoint.live;
        self.kept.active_at.after(if self.kept.pinged { live.idle } else { live.ping })
    }

    /// Whether a tick is due; then the next one is set, at this connection's own phase. What was missed is not made up for.
    fn takes_tick(&mut self, now: Ticks) -> bool {
        let Some(every) = self.endpoint.live.every.filter(|_| self.kept.tick_at.reached(now)) else { return false };
        let period = period_of(every);
        let late = now.0.wrapping_sub(self.kept.tick_at.0);
        self.kept.tick_at = self.kept.tick_at.plus(late - late % period + period);
        true
    }
}

/// The sooner of two points, both of which are after `since` or not long before it.
#[inline]
fn sooner(one: Option<Ticks>, other: Option<Ticks>, since: Ticks) -> Option<Ticks> {
    let ahead = |at: Ticks| at.0.wrapping_sub(since.0) as i32;
    match (one, other) {
        (Some(one), Some(other)) => Some(if ahead(one) < ahead(other) { one } else { other }),
        (one, other) => one.or(other),
    }
}
