//! What a callback does with its connection.

use std::sync::Arc;

use bytes::Bytes;

use super::kept::{Ending, Kept};
use crate::app::endpoint::Endpoint;
use crate::app::live::link::Link;
use crate::app::live::message::Message;
use crate::app::live::options::Overflow;
use crate::app::live::port::Port;
use crate::app::live::setup::Setup;
use crate::app::live::topic::{Publication, WINDOW_BITS};
use crate::app::peer::Peer;
use crate::app::request::Arrival;
use crate::app::sent::Sent;
use crate::buf::out::Out;
use crate::conn::{Proto, Timer};
use crate::engine::Focus;
use crate::proto::ws::Ws;
use crate::wire::event::Event;
use crate::wire::{close, encode};

/// An open connection, for as long as one callback runs.
pub(super) struct LivePort<'p, 'e> {
    pub(super) focus: &'p mut Focus<'e>,
    pub(super) endpoint: &'p Arc<Endpoint>,
    pub(super) kept: &'p mut Kept,
    /// Bytes that do not wait for the client: the turn wrote them before the callback, so that the socket was not offered them yet, or they
    /// are sent whatever waits.
    pub(super) unoffered: usize,
}

/// What a connection is sent of a publication.
enum Form<'b> {
    /// A frame or event that others get as well.
    Shared(&'b Bytes),
    /// A frame of its own.
    Own(Message<'b>),
}

impl Form<'_> {
    fn len(&self) -> usize {
        match self {
            Form::Shared(bytes) => bytes.len(),
            Form::Own(message) => message.len(),
        }
    }
}

impl LivePort<'_, '_> {
    /// Whether there is room for so many bytes.
    #[inline]
    fn fits(&self, bytes: usize) -> bool {
        let waiting = self.queued_bytes().saturating_sub(self.unoffered);
        waiting == 0 || waiting + bytes <= self.endpoint.live.queue_bytes
    }

    /// Makes sure that there is room for so many bytes; says otherwise what becomes of them.
    #[inline]
    fn room(&mut self, bytes: usize) -> Result<(), Sent> {
        if self.fits(bytes) { Ok(()) } else { self.overflow(bytes) }
    }

    #[cold]
    fn overflow(&mut self, bytes: usize) -> Result<(), Sent> {
        let max = self.endpoint.live.queue_bytes;
        match self.endpoint.live.overflow {
            Overflow::DropNewest => Err(Sent::Full),
            Overflow::DropOldest => {
                let made = self.focus.out().drop_oldest(bytes, max);
                if made { Ok(()) } else { Err(Sent::Full) }
            }
            Overflow::Close => {
                self.focus.say_close(close::TRY_LATER, "");
                self.kept.ending = Some(Ending::Overflow);
                Err(Sent::Full)
            }
        }
    }

    /// Whether what is sent now is written behind what was: nothing waits yet. With the policy to drop the oldest each message stays a piece
    /// of its own, as soon as there are two that the socket was not offered.
    #[inline]
    fn writes_on(&self) -> bool {
        let is_next = || self.focus.common.cork.len() > self.unoffered;
        self.focus.conn.queue.is_none() && !(self.endpoint.live.overflow == Overflow::DropOldest && is_next())
    }

    /// Writes something for which there is room.
    #[inline]
    fn put(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Sent {
        if self.writes_on() {
            self.focus.out().write(write);
            return Sent::Now;
        }
        self.put_behind(write)
    }

    #[cold]
    fn put_behind(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Sent {
        let mut out = self.focus.out();
        if self.endpoint.live.overflow == Overflow::DropOldest {
            let mut piece = Vec::new();
            write(&mut piece);
            out.droppable(piece);
        } else {
            out.write(write);
        }
        Sent::Queued(out.memory_bytes())
    }

    /// Writes bytes that many connections share, and for which there is room.
    fn put_shared(&mut self, bytes: &Bytes) {
        if matches!(self.focus.conn.proto, Proto::Events(..)) {
            self.kept.active_at = self.focus.outside.now.ticks;
        }
        self.focus.common.counts.sent += 1;
        if self.endpoint.live.overflow == Overflow::DropOldest {
            self.put(|out| out.extend_from_slice(bytes));
        } else {
            self.focus.out().shared(bytes.clone());
        }
    }

    /// Sends what was published to a topic. `false`: not yet, for the socket is to be offered first what was written before. So it is
    /// where all of that is `fresh`: written since the socket took all that there was.
    pub(super) fn deliver(&mut self, publication: &Publication, fresh: bool) -> bool {
        let Some(form) = self.form(publication) else { return true };
        if fresh && !self.fits(form.len()) {
            return false;
        }
        match form {
            Form::Own(message) => _ = self.message(message),
            Form::Shared(bytes) if self.room(bytes.len()).is_ok() => self.put_shared(bytes),
            Form::Shared(_) => {}
        }
        true
    }

    /// Sends what was retained, whatever waits: it is as much as the topic retains, and no socket was offered it.
    fn replay(&mut self, publication: &Publication) {
        let before = self.queued_bytes();
        match self.form(publication) {
            Some(Form::Own(message)) => _ = self.put_message(message),
            Some(Form::Shared(bytes)) => self.put_shared(bytes),
            None => {}
        }
        self.unoffered += self.queued_bytes() - before;
    }

    /// What the client gets of a publication. `None`: nothing, or nothing more.
    fn form<'b>(&mut self, publication: &'b Publication) -> Option<Form<'b>> {
        let form = match &self.focus.conn.proto {
            Proto::Ws(ws, _) if ws.close_sent() => return None,
            // With a window of its own, it gets a frame of its own.
            Proto::Ws(ws, _) if ws.deflates() && ws.shared_window_bits() != Some(WINDOW_BITS) => {
                Form::Own(publication.message())
            }
            Proto::Ws(ws, _) if ws.deflates() => {
                Form::Shared(publication.deflated_frame(&mut self.focus.common.packer))
            }
            Proto::Ws(..) => Form::Shared(publication.frame()),
            Proto::Events(events, _) if events.over => return None,
            Proto::Events(events, _) => {
                Form::Shared(if events.chunked { publication.chunk() } else { publication.text() })
            }
            Proto::H1(_) | Proto::Raw(_) => return None,
        };
        // An event stream gets nothing of bytes that are no text.
        (form.len() > 0 || matches!(form, Form::Own(_))).then_some(form)
    }

    /// Writes a message for which there is room.
    #[inline]
    fn put_message(&mut self, message: Message<'_>) -> Sent {
        self.focus.common.counts.sent += 1;
        let Message { kind, data } = message;
        let writes_on = self.writes_on();
        let Focus { conn, common, .. } = &mut *self.focus;
        let Proto::Ws(ws, _) = &mut conn.proto else { return Sent::Closed };
        if writes_on {
            ws.message(&mut common.cork, kind, data, &mut common.packer);
            return Sent::Now;
        }
        let mut frame = Vec::new();
        ws.message(&mut frame, kind, data, &mut common.packer);
        self.put_behind(|out| out.extend_from_slice(&frame))
    }

    /// The machine of a WebSocket, and what it writes with.
    fn socket(&mut self) -> Option<(&mut Ws, Out<'_>)> {
        let Focus { conn, common, .. } = &mut *self.focus;
        let Proto::Ws(ws, _) = &mut conn.proto else { return None };
        Some((ws, Out { cork: &mut common.cork, queue: &mut conn.queue }))
    }
}

impl Port for LivePort<'_, '_> {
    #[inline]
    fn message(&mut self, message: Message<'_>) -> Sent {
        if !matches!(&self.focus.conn.proto, Proto::Ws(ws, _) if !ws.close_sent()) {
            return Sent::Closed;
        }
        if let Err(sent) = self.room(message.len()) {
            return sent;
        }
        self.put_message(message)
    }

    fn event(&mut self, event: &Event) -> Sent {
        let Proto::Events(events, _) = &self.focus.conn.proto else { return Sent::Closed };
        if events.over {
            return Sent::Closed;
        }
        let chunked = events.chunked;
        let mut text = Vec::new();
        event.encode(&mut text);
        if let Err(sent) = self.room(text.len()) {
            return sent;
        }
        self.kept.active_at = self.focus.outside.now.ticks;
        self.focus.common.counts.sent += 1;
        self.put(|out| if chunked { encode::chunk(out, &text) } else { out.extend_from_slice(&text) })
    }

    fn ping(&mut self, payload: &[u8]) {
        if let Some((ws, mut out)) = self.socket() {
            out.write(|out| ws.ping(out, payload));
        }
    }

    fn close(&mut self, code: u16, reason: &str) {
        if self.kept.ending.is_some() {
            return;
        }
        let code = if close::may_be_sent(code) { code } else { close::INTERNAL };
        self.focus.say_close(code, reason);
        self.kept.ending = Some(Ending::Closed { code });
    }

    fn subscribe(&mut self, topic: &str, after: Option<&str>) {
        let known = self.focus.common.topics.number(topic);
        if known.is_some_and(|number| self.kept.topics.iter().any(|membership| membership.topic == number)) {
            return;
        }
        let membership = self.focus.join(topic);
        if self.kept.topics.is_empty() {
            // Most have joined one topic only, and each of them pays for the room that others would need.
            self.kept.topics.reserve_exact(1);
        }
        // Most join one topic: that costs its 8 bytes and no more.
        self.kept.topics.reserve_exact(1);
        self.kept.topics.push(membership);
        let Some(after) = after else { return };
        let (retained, last) = self.focus.app.hub.retained(topic, after);
        self.focus.common.topics.note(membership, last);
        for publication in retained {
            self.replay(&publication);
        }
    }

    fn unsubscribe(&mut self, topic: &str) {
        let Some(number) = self.focus.common.topics.number(topic) else { return };
        if let Some(at) = self.kept.topics.iter().position(|membership| membership.topic == number) {
            self.focus.leave(self.kept.topics.swap_remove(at));
        }
    }

    fn publish(&mut self, mut publication: Publication, to_self: bool) {
        if !to_self {
            publication.except = Some(self.focus.id);
        }
        self.focus.app.hub.publish(publication);
    }

    fn pause(&mut self, paused: bool) {
        if self.kept.paused && !paused {
            self.kept.active_at = self.focus.outside.now.ticks;
            // Silence counts again, from now on.
            self.focus.conn.timer = Timer::Off;
            self.focus.list();
        }
        self.kept.paused = paused;
    }

    #[inline]
    fn queued_bytes(&self) -> usize {
        self.focus.unsent_bytes()
    }

    fn link(&mut self) -> Arc<Link> {
        let Focus { id, conn, common, .. } = &*self.focus;
        let max = self.endpoint.live.queue_bytes;
        let new = || Link::new(*id, conn.request, common.mailbox.clone(), max);
        let made = self.kept.link.get_or_insert_with(new);
        Arc::clone(made)
    }

    fn peer(&self) -> Peer {
        self.focus.arrival().peer()
    }

    fn setup(&mut self) -> Option<&mut Setup> {
        None
    }
}
