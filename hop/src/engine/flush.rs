//! What the driver says and asks about one connection's socket.

use std::os::unix::fs::FileExt;

use super::deadline::begins_head;
use super::live::kept::Live;
use super::{Connection, Engine, Focus, Next, Outside, Verdict};
use crate::app::body::BodyError;
use crate::app::live::closing::CloseReason;
use crate::buf::out::{self, Out, Output};
use crate::buf::slab::ConnId;
use crate::conn::{Conn, Proto, Timer};
use crate::engine::flight::Waits;
use crate::proto::cycle::State;
use crate::proto::h1::H1;
use crate::wire::close;
use crate::wire::encode::Date;

/// Unread input at which a connection is not read any further until what it waits for has come.
const PAUSE_BYTES: usize = 16 * 1024;
/// Plain bytes that a session encrypts in one go.
const RECORD_BYTES: usize = 16 * 1024;

impl Engine {
    /// `n` bytes were read into [`Engine::input`].
    pub fn received(&mut self, id: ConnId, n: usize, outside: &Outside<'_>) {
        debug_assert!(self.common.cork.is_empty(), "a connection is flushed before the next one is touched");
        self.common.date.refresh(outside.now.unix_seconds);
        let Some((mut focus, input)) = self.focus(id, outside) else { return };
        if focus.conn.session.is_some() {
            focus.decrypt(&input[..n]);
        } else if focus.turn(&mut input[..n]) {
            debug_assert!(focus.conn.is_at_rest(), "an idle connection has nothing else to do");
            self.resting = id.pack();
        }
    }

    /// The peer will send no more. What it has asked for is still answered (a legal half-close).
    pub fn ended(&mut self, id: ConnId, outside: &Outside<'_>) {
        let Some((mut focus, _)) = self.focus(id, outside) else { return };
        focus.conn.ended = true;
        focus.turn(&mut []);
    }

    /// The connection was reset, or the socket failed: nothing can be sent any more.
    pub fn failed(&mut self, id: ConnId, outside: &Outside<'_>) {
        let Some((mut focus, _)) = self.focus(id, outside) else { return };
        focus.cut(CloseReason::Left);
    }

    /// What the socket should be given next.
    #[inline]
    pub fn output<'o>(&'o mut self, id: ConnId, outside: &'o Outside<'o>) -> Output<'o> {
        if self.resting == id.pack() {
            return out::front(&self.common.cork, &None);
        }
        self.output_in_work(id, outside)
    }

    fn output_in_work<'o>(&'o mut self, id: ConnId, outside: &'o Outside<'o>) -> Output<'o> {
        let Some((mut focus, _)) = self.focus(id, outside) else { return Output::Nothing };
        if focus.conn.flight.is_some() {
            focus.pump();
        }
        let Focus { conn, common, .. } = focus;
        if conn.cut {
            common.cork.clear();
            return Output::Nothing;
        }
        if conn.session.is_some() {
            seal(conn, &mut common.cork);
        }
        match &conn.session {
            None => out::front(&common.cork, &conn.queue),
            Some(secured) if secured.unsent().is_empty() => Output::Nothing,
            Some(secured) => Output::Bytes(secured.unsent()),
        }
    }

    /// `n` bytes of what [`Engine::output`] gave have left. Says what to ask for next.
    #[inline]
    pub fn wrote(&mut self, id: ConnId, n: usize, outside: &Outside<'_>) -> Next {
        if self.resting != id.pack() {
            return self.wrote_in_work(id, n, outside);
        }
        let cork = &mut self.common.cork;
        Out { cork, queue: &mut None }.advance(n);
        if cork.is_empty() { Next::Rest } else { Next::Output }
    }

    fn wrote_in_work(&mut self, id: ConnId, n: usize, outside: &Outside<'_>) -> Next {
        let Some((mut focus, _)) = self.focus(id, outside) else { return Next::Verdict };
        let waited = focus.conn.has_output();
        let Focus { conn, common, .. } = &mut focus;
        if n > 0 && conn.timer == Timer::Write {
            common.wheel.set(id.slot, outside.now.ticks.plus(common.timeouts.write));
        }
        match &mut conn.session {
            Some(secured) => secured.advance(n),
            None => Out { cork: &mut common.cork, queue: &mut conn.queue }.advance(n),
        }
        if waited && !conn.has_output() {
            focus.drained();
        }
        let Focus { conn, common, .. } = focus;
        let rests = conn.session.is_none() && conn.flight.is_none() && conn.queue.is_none() && common.cork.is_empty();
        if rests { Next::Verdict } else { Next::Output }
    }

    /// What to do with the socket after it was flushed.
    #[inline]
    pub fn verdict(&mut self, id: ConnId, outside: &Outside<'_>) -> Verdict {
        // The plain path: everything was answered, and all of it has left.
        if self.resting == id.pack() && self.common.cork.is_empty() {
            return Verdict::REST;
        }
        self.verdict_in_work(id, outside)
    }

    fn verdict_in_work(&mut self, id: ConnId, outside: &Outside<'_>) -> Verdict {
        let Some((mut focus, _)) = self.focus(id, outside) else { return Verdict::Close };
        if focus.conn.cut {
            focus.common.cork.clear();
            return Verdict::Close;
        }
        focus.out().uncork();
        if !focus.conn.has_output() && focus.awaits_hijacker() {
            focus.call_hijacker();
        }
        if focus.conn.cut {
            return Verdict::Close;
        }
        let write = focus.conn.has_output();
        if write {
            focus.has_to_wait();
        }
        focus.rearm_if_stale();
        if !write && let Some(verdict) = farewell(focus.conn) {
            return verdict;
        }
        if !write && has_requests(focus.conn) {
            focus.list();
        }
        Verdict::Watch { read: wants_input(focus.conn), write }
    }
}

impl Focus<'_> {
    /// Where this connection's output goes.
    pub(crate) fn out(&mut self) -> Out<'_> {
        Out { cork: &mut self.common.cork, queue: &mut self.conn.queue }
    }

    /// The machine, where it writes, and the date for its heads.
    #[inline]
    pub(crate) fn writer(&mut self) -> (&mut H1, Out<'_>, &Date) {
        let Focus { conn, common, .. } = self;
        let Conn { proto, queue, .. } = &mut **conn;
        (h1_in(proto), Out { cork: &mut common.cork, queue }, &common.date)
    }

    /// The machine of HTTP.
    ///
    /// # Panics
    ///
    /// Where the connection speaks something else: only the steps of an exchange ask for it.
    #[inline]
    pub(crate) fn h1(&mut self) -> &mut H1 {
        h1_of(self.conn)
    }

    fn decrypt(&mut self, input: &[u8]) {
        let Conn { session: Some(secured), carry, .. } = &mut *self.conn else { return };
        let mut plain = Vec::new();
        let said = secured.cipher.len();
        let decrypted = secured.session.decrypt(input, &mut plain, &mut secured.cipher);
        if secured.said_goodbye {
            // Whatever the session would reply comes too late: nothing follows the farewell.
            secured.cipher.truncate(said);
        }
        if !plain.is_empty() {
            carry.get_or_insert_default().append(&plain);
        }
        match decrypted {
            Ok(()) => _ = self.turn(&mut []),
            Err(_) => self.cut(CloseReason::Left),
        }
    }

    /// After a turn: ends what cannot go on, and sets the deadline. Says whether the connection rests.
    #[inline(always)]
    pub(crate) fn settle(&mut self) -> bool {
        if self.conn.ended && !has_requests(self.conn) {
            self.settle_ended();
        }
        if self.common.stopping {
            self.retire();
        }
        self.rearm()
    }

    /// The client has sent its last, and all of it was read.
    #[cold]
    fn settle_ended(&mut self) {
        match (&self.conn.proto, self.conn.proto.state()) {
            (_, State::Idle | State::Draining) => self.conn.proto.stop(),
            (_, State::Body | State::Early) => self.truncated(),
            (Proto::Ws(..) | Proto::Events(..), State::Answering) => {
                self.conn.proto.stop();
                self.lose_live(CloseReason::Left);
            }
            (Proto::Raw(_), State::Answering) => self.raw_ended(),
            (_, State::Owed | State::Answering | State::Closing) => {}
        }
    }

    /// The server stops: a connection of which nothing is asked any more ends, and so does one that stays open.
    #[cold]
    fn retire(&mut self) {
        self.end_live(close::AWAY, CloseReason::Shutdown);
        if self.conn.proto.state() == State::Idle && !begins_head(self.conn) {
            self.conn.proto.stop();
            // Without anything unread or unsent there is no answer that a farewell would protect.
            self.conn.cut |= !self.conn.has_output() && self.common.cork.is_empty();
        }
    }

    /// The peer has ended in the middle of a body: nothing can be answered to what was wanted whole; a consumer is told.
    fn truncated(&mut self) {
        let Some(flight) = &mut self.conn.flight else { return };
        if flight.feed.as_ref().is_some_and(|feed| feed.lags()) {
            // What is unread belongs to the body, and its consumer is not there yet.
            return;
        }
        if matches!(flight.waits, Waits::Body | Waits::Nothing) {
            self.h1().stop();
            return self.abandon(BodyError::Closed);
        }
        if let Some(feed) = flight.feed.take() {
            self.guarded(|| feed.end(Err(BodyError::Closed)));
        }
    }

    /// Puts the connection on the list of those to look at.
    pub(crate) fn list(&mut self) {
        if !self.conn.listed {
            self.conn.listed = true;
            self.common.listed.push_back(self.id);
        }
    }
}

/// The machine of HTTP. Panics as [`Focus::h1`] does.
#[inline]
pub(crate) fn h1_of(conn: &mut Connection) -> &mut H1 {
    h1_in(&mut conn.proto)
}

#[inline]
fn h1_in(proto: &mut Proto<Live>) -> &mut H1 {
    match proto {
        Proto::H1(h1) => h1,
        _ => unreachable!("only the steps of an exchange ask for HTTP's machine"),
    }
}

/// RFC 9112 §9.6: half-close, let the peer read the answer and close, then close; a close with unread input would reset the answer away.
/// One that only listens from now on is half-closed, and goes on.
fn farewell(conn: &mut Connection) -> Option<Verdict> {
    let closing = conn.proto.state() == State::Closing;
    if conn.ended && closing {
        return Some(Verdict::Close);
    }
    if !conn.shut && conn.proto.has_said_all() {
        conn.shut = true;
        return Some(Verdict::ShutdownWrite);
    }
    closing.then_some(Verdict::Watch { read: true, write: false })
}

/// Whether requests or messages were left unread because output had to leave first.
fn has_requests(conn: &Connection) -> bool {
    let goes_on = match &conn.proto {
        Proto::H1(h1) => h1.state() == State::Idle,
        Proto::Ws(_, live) => !live.as_ref().is_some_and(|live| live.is_paused()),
        Proto::Events(..) => false,
        Proto::Raw(raw) => !raw.over,
    };
    goes_on && conn.carry.as_ref().is_some_and(|carry| carry.searched == 0)
}

fn wants_input(conn: &Connection) -> bool {
    let is_between = matches!(conn.proto.state(), State::Idle | State::Closing) && conn.queue.is_none();
    let waits_for_more = is_between && !has_requests(conn);
    !conn.ended && (waits_for_more || conn.carry_bytes() < PAUSE_BYTES)
}

/// Encrypts output while none waits in its encrypted form.
fn seal(conn: &mut Connection, cork: &mut Vec<u8>) {
    let Conn { session: Some(secured), queue, proto, .. } = conn else { return };
    while secured.unsent().is_empty() {
        let n = match out::front(cork, queue) {
            Output::Nothing => break,
            Output::Bytes(bytes) => encrypt(secured, bytes),
            Output::Slices(slices) => encrypt(secured, slices.iter().next().unwrap_or_default()),
            Output::File(range) => {
                let mut record = vec![0; RECORD_BYTES.min(range.len as usize)];
                // A file that cannot be read to its end breaks the declared length: the farewell comes early.
                let n = range.file.read_at(&mut record, range.offset).unwrap_or(0);
                encrypt(secured, &record[..n])
            }
        };
        if n == 0 {
            conn.cut = true;
            return;
        }
        Out { cork, queue }.advance(n);
    }
    if proto.has_said_all() && secured.unsent().is_empty() && !secured.said_goodbye {
        secured.said_goodbye = true;
        secured.session.close(&mut secured.cipher);
    }
}

fn encrypt(secured: &mut crate::conn::Secured, plain: &[u8]) -> usize {
    let plain = &plain[..plain.len().min(RECORD_BYTES)];
    secured.session.encrypt(plain, &mut secured.cipher);
    plain.len()
}
