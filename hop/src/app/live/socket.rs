//! A WebSocket, as callbacks see it.

use std::fmt;

use http::{HeaderName, HeaderValue};

use super::handle::WebSocketHandle;
use super::message::IntoMessage;
use super::port::Port;
use super::topic::{IntoPublication, Publication};
use crate::app::peer::Peer;
use crate::app::sent::Sent;
use crate::wire::close;

/// A WebSocket (RFC 6455), lent to a callback. All that one turn sends leaves in one system call.
///
/// * **Sending**: [`send`](WebSocket::send), [`ping`](WebSocket::ping), [`close`](WebSocket::close).
/// * **Topics**: [`subscribe`](WebSocket::subscribe), [`unsubscribe`](WebSocket::unsubscribe), [`publish`](WebSocket::publish),
///   [`publish_to_all`](WebSocket::publish_to_all).
/// * **Flow**: [`queued_bytes`](WebSocket::queued_bytes), [`pause`](WebSocket::pause), [`resume`](WebSocket::resume).
/// * **Later**: [`handle`](WebSocket::handle), to act from any thread.
/// * **While it opens**: [`protocols`](WebSocket::protocols), [`protocol`](WebSocket::protocol), [`header`](WebSocket::header).
///
/// In `on_ws_open` everything else takes effect after the handshake, and never if that is refused.
///
/// ```
/// use hop::prelude::*;
///
/// #[route("/ws")]
/// fn echo(ws: &mut WebSocket<'_>, message: Message<'_>) {
///     ws.send(message);
/// }
/// # let app = routes![echo];
/// ```
pub struct WebSocket<'s> {
    port: &'s mut (dyn Port + 's),
}

impl<'s> WebSocket<'s> {
    pub(crate) fn new(port: &'s mut (dyn Port + 's)) -> Self {
        WebSocket { port }
    }

    /// Sends a message. What becomes of it can be ignored: see [`Sent`] and the route's `queue` and `overflow`.
    #[inline]
    pub fn send(&mut self, message: impl IntoMessage) -> Sent {
        message.lend(|message| self.port.message(message)).unwrap_or(Sent::Unwritable)
    }

    /// Sends a ping; `on_ws_pong` is told when it is answered. hop sends pings by itself, too. What is over 125 bytes is cut off.
    pub fn ping(&mut self, payload: &[u8]) {
        self.port.ping(payload);
    }

    /// Closes with 1000.
    pub fn close(&mut self) {
        self.close_with(close::NORMAL, "");
    }

    /// Closes with a code and a reason, of which 123 bytes are sent. A code that must not be sent (RFC 6455 §7.4) is replaced by 1011.
    /// No message comes any more; what was sent before leaves first.
    pub fn close_with(&mut self, code: u16, reason: &str) {
        self.port.close(code, reason);
    }

    /// Joins a topic: what is published to it is sent here.
    pub fn subscribe(&mut self, topic: impl AsRef<str>) {
        self.port.subscribe(topic.as_ref(), None);
    }

    /// Leaves a topic.
    pub fn unsubscribe(&mut self, topic: impl AsRef<str>) {
        self.port.unsubscribe(topic.as_ref());
    }

    /// Sends to all other subscribers of a topic, on all workers. Never blocks and calls no other callback meanwhile.
    pub fn publish(&mut self, topic: impl AsRef<str>, message: impl IntoPublication) {
        self.port.publish(Publication::new(topic.as_ref(), message), false);
    }

    /// Sends to all subscribers of a topic, this one too if it is one.
    pub fn publish_to_all(&mut self, topic: impl AsRef<str>, message: impl IntoPublication) {
        self.port.publish(Publication::new(topic.as_ref(), message), true);
    }

    /// Reads no further messages until [`resume`](WebSocket::resume), so that TCP slows the client down. While it is paused its pings are
    /// not answered, and its silence is not held against it.
    pub fn pause(&mut self) {
        self.port.pause(true);
    }

    /// Reads again.
    pub fn resume(&mut self) {
        self.port.pause(false);
    }

    /// Bytes that wait for the client to take them.
    pub fn queued_bytes(&self) -> usize {
        self.port.queued_bytes()
    }

    /// A handle to act on it later, from any thread.
    pub fn handle(&mut self) -> WebSocketHandle {
        WebSocketHandle(self.port.link())
    }

    /// The client's address.
    pub fn peer(&self) -> Peer {
        self.port.peer()
    }

    /// While it opens: the subprotocols that the client offers, the one that it likes best first. Afterwards: none.
    pub fn protocols(&mut self) -> Vec<String> {
        self.port.setup().map(|setup| setup.offered.clone()).unwrap_or_default()
    }

    /// While it opens: chooses a subprotocol. `false`, and nothing is chosen: the client does not offer it, or it is open already.
    pub fn protocol(&mut self, name: &str) -> bool {
        self.port.setup().is_some_and(|setup| setup.choose(name))
    }

    /// While it opens: adds a field to the head of the handshake's answer. `false`, and nothing is added: HTTP does not allow the name or the
    /// value, the field belongs to the handshake, or it is open already.
    pub fn header(&mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> bool {
        self.port.setup().is_some_and(|setup| setup.header(name, value))
    }
}

impl fmt::Debug for WebSocket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("queued_bytes", &self.queued_bytes()).finish_non_exhaustive()
    }
}
