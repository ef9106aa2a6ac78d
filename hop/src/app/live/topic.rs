//! Topics: what is published to one is sent to all its subscribers, on all workers, as WebSocket messages or as events.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::message::{IntoMessage, Message, OwnedMessage};
use super::upgrade::DEFLATE_BYTES_MIN;
use crate::buf::slab::ConnId;
use crate::proto::ws::{self, Packer};
use crate::wire::encode;
use crate::wire::event::Event;

/// The window of a client that did not ask for a smaller one, as an exponent of 2.
pub(crate) const WINDOW_BITS: u8 = 15;

/// What is published: a message or an event.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    Message(OwnedMessage),
    Event(Event),
    /// It could not be encoded, which was logged.
    Nothing,
}

/// Something on its way to the subscribers of a topic. Encoded once for each kind of connection, whoever needs it first.
#[derive(Clone)]
pub struct Publication {
    topic: Arc<str>,
    payload: Payload,
    /// The connection that published it and does not get it back.
    pub(crate) except: Option<ConnId>,
    /// Its number among those that its topic retains; 0 where it retains none.
    pub(crate) number: u64,
    /// The mark of what retains it: tells its number from those of other topics, processes and machines.
    pub(crate) mark: u64,
    frame: OnceLock<Bytes>,
    /// Compressed for the window that nearly all clients have.
    deflated: OnceLock<Bytes>,
    text: OnceLock<Bytes>,
    chunk: OnceLock<Bytes>,
}

impl Publication {
    /// A publication to `topic`. One of a message that cannot be encoded reaches nobody.
    pub fn new(topic: &str, message: impl IntoPublication) -> Publication {
        Publication {
            topic: topic.into(),
            payload: message.into_payload().0,
            except: None,
            number: 0,
            mark: 0,
            frame: OnceLock::new(),
            deflated: OnceLock::new(),
            text: OnceLock::new(),
            chunk: OnceLock::new(),
        }
    }

    /// The topic.
    pub fn topic(&self) -> &Arc<str> {
        &self.topic
    }

    /// Whether there is nothing to be sent.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self.payload, Payload::Nothing)
    }

    /// What a WebSocket's client gets: of an event, its data as text.
    pub fn message(&self) -> Message<'_> {
        match &self.payload {
            Payload::Message(message) => message.borrow(),
            Payload::Event(event) => Message::of_text(event.text()),
            Payload::Nothing => Message::of_text(""),
        }
    }

    /// What an event stream's client gets: of a message, its text; of bytes that are no UTF-8, nothing.
    pub fn event(&self) -> Option<Event> {
        match &self.payload {
            Payload::Event(event) => Some(event.clone()),
            Payload::Message(message) => {
                let text = str::from_utf8(message.borrow().as_bytes()).ok()?;
                Some(Event::data(text.to_owned()))
            }
            Payload::Nothing => None,
        }
    }

    /// A whole frame, uncompressed.
    pub(crate) fn frame(&self) -> &Bytes {
        self.frame.get_or_init(|| {
            let mut frame = Vec::new();
            let Message { kind, data } = self.message();
            ws::encode(&mut frame, kind, data);
            frame.into()
        })
    }

    /// A whole frame, compressed where that pays, for clients with a window of 2^15 bytes and no memory of earlier messages.
    pub(crate) fn deflated_frame(&self, packer: &mut Packer) -> &Bytes {
        self.deflated.get_or_init(|| {
            let (Message { kind, data }, mut frame) = (self.message(), Vec::new());
            if data.len() < DEFLATE_BYTES_MIN {
                ws::encode(&mut frame, kind, data);
            } else {
                packer.encode(&mut frame, kind, data, WINDOW_BITS);
            }
            frame.into()
        })
    }

    /// An event as text; empty where there is none to send.
    pub(crate) fn text(&self) -> &Bytes {
        self.text.get_or_init(|| {
            let mut text = Vec::new();
            if let Some(event) = self.numbered_event() {
                event.encode(&mut text);
            }
            text.into()
        })
    }

    /// The same in a chunk of its own.
    pub(crate) fn chunk(&self) -> &Bytes {
        self.chunk.get_or_init(|| {
            let mut chunk = Vec::new();
            encode::chunk(&mut chunk, self.text());
            chunk.into()
        })
    }

    /// The event, with mark and number as its id where the topic retains it and the publisher gave it none.
    fn numbered_event(&self) -> Option<Event> {
        let event = self.event()?;
        let is_to_get_id = self.number > 0 && event.last_id().is_none();
        Some(if is_to_get_id { event.id(format!("{:x}-{}", self.mark, self.number)) } else { event })
    }

    /// Whether a client that saw `id` last has seen this one.
    pub(crate) fn has_id(&self, id: &str) -> bool {
        self.numbered_event().is_some_and(|event| event.last_id() == Some(id))
    }
}

impl fmt::Debug for Publication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Publication to {:?}: {:?}", self.topic, self.payload)
    }
}

/// What can be published: everything that can be sent as a message, and an [`Event`].
pub trait IntoPublication {
    /// For hop itself.
    #[doc(hidden)]
    fn into_payload(self) -> OpaquePayload;
}

/// What is published, for hop itself.
#[doc(hidden)]
#[derive(Debug)]
pub struct OpaquePayload(pub(crate) Payload);

impl<M: IntoMessage> IntoPublication for M {
    fn into_payload(self) -> OpaquePayload {
        OpaquePayload(self.lend(|message| Payload::Message(message.to_owned())).unwrap_or(Payload::Nothing))
    }
}

impl IntoPublication for Event {
    fn into_payload(self) -> OpaquePayload {
        OpaquePayload(Payload::Event(self))
    }
}
