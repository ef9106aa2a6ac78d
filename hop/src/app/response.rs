//! An answer as a value.

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

use super::hijack::{Hijack, RawConn};
use super::live::setup::Accepted;
use super::stream::Source;
use crate::buf::out::FileRange;

/// `text/plain; charset=utf-8`
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
/// `application/octet-stream`
pub(crate) const OCTETS: &str = "application/octet-stream";

/// The head of an answer: what `after` hooks may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseHead {
    /// The status. A final one: hop answers `100 Continue` itself.
    pub status: StatusCode,
    /// The header fields. hop adds `Date`, the framing fields and, where it must, `Connection`.
    pub headers: HeaderMap,
    /// Sent unless `headers` has a `Content-Type`.
    pub(crate) content_type: Option<&'static str>,
    /// Its maker set a header that HTTP does not allow: nothing of the answer is sent, whatever else is said to it.
    pub(crate) is_void: bool,
}

/// The body of an answer.
#[derive(Debug, Default)]
pub(crate) enum Body {
    #[default]
    Empty,
    /// Of an answer to HEAD whose maker does not tell how long a body GET would get.
    Unsent,
    Bytes(Bytes),
    Stream(Box<dyn Source>),
    /// Sent one after the other.
    File(Vec<FilePart>),
    /// The head is the whole answer; a WebSocket or an event stream follows.
    Live(Box<Accepted>),
    /// The head is the whole answer; what follows is the hijacker's.
    Hijack(Hijack),
}

/// A part of a body that is made of files: some bytes, then a range.
#[derive(Debug)]
pub(crate) struct FilePart {
    pub(crate) before: Bytes,
    pub(crate) range: Option<FileRange>,
}

impl FilePart {
    pub(crate) fn len(&self) -> u64 {
        self.before.len() as u64 + self.range.as_ref().map_or(0, |range| range.len)
    }
}

/// An answer: status, headers and a body.
///
/// ```
/// use hop::Response;
/// use http::StatusCode;
///
/// let made = Response::new(StatusCode::CREATED).with_header("location", "/items/7").with_text("made");
/// assert_eq!(made.status(), StatusCode::CREATED);
/// ```
#[derive(Debug, Default)]
pub struct Response {
    pub(crate) head: ResponseHead,
    pub(crate) body: Body,
}

impl Response {
    /// An answer without a body.
    pub fn new(status: StatusCode) -> Self {
        Response { head: ResponseHead { status, ..ResponseHead::default() }, body: Body::Empty }
    }

    /// An answer without a body, from its head.
    pub(crate) fn from_head(head: ResponseHead) -> Self {
        Response { head, body: Body::Empty }
    }

    /// 200 with a text body.
    pub fn text(text: impl Into<Bytes>) -> Self {
        Response::new(StatusCode::OK).with_text(text)
    }

    /// 200 with a body that is pulled from a source while the client takes it.
    pub fn stream(source: impl Source + 'static) -> Self {
        Response { head: ResponseHead::default(), body: Body::Stream(Box::new(source)) }
    }

    /// Whether a WebSocket, an event stream or a hijacker follows its head.
    pub(crate) fn outlives_request(&self) -> bool {
        matches!(self.body, Body::Live(_) | Body::Hijack(_))
    }

    /// Whether it is the one interim answer that is a final one, because what follows is no HTTP (RFC 9110 §15.2.2).
    pub(crate) fn switches_protocols(&self) -> bool {
        self.outlives_request() && self.head.status == StatusCode::SWITCHING_PROTOCOLS
    }

    /// Answers with a head, by default `101 Switching Protocols`, and gives the connection to `take` as soon as the head has left.
    /// From then on hop knows nothing of what is said on it: no timeout but that of output holds.
    ///
    /// ```
    /// use hop::prelude::*;
    ///
    /// #[route("/shout")]
    /// fn shout() -> Response {
    ///     let hijack = Response::hijack(|conn| {
    ///         conn.on_readable(|io| {
    ///             let said = io.unread().to_ascii_uppercase();
    ///             io.consume(said.len());
    ///             io.send(&said);
    ///         });
    ///     });
    ///     hijack.with_header("connection", "upgrade").with_header("upgrade", "shout")
    /// }
    /// # let app = routes![shout];
    /// ```
    pub fn hijack(take: impl FnOnce(RawConn) + Send + 'static) -> Response {
        let mut response = Response::new(StatusCode::SWITCHING_PROTOCOLS);
        response.body = Body::Hijack(Hijack(Box::new(take)));
        response
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The header fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The header fields, to change.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.head.headers
    }

    /// With another status.
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.head.status = status;
        self
    }

    /// With a header field, replacing those of the same name. A name or value that HTTP does not allow (a line break, for one)
    /// makes the whole answer a 500 and is logged: nothing of it is sent, and nothing of what is said to it afterwards.
    pub fn with_header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                self.head.headers.insert(name, value);
                self
            }
            _ => {
                log::error!("a handler set a header that HTTP does not allow; answering 500 instead");
                let mut void = Response::new(StatusCode::INTERNAL_SERVER_ERROR);
                void.head.is_void = true;
                void
            }
        }
    }

    /// With a text body; `Content-Type: text/plain; charset=utf-8` unless the headers say otherwise.
    pub fn with_text(self, text: impl Into<Bytes>) -> Self {
        self.with_body(TEXT, text)
    }

    /// With a body of bytes; `Content-Type: application/octet-stream` unless the headers say otherwise.
    pub fn with_bytes(self, bytes: impl Into<Bytes>) -> Self {
        self.with_body(OCTETS, bytes)
    }

    pub(crate) fn with_body(mut self, content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        self.head.content_type = Some(content_type);
        self.body = Body::Bytes(bytes.into());
        self
    }
}

/// The status without a body.
impl From<StatusCode> for Response {
    fn from(status: StatusCode) -> Self {
        Response::new(status)
    }
}
