//! What the driver says and asks about one connection's socket.

use std::os::unix::fs::FileExt;

use super::{Engine, Outside, Verdict};
use crate::app::body::BodyError;
use crate::buf::out::{self, Out, Output};
use crate::buf::slab::ConnId;
use crate::conn::{Conn, Proto, Timer};
use crate::engine::flight::{Flight, Waits};
use crate::proto::cycle::State;

/// Unread input at which a connection is not read any further until what it waits for has come.
const PAUSE_BYTES: usize = 16 * 1024;
/// Plain bytes that a session encrypts in one go.
const RECORD_BYTES: usize = 16 * 1024;

impl Engine {
    /// `n` bytes were read into [`Engine::input`].
    pub fn received(&mut self, id: ConnId, n: usize, outside: &Outside<'_>) {
        debug_assert!(self.cork.is_empty(), "a connection is flushed before the next one is touched");
        self.date.refresh(outside.now.unix_seconds);
        let Some(conn) = self.conns.get_mut(id) else { return };
        if conn.session.is_some() {
            return self.received_secured(id, n, outside);
        }
        self.turn(id, n, outside);
    }

    fn received_secured(&mut self, id: ConnId, n: usize, outside: &Outside<'_>) {
        let Some(Conn { session: Some(secured), carry, .. }) = self.conns.get_mut(id) else { return };
        let mut plain = Vec::new();
        let decrypted = secured.session.decrypt(&self.input[..n], &mut plain, &mut secured.cipher);
        if !plain.is_empty() {
            carry.get_or_insert_default().append(&plain);
        }
        match decrypted {
            Ok(()) => self.turn(id, 0, outside),
            Err(_) => self.cut(id),
        }
    }

    /// The peer will send no more. What it has asked for is still answered (a legal half-close).
    pub fn ended(&mut self, id: ConnId, outside: &Outside<'_>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        conn.ended = true;
        self.turn(id, 0, outside);
    }

    /// The connection was reset, or the socket failed: nothing can be sent any more.
    pub fn failed(&mut self, id: ConnId, _: &Outside<'_>) {
        self.cut(id);
    }

    /// After a turn: ends what cannot go on, and sets the deadline.
    pub(crate) fn settle(&mut self, id: ConnId, outside: &Outside<'_>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if conn.ended && !has_requests(conn) {
            let Proto::H1(h1) = &mut conn.proto;
            match h1.state() {
                State::Idle | State::Draining => h1.stop(),
                State::Body | State::Early => self.truncated(id),
                State::Owed | State::Answering | State::Closing => {}
            }
        }
        self.rearm(id, outside.now.ticks);
    }

    /// The peer has ended in the middle of a body: nothing can be answered to what was wanted whole; a consumer is told.
    fn truncated(&mut self, id: ConnId) {
        let Some(Conn { flight: Some(flight), carry: None, proto, .. }) = self.conns.get_mut(id) else { return };
        if matches!(flight.waits, Waits::Body | Waits::Nothing) {
            let Proto::H1(h1) = proto;
            h1.stop();
            return self.abandon(id);
        }
        if let Some(feed) = flight.feed.take() {
            self.guarded(id, || feed.end(Err(BodyError::Closed)));
        }
    }

    /// What the socket should be given next.
    pub fn output(&mut self, id: ConnId, _: &Outside<'_>) -> Output<'_> {
        if self.conns.get(id).is_some_and(|conn| conn.flight.is_some()) {
            self.pump(id);
        }
        let Some(conn) = self.conns.get_mut(id) else { return Output::Nothing };
        if conn.cut {
            self.cork.clear();
            return Output::Nothing;
        }
        if conn.session.is_none() {
            return out::front(&self.cork, &conn.queue);
        }
        seal(conn, &mut self.cork);
        match &conn.session {
            Some(secured) if !secured.unsent().is_empty() => Output::Bytes(secured.unsent()),
            _ => Output::Nothing,
        }
    }

    /// `n` bytes of what [`Engine::output`] gave have left.
    pub fn wrote(&mut self, id: ConnId, n: usize, outside: &Outside<'_>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if conn.timer == Timer::Write {
            self.wheel.set(id.slot, self.timeouts.after(Timer::Write, outside.now.ticks));
        }
        match &mut conn.session {
            Some(secured) => secured.advance(n),
            None => Out { cork: &mut self.cork, queue: &mut conn.queue }.advance(n),
        }
    }

    /// What to do with the socket after it was flushed.
    pub fn verdict(&mut self, id: ConnId, outside: &Outside<'_>) -> Verdict {
        let Some(conn) = self.conns.get_mut(id) else { return Verdict::Close };
        if conn.cut {
            self.cork.clear();
            return Verdict::Close;
        }
        Out { cork: &mut self.cork, queue: &mut conn.queue }.uncork();
        if conn.has_output() != (conn.timer == Timer::Write) {
            self.rearm(id, outside.now.ticks);
        }
        let Some(conn) = self.conns.get_mut(id) else { return Verdict::Close };
        let Proto::H1(h1) = &conn.proto;
        let write = conn.has_output();
        if h1.state() == State::Closing && !write {
            return farewell(conn);
        }
        if !write && has_requests(conn) {
            self.list(id);
        }
        let Some(conn) = self.conns.get(id) else { return Verdict::Close };
        Verdict::Watch { read: wants_input(conn), write }
    }

    /// Puts a connection on the list of those to look at.
    pub(crate) fn list(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.get_mut(id)
            && !conn.listed
        {
            conn.listed = true;
            self.listed.push_back(id);
        }
    }
}

/// RFC 9112 §9.6: half-close, let the peer read the answer and close, then close; a close with unread input would reset the answer away.
fn farewell(conn: &mut Conn<Flight>) -> Verdict {
    if conn.ended {
        return Verdict::Close;
    }
    if conn.shut {
        return Verdict::Watch { read: true, write: false };
    }
    conn.shut = true;
    Verdict::ShutdownWrite
}

/// Whether requests were left unread because output had to leave first.
fn has_requests(conn: &Conn<Flight>) -> bool {
    let Proto::H1(h1) = &conn.proto;
    h1.state() == State::Idle && conn.carry.as_ref().is_some_and(|carry| carry.searched == 0)
}

fn wants_input(conn: &Conn<Flight>) -> bool {
    let Proto::H1(h1) = &conn.proto;
    let waits_for_more = matches!(h1.state(), State::Idle | State::Closing) && conn.queue.is_none();
    !conn.ended && (waits_for_more || conn.carry_bytes() < PAUSE_BYTES)
}

/// Encrypts output while none waits in its encrypted form.
fn seal(conn: &mut Conn<Flight>, cork: &mut Vec<u8>) {
    let Conn { session: Some(secured), queue, proto, .. } = conn else { return };
    while secured.unsent().is_empty() {
        let n = match out::front(cork, queue) {
            Output::Nothing => break,
            Output::Bytes(bytes) => encrypt(secured, bytes),
            Output::Slices(slices) => encrypt(secured, slices.first().map_or(&[], |slice| slice)),
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
    let Proto::H1(h1) = proto;
    if h1.state() == State::Closing && secured.unsent().is_empty() && !secured.said_goodbye {
        secured.said_goodbye = true;
        secured.session.close(&mut secured.cipher);
    }
}

fn encrypt(secured: &mut crate::conn::Secured, plain: &[u8]) -> usize {
    let plain = &plain[..plain.len().min(RECORD_BYTES)];
    secured.session.encrypt(plain, &mut secured.cipher);
    plain.len()
}
