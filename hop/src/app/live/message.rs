//! Messages of a WebSocket: what comes, and what can be sent.

use bytes::Bytes;

use crate::proto::ws::Kind;
use crate::wire::close;

/// A message: text or bytes, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'m> {
    pub(crate) kind: Kind,
    /// Valid UTF-8, where it is text.
    pub(crate) data: &'m [u8],
}

impl<'m> Message<'m> {
    /// Of text.
    pub fn of_text(text: &'m str) -> Self {
        Message { kind: Kind::Text, data: text.as_bytes() }
    }

    /// Of bytes.
    pub fn of_bytes(bytes: &'m [u8]) -> Self {
        Message { kind: Kind::Binary, data: bytes }
    }

    /// The payload of either kind.
    #[inline]
    pub fn as_bytes(self) -> &'m [u8] {
        self.data
    }

    /// Whether it is text.
    pub fn is_text(self) -> bool {
        self.kind == Kind::Text
    }

    /// The text, if it is text.
    pub fn text(self) -> Option<&'m str> {
        if self.is_text() { str::from_utf8(self.data).ok() } else { None }
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        self.data.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(self) -> bool {
        self.data.is_empty()
    }

    /// A copy that can be kept and sent to other threads.
    pub fn to_owned(self) -> OwnedMessage {
        OwnedMessage { kind: self.kind, data: Bytes::copy_from_slice(self.data) }
    }
}

/// A message that owns its payload. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedMessage {
    kind: Kind,
    data: Bytes,
}

impl OwnedMessage {
    /// The message, borrowed.
    pub fn borrow(&self) -> Message<'_> {
        Message { kind: self.kind, data: &self.data }
    }
}

/// What can be sent as a message: `&str`, `String` and [`Json`](crate::Json) as text, `&[u8]`, `Vec<u8>` and [`Bytes`] as bytes, and messages.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a message",
    note = "send `&str`, `String`, `&[u8]`, `Vec<u8>`, `Bytes`, `Json` or a `Message`"
)]
pub trait IntoMessage {
    /// Lends the message to `use_it`, once. `None`: it cannot be made, which is logged.
    fn lend<T>(self, use_it: impl FnOnce(Message<'_>) -> T) -> Option<T>;
}

macro_rules! lends {
    ($($ty:ty, $self:ident => $message:expr;)*) => {$(
        impl IntoMessage for $ty {
            #[inline]
            fn lend<T>($self, use_it: impl FnOnce(Message<'_>) -> T) -> Option<T> {
                Some(use_it($message))
            }
        }
    )*};
}

lends! {
    Message<'_>, self => self;
    &OwnedMessage, self => self.borrow();
    OwnedMessage, self => self.borrow();
    &str, self => Message::of_text(self);
    String, self => Message::of_text(&self);
    &String, self => Message::of_text(self);
    &[u8], self => Message::of_bytes(self);
    Vec<u8>, self => Message::of_bytes(&self);
    &Vec<u8>, self => Message::of_bytes(self);
    Bytes, self => Message::of_bytes(&self);
    &Bytes, self => Message::of_bytes(self);
}

impl<const N: usize> IntoMessage for &[u8; N] {
    #[inline]
    fn lend<T>(self, use_it: impl FnOnce(Message<'_>) -> T) -> Option<T> {
        Some(use_it(Message::of_bytes(self)))
    }
}

/// Why a message is not what its callback takes: the connection is closed with its code, after `on_ws_error` was told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageError {
    /// The close code: 1003 for the wrong kind, 1007 for a payload that does not fit.
    pub code: u16,
    /// What is wrong with it.
    pub what: String,
}

impl std::fmt::Display for MessageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.what, self.code)
    }
}

impl std::error::Error for MessageError {}

/// What the message argument of `on_ws_message` may be: [`Message`], `&str` (text only), `&[u8]` (either kind), [`Json`](crate::Json)
/// (either kind), or a type of your own.
///
/// ```
/// use hop::{FromMessage, Message, MessageError};
///
/// struct Upper(String);
///
/// impl FromMessage<'_> for Upper {
///     fn from_message(message: Message<'_>) -> Result<Self, MessageError> {
///         <&str>::from_message(message).map(|text| Upper(text.to_uppercase()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made of a message",
    note = "take the message as `Message<'_>`, `&str`, `&[u8]` or `Json<T>`, or implement `hop::FromMessage`"
)]
pub trait FromMessage<'m>: Sized {
    /// Makes it, or says why the message does not fit.
    fn from_message(message: Message<'m>) -> Result<Self, MessageError>;
}

impl<'m> FromMessage<'m> for Message<'m> {
    #[inline]
    fn from_message(message: Message<'m>) -> Result<Self, MessageError> {
        Ok(message)
    }
}

impl<'m> FromMessage<'m> for &'m str {
    #[inline]
    fn from_message(message: Message<'m>) -> Result<Self, MessageError> {
        let refused = || MessageError { code: close::UNSUPPORTED, what: "expected a text message".to_owned() };
        message.text().ok_or_else(refused)
    }
}

impl<'m> FromMessage<'m> for &'m [u8] {
    #[inline]
    fn from_message(message: Message<'m>) -> Result<Self, MessageError> {
        Ok(message.as_bytes())
    }
}

impl FromMessage<'_> for String {
    fn from_message(message: Message<'_>) -> Result<Self, MessageError> {
        <&str>::from_message(message).map(str::to_owned)
    }
}

impl FromMessage<'_> for Bytes {
    fn from_message(message: Message<'_>) -> Result<Self, MessageError> {
        Ok(Bytes::copy_from_slice(message.as_bytes()))
    }
}
