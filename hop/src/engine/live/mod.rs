//! Connections that stay open beyond their request: how they open, how their callbacks run, how they end.

mod due;
pub(crate) mod kept;
mod orders;
mod port;
mod raw;
mod socket;
#[cfg(test)]
mod tests;
mod topics;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use self::kept::{Ending, Kept, Live, period_of};
use self::port::LivePort;
use super::Focus;
use super::flight::bury;
use crate::app::body::BodyError;
use crate::app::endpoint::Endpoint;
use crate::app::erased::AnyHandler;
use crate::app::live::closing::CloseReason;
use crate::app::live::port::Port;
use crate::app::live::setup::{Accepted, Action, AnyConn, Kind};
use crate::app::live::socket::WebSocket;
use crate::app::live::stream::EventStream;
use crate::app::response::Body;
use crate::buf::out::{Mark, Out};
use crate::conn::{Events, Proto};
use crate::wire::{close, encode};

impl Focus<'_> {
    /// The head of the answer is written, and what follows it is a WebSocket or an event stream.
    pub(crate) fn go_live(&mut self, endpoint: Arc<Endpoint>, accepted: Accepted) {
        let Accepted { setup, conn } = accepted;
        let chunked = self.h1().is_chunked();
        let orders = self.conn.flight.as_mut().map(|flight| std::mem::take(&mut flight.orders)).unwrap_or_default();
        self.abandon(BodyError::Closed);
        let now = self.outside.now.ticks;
        let kept = Kept {
            link: setup.link.opened(),
            topics: Vec::new(),
            tick_at: endpoint.live.every.map_or(now, |every| now.plus(period_of(every))),
            active_at: now,
            pinged: false,
            paused: false,
            waits: false,
            drained: false,
            ending: None,
        };
        let is_stream = matches!(setup.kind, Kind::Stream);
        let ticks_now = is_stream && endpoint.live.every.is_some();
        let live = Some(Box::new(Live { endpoint, conn, kept }));
        self.conn.proto = match setup.kind {
            Kind::Socket(upgrade) => Proto::Ws(upgrade.machine(), live),
            Kind::Stream => Proto::Events(Events { chunked, over: false }, live),
        };
        self.common.counts.opened(is_stream);
        self.with_live(|_, _, port| setup.actions.into_iter().for_each(|action| perform(port, action)));
        orders.into_iter().for_each(|order| self.obey(order));
        if ticks_now {
            self.with_live(|handler, conn, port| handler.on_sse_tick(&mut EventStream::new(port), conn));
        }
    }

    /// Runs something on an open connection, mostly a callback; then ends it if that is what came of it. Nothing is run on one that
    /// has ended. A panic takes back what was sent and ends the connection.
    #[inline(always)]
    fn with_live(&mut self, call: impl FnOnce(&dyn AnyHandler, &mut AnyConn, &mut LivePort<'_, '_>)) {
        let Some(mut live) = self.take_live() else { return };
        let mark = self.out().mark();
        let Live { endpoint, conn, kept } = &mut *live;
        let handler = &*endpoint.handler;
        let mut port = LivePort { focus: &mut *self, endpoint, kept, unoffered: mark.cork_bytes };
        let called = catch_unwind(AssertUnwindSafe(|| call(handler, conn, &mut port)));
        if called.is_ok() && live.kept.ending.is_none() {
            return self.return_live(live);
        }
        self.end_after_callback(live, called.is_ok(), mark);
    }

    /// The callback has ended the connection: by its will, or by its panic.
    #[cold]
    fn end_after_callback(&mut self, live: Box<Live>, survived: bool, mark: Mark) {
        let why = match live.kept.ending {
            _ if !survived => CloseReason::Panicked,
            Some(Ending::Overflow) => CloseReason::Overflow,
            Some(Ending::Closed { code }) => CloseReason::Closed { code },
            None => return self.return_live(live),
        };
        if why == CloseReason::Panicked {
            log::error!("a callback of an open connection panicked; closing it");
            if live.kept.ending.is_none() {
                self.out().rollback(mark);
                self.say_close(close::INTERNAL, "");
            }
        }
        self.bid_farewell(*live, why);
    }

    #[inline]
    fn take_live(&mut self) -> Option<Box<Live>> {
        self.conn.proto.live()?.take()
    }

    #[inline]
    fn return_live(&mut self, live: Box<Live>) {
        match self.conn.proto.live() {
            Some(place) => *place = Some(live),
            None => debug_assert!(false, "no callback changes the protocol of an open connection"),
        }
    }

    /// Ends an open connection by this side's will, and tells its handler why. Nothing on one that has ended.
    pub(crate) fn end_live(&mut self, code: u16, why: CloseReason) {
        if let Some(live) = self.take_live() {
            self.say_close(code, "");
            self.bid_farewell(*live, why);
        }
    }

    /// The connection is lost: its handler is told why. Nothing on one that has ended.
    pub(crate) fn lose_live(&mut self, why: CloseReason) {
        if let Some(live) = self.take_live() {
            self.bid_farewell(*live, why);
        }
    }

    /// Writes what ends the conversation: a close frame, or the end of the stream's body.
    fn say_close(&mut self, code: u16, reason: &str) {
        let Focus { conn, common, .. } = self;
        let mut out = Out { cork: &mut common.cork, queue: &mut conn.queue };
        match &mut conn.proto {
            Proto::Ws(ws, _) => _ = out.write(|out| ws.close(out, Some(code), reason)),
            Proto::Events(events, _) if !events.over => {
                if events.chunked {
                    out.write(|out| encode::last_chunk(out, None));
                }
                events.over = true;
            }
            _ => {}
        }
    }

    /// Tells a handler that one of its connections has ended, and forgets the connection: topics, handles, state.
    fn bid_farewell(&mut self, live: Live, why: CloseReason) {
        let is_stream = matches!(self.conn.proto, Proto::Events(..));
        self.common.counts.closed(is_stream);
        let Live { endpoint, conn, kept } = live;
        if let Some(link) = kept.link {
            link.cut();
        }
        for membership in kept.topics {
            self.leave(membership);
        }
        self.guarded(|| match is_stream {
            true => endpoint.handler.on_sse_close(conn, why),
            false => endpoint.handler.on_ws_close(conn, why),
        });
    }

    /// The client does not take all that is sent to it now.
    pub(crate) fn has_to_wait(&mut self) {
        if let Some(Some(live)) = self.conn.proto.live() {
            live.kept.waits = true;
        }
    }

    /// Nothing is left to be sent: if something had to wait for the client, its handler will be told.
    pub(crate) fn drained(&mut self) {
        let had_to_wait = match &mut self.conn.proto {
            Proto::Ws(_, Some(live)) | Proto::Events(_, Some(live)) => {
                live.kept.drained |= live.kept.waits;
                std::mem::take(&mut live.kept.waits)
            }
            Proto::Raw(_) => true,
            _ => false,
        };
        if had_to_wait {
            self.list();
        }
    }

    /// Tells the handler that there is room again, if it was not told.
    pub(crate) fn tell_drained(&mut self) {
        let Some(Some(live)) = self.conn.proto.live() else { return };
        if !std::mem::take(&mut live.kept.drained) {
            return;
        }
        let is_stream = matches!(self.conn.proto, Proto::Events(..));
        self.with_live(|handler, conn, port| match is_stream {
            true => handler.on_sse_drain(&mut EventStream::new(port), conn),
            false => handler.on_ws_drain(&mut WebSocket::new(port), conn),
        });
    }

    /// What was to follow an answer whose status a hook has changed: it is dropped. Nobody is told of its end, for nobody has seen it open.
    pub(crate) fn not_opened(&mut self, body: Body) -> Body {
        log::error!("an `after` hook changed the status of a connection that was to open; it is not opened");
        bury(body);
        Body::Empty
    }
}

/// What was recorded while the connection opened.
fn perform(port: &mut LivePort<'_, '_>, action: Action) {
    match action {
        Action::Message(message) => _ = port.message(message.borrow()),
        Action::Event(event) => _ = port.event(&event),
        Action::Ping(payload) => port.ping(&payload),
        Action::Close { code, reason } => port.close(code, &reason),
        Action::Subscribe { topic, after } => port.subscribe(&topic, after.as_deref()),
        Action::Unsubscribe(topic) => port.unsubscribe(&topic),
        Action::Publish { publication, to_self } => port.publish(*publication, to_self),
        Action::Pause(paused) => port.pause(paused),
    }
}
