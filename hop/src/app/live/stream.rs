//! An event stream, as callbacks see it.

use std::fmt;

use http::{HeaderName, HeaderValue};

use super::handle::EventStreamHandle;
use super::port::Port;
use super::topic::{IntoPublication, Publication};
use crate::app::peer::Peer;
use crate::app::sent::Sent;
use crate::wire::close;
use crate::wire::event::Event;

/// A stream of Server-Sent Events (the `EventSource` of browsers), lent to a callback.
///
/// * **Sending**: [`send`](EventStream::send), [`close`](EventStream::close).
/// * **Topics**: [`subscribe`](EventStream::subscribe), [`unsubscribe`](EventStream::unsubscribe), [`publish`](EventStream::publish);
///   [`last_event_id`](EventStream::last_event_id) and [`resume_from`](EventStream::resume_from) for clients that come back.
/// * **Flow**: [`queued_bytes`](EventStream::queued_bytes).
/// * **Later**: [`handle`](EventStream::handle), to act from any thread.
/// * **While it opens**: [`header`](EventStream::header).
///
/// In `on_sse_open` everything takes effect after the head of the answer, and never if the stream is refused.
pub struct EventStream<'s> {
    port: &'s mut (dyn Port + 's),
}

impl<'s> EventStream<'s> {
    pub(crate) fn new(port: &'s mut (dyn Port + 's)) -> Self {
        EventStream { port }
    }

    /// Sends an event.
    pub fn send(&mut self, event: impl Into<Event>) -> Sent {
        self.port.event(&event.into())
    }

    /// Ends the stream. A browser connects again after its retry time; answer 204 then to make it stay away.
    pub fn close(&mut self) {
        self.port.close(close::NORMAL, "");
    }

    /// Joins a topic: what is published to it is sent here.
    pub fn subscribe(&mut self, topic: impl AsRef<str>) {
        self.port.subscribe(topic.as_ref(), None);
    }

    /// Joins a topic, and first sends what the topic retains behind the event that the client has seen last
    /// (its `Last-Event-ID`); all that it retains, when that event is not known any more or was of another topic. A client that comes for the first time gets nothing old.
    /// What is retained is sent whatever the route's `queue` says. Only topics that were declared by [`Routes::retain`](crate::Routes::retain) retain anything.
    pub fn resume_from(&mut self, topic: impl AsRef<str>, last_event_id: Option<&str>) {
        self.port.subscribe(topic.as_ref(), last_event_id);
    }

    /// Leaves a topic.
    pub fn unsubscribe(&mut self, topic: impl AsRef<str>) {
        self.port.unsubscribe(topic.as_ref());
    }

    /// Sends to all other subscribers of a topic, on all workers.
    pub fn publish(&mut self, topic: impl AsRef<str>, message: impl IntoPublication) {
        self.port.publish(Publication::new(topic.as_ref(), message), false);
    }

    /// Bytes that wait for the client to take them.
    pub fn queued_bytes(&self) -> usize {
        self.port.queued_bytes()
    }

    /// A handle to act on it later, from any thread.
    pub fn handle(&mut self) -> EventStreamHandle {
        EventStreamHandle(self.port.link())
    }

    /// The client's address.
    pub fn peer(&self) -> Peer {
        self.port.peer()
    }

    /// While it opens: the id of the event that the client has seen last, if it comes back.
    pub fn last_event_id(&mut self) -> Option<String> {
        self.port.setup().and_then(|setup| setup.last_event_id.clone())
    }

    /// While it opens: adds a field to the head of the answer. `false`, and nothing is added: HTTP does not allow the name or the value, or it
    /// is open already.
    pub fn header(&mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> bool {
        self.port.setup().is_some_and(|setup| setup.header(name, value))
    }
}

impl fmt::Debug for EventStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("queued_bytes", &self.queued_bytes()).finish_non_exhaustive()
    }
}
