//! WebSocket on one connection, the server's side, as a value (RFC 6455, RFC 7692).
//!
//! Reading: [`Ws::step`] yields one [`Event`] after the other. Writing: [`Ws::message`], [`Ws::ping`], [`Ws::pong`] and
//! [`Ws::close`] append frames. The machine answers nothing by itself: its caller answers pings and closes.
//!
//! The order of closing (RFC 6455 §7): the first close that is sent is the only one, and nothing is sent after it. What the peer
//! sends after it is read and dropped up to the peer's close; after that, and after an error, all is dropped.

mod pack;
mod read;
mod write;

pub use pack::{Packer, Unpacker, encode};

use crate::wire::close::{self, CloseError};
use crate::wire::frame::{FrameError, OpCode};
use crate::wire::utf8::Tail;

/// What a message consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Bytes.
    Binary,
}

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'b> {
    /// Nothing: more input is needed.
    None,
    /// Bytes were used, and there is nothing to tell.
    Progress,
    /// A whole message.
    Message {
        /// Text or binary.
        kind: Kind,
        /// The message: of kind text, it is valid UTF-8.
        data: &'b [u8],
    },
    /// To be answered by [`Ws::pong`] with the same bytes, at most 125.
    Ping(&'b [u8]),
    /// An answer to a ping, or unasked.
    Pong(&'b [u8]),
    /// The peer's close, to be answered by [`Ws::close`] with the same code. It is the last event.
    Close {
        /// Why, if the peer said so.
        code: Option<u16>,
        /// Words for people, mostly empty.
        reason: &'b str,
    },
}

/// What the peer did wrong. It is answered by [`Ws::fail`], and nothing is read any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WsError {
    /// The bytes are no frame.
    Frame(FrameError),
    /// A frame of a client is not masked.
    Unmasked,
    /// A message is said to be compressed, which was not agreed on.
    Compressed,
    /// A continuation of no message.
    Continuation,
    /// A new message before the last one was whole.
    Interrupted,
    /// The payload of a close frame is none.
    Close(CloseError),
    /// A text is not UTF-8.
    Text,
    /// A message cannot be inflated.
    Inflate,
    /// A message is larger than allowed.
    TooLarge,
    /// A binary message where text is wanted: for the caller to raise.
    Binary,
}

impl WsError {
    /// The close code that answers it (RFC 6455 §7.4.1).
    pub fn close_code(self) -> u16 {
        match self {
            WsError::Text | WsError::Inflate | WsError::Close(CloseError::Reason) => close::INVALID,
            WsError::TooLarge => close::TOO_LARGE,
            WsError::Binary => close::UNSUPPORTED,
            _ => close::PROTOCOL,
        }
    }

    /// What was wrong, for the peer's developer, with the clause that says so.
    pub fn what(self) -> &'static str {
        match self {
            WsError::Frame(error) => error.what(),
            WsError::Unmasked => "a client's frame is not masked (RFC 6455 §5.1)",
            WsError::Compressed => "compression was not agreed on (RFC 6455 §5.2)",
            WsError::Continuation => "there is no message to continue (RFC 6455 §5.4)",
            WsError::Interrupted => "a message begins inside another one (RFC 6455 §5.4)",
            WsError::Close(CloseError::OneByte) => "a close frame has one byte (RFC 6455 §5.5.1)",
            WsError::Close(CloseError::Code) => "the close code may not be sent (RFC 6455 §7.4)",
            WsError::Close(CloseError::Reason) => "the close reason is not UTF-8 (RFC 6455 §5.5.1)",
            WsError::Text => "a text message is not UTF-8 (RFC 6455 §8.1)",
            WsError::Inflate => "a message cannot be inflated (RFC 7692 §7.2.2)",
            WsError::TooLarge => "the message is larger than allowed (RFC 6455 §7.4.1)",
            WsError::Binary => "only text is taken here (RFC 6455 §7.4.1)",
        }
    }
}

impl From<FrameError> for WsError {
    fn from(error: FrameError) -> Self {
        WsError::Frame(error)
    }
}

/// How input is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Open,
    /// A close was sent: only the peer's close is of interest.
    Dropping,
    /// The peer's close came, or an error: nothing is of interest.
    Over,
}

/// A message that has begun and is not whole; after the own close, a frame that has begun and is dropped.
#[derive(Debug)]
struct Gathering {
    /// Unmasked, and valid UTF-8 up to `tail` if it is text. Its memory follows what came, not what was announced.
    data: Vec<u8>,
    /// Bytes still to come of the frame that has begun.
    frame_left: u64,
    /// As it applies to the next byte.
    key: [u8; 4],
    /// The frame is the last one.
    fin: bool,
    kind: Kind,
    compressed: bool,
    tail: Tail,
}

/// Windows that are kept for one connection.
#[cfg(feature = "deflate")]
#[derive(Debug, Default)]
struct Contexts {
    inflater: Option<crate::wire::deflate::Inflater>,
    deflater: Option<crate::wire::deflate::Deflater>,
}

/// The state of a WebSocket.
#[derive(Debug)]
pub struct Ws {
    gathering: Option<Box<Gathering>>,
    #[cfg(feature = "deflate")]
    contexts: Option<Box<Contexts>>,
    /// Messages from this length on are compressed.
    deflate_bytes_min: u16,
    /// The own window, as an exponent of 2; 0: nothing is compressed.
    deflate_bits: u8,
    /// Compressed messages are taken.
    inflates: bool,
    reading: Reading,
    close_sent: bool,
    close_received: bool,
}

const _: () = assert!(size_of::<Ws>() <= 24);

impl Default for Ws {
    fn default() -> Ws {
        Ws {
            gathering: None,
            #[cfg(feature = "deflate")]
            contexts: None,
            deflate_bytes_min: 0,
            deflate_bits: 0,
            inflates: false,
            reading: Reading::Open,
            close_sent: false,
            close_received: false,
        }
    }
}

/// State.
impl Ws {
    /// With compression as it was agreed on, for messages of `bytes_min` and more.
    #[cfg(feature = "deflate")]
    pub fn with_deflate(agreed: &crate::wire::deflate::Agreed, bytes_min: u16) -> Ws {
        use crate::wire::deflate::{Deflater, Inflater, LEVEL};
        let inflater = agreed.client_context.then(|| Inflater::new(agreed.client_window_bits, true));
        let keeps = agreed.server_context && agreed.can_deflate();
        let deflater = keeps.then(|| Deflater::new(agreed.server_window_bits, true, LEVEL));
        let dedicated = inflater.is_some() || deflater.is_some();
        Ws {
            contexts: dedicated.then(|| Box::new(Contexts { inflater, deflater })),
            deflate_bytes_min: bytes_min,
            deflate_bits: if agreed.can_deflate() { agreed.server_window_bits } else { 0 },
            inflates: true,
            ..Ws::default()
        }
    }

    /// Nothing is sent any more.
    #[inline]
    pub fn close_sent(&self) -> bool {
        self.close_sent
    }

    /// The peer's close came: nothing is read any more.
    #[inline]
    pub fn close_received(&self) -> bool {
        self.close_received
    }

    /// Both sides have closed, or the peer was told its error: the connection may end. The server ends it (RFC 6455 §7.1.1).
    pub fn is_over(&self) -> bool {
        self.close_sent && self.reading == Reading::Over
    }

    /// The connection is lost or given up: nothing is read or sent any more.
    pub fn end(&mut self) {
        self.stop();
        self.close_sent = true;
    }

    /// Bytes that are held of a message that is not whole.
    pub fn held_bytes(&self) -> usize {
        self.gathering.as_ref().map_or(0, |gathering| gathering.data.len())
    }

    /// A message has begun and is not whole.
    pub fn is_gathering(&self) -> bool {
        self.gathering.is_some() && self.reading == Reading::Open
    }

    /// Whether messages are compressed.
    #[inline]
    pub fn deflates(&self) -> bool {
        self.deflate_bits > 0
    }

    /// The window of 2^n bytes for which a message can be compressed once and shared, if messages are compressed and nothing is kept
    /// between them: see [`Packer::encode`].
    pub fn shared_window_bits(&self) -> Option<u8> {
        #[cfg(feature = "deflate")]
        if self.contexts.as_ref().is_some_and(|contexts| contexts.deflater.is_some()) {
            return None;
        }
        (self.deflate_bits > 0).then_some(self.deflate_bits)
    }
}

impl OpCode {
    fn of(kind: Kind) -> OpCode {
        match kind {
            Kind::Text => OpCode::Text,
            Kind::Binary => OpCode::Binary,
        }
    }
}

#[cfg(test)]
mod tests;
