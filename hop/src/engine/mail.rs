//! Work that waits: mail from other threads, due timers, connections to look at.

use super::{Engine, Outside};
use crate::app::mail::Mail;
use crate::buf::slab::ConnId;
use crate::conn::Proto;
use crate::proto::cycle::State;

impl Engine {
    /// Does one piece of waiting work and names the connection that it touched, to be flushed. `None`: no work waits.
    pub fn run(&mut self, outside: &Outside<'_>) -> Option<ConnId> {
        debug_assert!(self.cork.is_empty(), "a connection is flushed before the next one is touched");
        self.date.refresh(outside.now.unix_seconds);
        loop {
            if let Some(id) = self.listed.pop_front() {
                self.look(id, outside);
                return Some(id);
            }
            if let Some(mail) = self.next_mail() {
                match self.act(mail, outside) {
                    Some(id) => return Some(id),
                    None => continue,
                }
            }
            let slot = self.wheel.pop(outside.now.ticks)?;
            if let Some(id) = self.conns.id_at(slot) {
                self.expired(id);
                self.rearm(id, outside.now.ticks);
                return Some(id);
            }
        }
    }

    fn next_mail(&mut self) -> Option<Mail> {
        if self.mail.is_empty() {
            self.mailbox.take(&mut self.mail);
            self.mail.reverse();
        }
        self.mail.pop()
    }

    /// Does what a message asks for; names the connection that it concerned, if that is still there.
    fn act(&mut self, mail: Mail, outside: &Outside<'_>) -> Option<ConnId> {
        match mail {
            Mail::Answer { conn, request, response } => self.answered(conn, request, *response, outside),
            Mail::Wake(key) => self.woken(key, outside),
            Mail::Look(id) => {
                self.conns.get(id)?;
                self.look(id, outside);
                Some(id)
            }
            Mail::Stop => {
                self.stop(outside);
                None
            }
            Mail::Cut => {
                self.cut_all();
                None
            }
        }
    }

    /// A connection may be able to go on: its output has left, its consumer has caught up, or it is told to stop.
    fn look(&mut self, id: ConnId, outside: &Outside<'_>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        conn.listed = false;
        let wanted = conn.flight.as_ref().and_then(|flight| flight.feed.as_ref()).is_some_and(|feed| feed.is_wanted());
        if wanted {
            self.say_continue(id);
        }
        self.turn(id, 0, outside);
        let Some(conn) = self.conns.get_mut(id) else { return };
        let Proto::H1(h1) = &mut conn.proto;
        if self.stopping && h1.state() == State::Idle && conn.carry.is_none() {
            h1.stop();
            // Nothing is unread and nothing unsent: there is no answer that a farewell would protect.
            conn.cut = !conn.has_output();
        }
    }

    /// Stops gracefully: idle connections close, answers in flight say that they are the last, no connection is accepted.
    pub fn stop(&mut self, _: &Outside<'_>) {
        self.stopping = true;
        self.list_all();
    }

    /// Cuts what is left.
    pub fn cut_all(&mut self) {
        self.stopping = true;
        let ids: Vec<ConnId> = self.conns.ids().collect();
        ids.iter().for_each(|&id| self.cut(id));
        self.list_all();
    }

    fn list_all(&mut self) {
        let ids: Vec<ConnId> = self.conns.ids().collect();
        ids.iter().for_each(|&id| self.list(id));
    }
}
