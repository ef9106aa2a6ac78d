//! What a peer can do wrong, and the status that answers it.

use http::StatusCode;

use crate::wire::chunk::ChunkError;
use crate::wire::framing::FramingError;
use crate::wire::head::HeadError;

/// A request that cannot be served for the peer's own fault. It is answered with [`PeerError::status`], then the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerError {
    /// The head is malformed or too large.
    Head(HeadError),
    /// The head contradicts itself about where the message ends, or asks for what is not supported.
    Framing(FramingError),
    /// The chunked coding is malformed.
    Chunk(ChunkError),
    /// The body is larger than its route allows.
    BodyTooLarge,
    /// The head was not complete in time.
    HeadTimeout,
    /// The body made no progress in time.
    BodyTimeout,
    /// A path parameter or the query is not valid percent-encoding.
    Encoding,
}

impl PeerError {
    /// The status that the peer is answered.
    pub fn status(self) -> StatusCode {
        match self {
            PeerError::Head(error) => status(error.status()),
            PeerError::Framing(error) => status(error.status()),
            PeerError::Chunk(error) => status(error.status()),
            PeerError::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            PeerError::HeadTimeout | PeerError::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            PeerError::Encoding => StatusCode::BAD_REQUEST,
        }
    }

    /// What was wrong, in a sentence for the peer's developer.
    pub fn what(self) -> &'static str {
        match self {
            PeerError::Head(error) => error.what(),
            PeerError::Framing(error) => error.what(),
            PeerError::Chunk(error) => error.what(),
            PeerError::BodyTooLarge => "the body is larger than this route allows",
            PeerError::HeadTimeout => "the request head was not complete in time",
            PeerError::BodyTimeout => "the request body made no progress in time",
            PeerError::Encoding => "the path is not valid percent-encoded UTF-8",
        }
    }
}

/// Layer 1 speaks in numbers; all of them are valid statuses.
fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}

impl From<HeadError> for PeerError {
    fn from(error: HeadError) -> Self {
        PeerError::Head(error)
    }
}

impl From<FramingError> for PeerError {
    fn from(error: FramingError) -> Self {
        PeerError::Framing(error)
    }
}

impl From<ChunkError> for PeerError {
    fn from(error: ChunkError) -> Self {
        PeerError::Chunk(error)
    }
}
