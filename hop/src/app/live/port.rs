//! What a WebSocket or an event stream can be made to do: the engine's side of [`WebSocket`](crate::WebSocket) and
//! [`EventStream`](crate::EventStream).

use std::sync::Arc;

use super::link::Link;
use super::message::Message;
use super::setup::Setup;
use super::topic::Publication;
use crate::app::peer::Peer;
use crate::app::sent::Sent;
use crate::wire::event::Event;

/// One open connection, or the record of what it will do once it is open.
pub(crate) trait Port {
    /// Sends a message.
    fn message(&mut self, message: Message<'_>) -> Sent;
    /// Sends an event.
    fn event(&mut self, event: &Event) -> Sent;
    /// Sends a ping with at most 125 bytes.
    fn ping(&mut self, payload: &[u8]);
    /// Closes; an event stream has no use for code and reason.
    fn close(&mut self, code: u16, reason: &str);
    /// Joins a topic; with `after`, what the topic retains behind that event comes first.
    fn subscribe(&mut self, topic: &str, after: Option<&str>);
    /// Leaves a topic.
    fn unsubscribe(&mut self, topic: &str);
    /// Gives a publication to the subscribers of its topic.
    fn publish(&mut self, publication: Publication, to_self: bool);
    /// Stops or resumes the reading of messages.
    fn pause(&mut self, paused: bool);
    /// Bytes that wait for the client.
    fn queued_bytes(&self) -> usize;
    /// What handles of it hold.
    fn link(&mut self) -> Arc<Link>;
    /// The client.
    fn peer(&self) -> Peer;
    /// What can be decided only while it opens.
    fn setup(&mut self) -> Option<&mut Setup>;
}
