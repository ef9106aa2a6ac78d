//! What is decided while a connection opens, and what an accepted request becomes.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::link::{Link, Unopened};
use super::message::OwnedMessage;
use super::topic::Publication;
use super::upgrade::Upgrade;
use crate::app::peer::Peer;
use crate::wire::event::Event;

/// The state of a connection, without its type.
pub(crate) type AnyConn = Box<dyn Any + Send>;

/// What an accepted request becomes.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A WebSocket, with what its handshake has agreed on.
    Socket(Upgrade),
    /// An event stream.
    Stream,
}

/// What is decided, sent and joined while a connection opens: it happens after the head of the answer, or never.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) kind: Kind,
    pub(crate) offered: Vec<String>,
    pub(crate) last_event_id: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) actions: Vec<Action>,
    pub(crate) link: Unopened,
    pub(crate) peer: Peer,
}

/// What a connection does as soon as it is open, in order.
#[derive(Debug)]
pub(crate) enum Action {
    Message(OwnedMessage),
    Event(Event),
    Ping(Vec<u8>),
    Close { code: u16, reason: String },
    Subscribe { topic: String, after: Option<String> },
    Unsubscribe(String),
    Publish { publication: Publication, to_self: bool },
    Pause(bool),
}

/// An accepted connection on its way to the engine: the body of an answer that is no HTTP any more.
pub(crate) struct Accepted {
    pub(crate) setup: Setup,
    pub(crate) conn: AnyConn,
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Accepted").field(&self.setup).finish()
    }
}

impl Setup {
    pub(crate) fn new(kind: Kind, link: Arc<Link>, peer: Peer) -> Setup {
        Setup {
            kind,
            offered: Vec::new(),
            last_event_id: None,
            headers: HeaderMap::new(),
            actions: Vec::new(),
            link: Unopened::new(link),
            peer,
        }
    }

    /// Chooses a subprotocol out of those that are offered.
    pub(crate) fn choose(&mut self, name: &str) -> bool {
        let known = self.offered.iter().any(|offered| offered == name);
        if let Some(value) = HeaderValue::from_str(name).ok().filter(|_| known) {
            self.headers.insert(header::SEC_WEBSOCKET_PROTOCOL, value);
        }
        known
    }

    pub(crate) fn header(&mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> bool {
        let (Ok(name), Ok(value)) = (name.try_into(), value.try_into()) else { return false };
        let of_handshake = name.as_str().starts_with("sec-websocket-")
            || matches!(
                name,
                header::CONNECTION | header::UPGRADE | header::CONTENT_LENGTH | header::TRANSFER_ENCODING
            );
        if !of_handshake {
            self.headers.append(name, value);
        }
        !of_handshake
    }
}
