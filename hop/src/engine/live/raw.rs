//! Hijacked connections: given away, or kept on the poll loop with a callback of the user's.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::super::drive::Step;
use super::super::flight::Waits;
use super::super::{Connection, Engine};
use super::Focus;
use crate::app::body::BodyError;
use crate::app::hijack::{Hijack, OnReadable, RawConn, RawDone, RawIo, RawOutside, Stay, lock};
use crate::app::mail::Look;
use crate::buf::carry::Carry;
use crate::buf::out::Out;
use crate::buf::slab::ConnId;
use crate::conn::{Proto, Raw};

impl Engine {
    /// Whether a connection that has said its last still wants what its client has sent, though not at this moment perhaps.
    pub fn only_listens(&self, id: ConnId) -> bool {
        let listens = |conn: &Connection| conn.shut && matches!(&conn.proto, Proto::Raw(raw) if !raw.over);
        self.conns.get(id).is_some_and(listens)
    }
}

impl Focus<'_> {
    /// The answer's head is written: HTTP ends here, and the hijacker has its turn when the head has left. Who still takes the request's
    /// body is told that no more of it comes.
    pub(crate) fn go_raw(&mut self) {
        self.conn.proto = Proto::Raw(Raw::default());
        if let Some(feed) = self.conn.flight.as_mut().and_then(|flight| flight.feed.take()) {
            self.guarded(|| feed.end(Err(BodyError::Closed)));
        }
    }

    /// Whether a hijacker waits for the output to leave.
    pub(crate) fn awaits_hijacker(&self) -> bool {
        self.conn.flight.as_ref().is_some_and(|flight| matches!(flight.waits, Waits::Hijack(_)))
    }

    /// Gives the connection to its hijacker. What he does not keep on the poll loop ends here, without a word to the client: his copy of
    /// the socket lives on.
    pub(crate) fn call_hijacker(&mut self) {
        let Some(flight) = &mut self.conn.flight else { return };
        let Waits::Hijack(Hijack(take)) = std::mem::replace(&mut flight.waits, Waits::Nothing) else { return };
        let unread = self.conn.carry.take().map(|carry| carry.unread().to_vec()).unwrap_or_default();
        let socket = if self.conn.session.is_none() { self.outside.peers.duplicate(self.id) } else { None };
        let (conn, stay) = RawConn::new(socket, unread);
        self.guarded(|| take(conn));
        let Some(flight) = &mut self.conn.flight else { return };
        match std::mem::replace(&mut *lock(&stay), Stay::Over) {
            Stay::With(callback, unread) => {
                flight.waits = Waits::Readable(callback);
                if !unread.is_empty() {
                    self.conn.carry = Some(Box::new(Carry::from(&*unread)));
                    self.list();
                }
            }
            Stay::Undecided | Stay::Over => self.conn.cut(),
        }
    }

    /// From the request that is being answered on, its own head included, all bytes are the callback's.
    pub(crate) fn go_hosted(&mut self) {
        self.conn.proto = Proto::Raw(Raw::default());
        let feed = self.conn.flight.as_mut().and_then(|flight| flight.feed.take());
        self.guarded(|| drop(feed));
    }

    /// Whether the request that was just handled is to be read again, by somebody else.
    #[inline]
    pub(crate) fn is_hosted(&self) -> bool {
        matches!(self.conn.proto, Proto::Raw(_)) && !self.awaits_hijacker()
    }

    /// Calls the callback of a hijacked connection although nothing new is there to read.
    pub(crate) fn wake_raw(&mut self) {
        if matches!(self.conn.proto, Proto::Raw(_)) && self.conn.carry.is_none() {
            self.raw(&mut []);
        }
    }

    /// Calls the callback of a hijacked connection with what is there to read, unless it has to wait for the client to take what was sent.
    pub(crate) fn raw(&mut self, input: &mut [u8]) -> Step {
        if self.output_lags() { Step::Wait } else { self.call_readable(input) }
    }

    fn call_readable(&mut self, input: &mut [u8]) -> Step {
        let queued_bytes = self.unsent_bytes();
        let Proto::Raw(raw) = &mut self.conn.proto else { return Step::Wait };
        let Some(flight) = &mut self.conn.flight else { return Step::Used(input.len()) };
        if raw.over {
            return Step::Used(input.len());
        }
        let Waits::Readable(callback) = &mut flight.waits else { return Step::Wait };
        let (id, mailbox) = (self.id, &self.common.mailbox);
        let waker = || Look::waker(id, mailbox);
        let outside =
            RawOutside { ended: self.conn.ended, stopping: self.common.stopping, queued_bytes, waker: &waker };
        raw.told |= self.conn.ended;
        let mut out = Out { cork: &mut self.common.cork, queue: &mut self.conn.queue };
        match out.write(|out| call(callback, input, out, outside)) {
            Some(RawDone { used, closes, rests, stays, mutes }) => {
                raw.rests = rests;
                raw.stays = stays;
                raw.over |= closes;
                raw.mute |= mutes;
                // It waits for more, unless it has used some.
                if used == 0 && !closes { Step::Partial } else { Step::Used(used) }
            }
            None => {
                log::error!("the callback of a hijacked connection panicked; closing it");
                raw.over = true;
                Step::Used(input.len())
            }
        }
    }

    /// The client has sent its last: the callback is told, if it was not when it got the last bytes; then the connection ends.
    pub(crate) fn raw_ended(&mut self) {
        if self.awaits_hijacker() {
            return;
        }
        if matches!(&self.conn.proto, Proto::Raw(raw) if !raw.told) {
            self.call_readable(&mut []);
        }
        // One that stays closes by itself, or is cut when it has rested too long.
        if !matches!(&self.conn.proto, Proto::Raw(raw) if raw.stays) {
            self.conn.proto.stop();
        }
    }
}

/// What the callback has done. `None`: it panicked, and what it sent is taken back.
fn call(callback: &mut OnReadable, input: &mut [u8], out: &mut Vec<u8>, outside: RawOutside<'_>) -> Option<RawDone> {
    let before = out.len();
    let called = catch_unwind(AssertUnwindSafe(|| {
        let mut io = RawIo::new(input, out, outside);
        callback(&mut io);
        io.done
    }));
    if called.is_err() {
        out.truncate(before);
    }
    called.ok()
}
