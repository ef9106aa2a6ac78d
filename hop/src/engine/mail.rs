//! Work that waits: mail from other threads, due timers, connections to look at.

use std::sync::Arc;

use super::flight::bury;
use super::{Engine, Focus, Outside};
use crate::app::live::closing::CloseReason;
use crate::app::mail::{LiveOrder, Mail};
use crate::buf::slab::ConnId;

impl Engine {
    /// Does one piece of waiting work and names the connection that it touched, to be flushed. `None`: no work waits.
    #[inline]
    pub fn run(&mut self, outside: &Outside<'_>) -> Option<ConnId> {
        self.common.counts.tell(&self.app.live_counts);
        let common = &self.common;
        let waits = !(common.listed.is_empty() && self.mail.is_empty())
            || common.mailbox.is_filled()
            || common.topics.is_busy();
        // Nearly always nothing waits, and the wheel has been looked at in this tick.
        if waits || common.wheel.may_have_due(outside.now.ticks) { self.run_waiting(outside) } else { None }
    }

    fn run_waiting(&mut self, outside: &Outside<'_>) -> Option<ConnId> {
        debug_assert!(self.common.cork.is_empty(), "a connection is flushed before the next one is touched");
        self.common.date.refresh(outside.now.unix_seconds);
        loop {
            if let Some(id) = self.common.listed.pop_front() {
                if let Some((mut focus, _)) = self.focus(id, outside) {
                    focus.conn.listed = false;
                    focus.look();
                    return Some(id);
                }
                continue;
            }
            if let Some(mail) = self.mail.pop() {
                match self.act(mail, outside) {
                    Some(id) => return Some(id),
                    None => continue,
                }
            }
            if let Some(id) = self.serve_subscriber(outside) {
                return Some(id);
            }
            if let Some(slot) = self.common.wheel.pop(outside.now.ticks) {
                if let Some(id) = self.conns.id_at(slot)
                    && let Some((mut focus, _)) = self.focus(id, outside)
                {
                    focus.expired();
                    return Some(id);
                }
                continue;
            }
            // Only now: deadlines have their turn even while a future wakes itself again and again.
            if !self.take_mail() {
                return None;
            }
        }
    }

    /// Takes what has been posted since the last time. `false`: nothing.
    fn take_mail(&mut self) -> bool {
        self.common.mailbox.take(&mut self.mail);
        self.mail.reverse();
        !self.mail.is_empty()
    }

    /// Does what a message asks for; names the connection that it concerned, if that is still there.
    fn act(&mut self, mail: Mail, outside: &Outside<'_>) -> Option<ConnId> {
        match mail {
            Mail::Answer { conn: id, request, response } => match self.focus(id, outside) {
                Some((mut focus, _)) if focus.awaits(request) => {
                    focus.deliver(*response);
                    Some(id)
                }
                _ => {
                    bury(response);
                    None
                }
            },
            Mail::Wake(key) => {
                let id = self.common.exec.owner(key)?;
                self.focus(id, outside)?.0.woken(key);
                // Named even when the future is not ready, so that the driver's bound holds for one that wakes itself.
                Some(id)
            }
            Mail::Look(id) => {
                self.focus(id, outside)?.0.look();
                Some(id)
            }
            Mail::Order(LiveOrder { link, order }) => self.order(&link, *order, outside),
            Mail::Publication(publication) => {
                let topic = Arc::clone(publication.topic());
                self.common.topics.publish(&topic, publication);
                None
            }
            Mail::Stop => {
                self.stop();
                None
            }
            Mail::Cut => {
                self.cut_all();
                None
            }
        }
    }

    /// Stops gracefully: idle connections close, answers in flight say that they are the last, no connection is accepted.
    pub fn stop(&mut self) {
        self.common.stopping = true;
        self.app.guests.stop();
        self.list_all();
    }

    /// Cuts what is left.
    pub fn cut_all(&mut self) {
        self.stop();
        let ids: Vec<ConnId> = self.conns.ids().collect();
        for id in ids {
            self.alone(id, |mut focus| focus.cut(CloseReason::Shutdown));
        }
    }

    fn list_all(&mut self) {
        self.common.listed = self.conns.ids().collect();
        for &id in &self.common.listed {
            if let Some(conn) = self.conns.get_mut(id) {
                conn.listed = true;
            }
        }
    }
}

impl Focus<'_> {
    /// The connection may be able to go on: its output has left, its consumer has caught up, or it is told to stop.
    fn look(&mut self) {
        if let Some(flight) = &mut self.conn.flight {
            flight.asleep = false;
            if flight.feed.as_ref().is_some_and(|feed| feed.is_wanted()) {
                self.say_continue();
            }
        }
        self.tell_drained();
        self.wake_raw();
        self.turn(&mut []);
    }
}
