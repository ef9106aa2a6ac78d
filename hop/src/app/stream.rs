//! Bodies of answers that are not known whole: pulled while the client takes them.

use std::fmt;
use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;

/// A piece of a streamed body.
#[derive(Debug)]
pub enum Part {
    /// Body bytes.
    Data(Bytes),
    /// Trailers; nothing may follow. They are sent only where the body is chunked.
    Trailers(HeaderMap),
}

/// Where a streamed body comes from. It is asked for the next part only while the client takes what came before.
///
/// Any iterator over `io::Result<Bytes>` is a source.
pub trait Source: Send {
    /// The next part; `None` at the end; an error cuts the connection, so that the client notices.
    ///
    /// A source that has nothing yet keeps the context's waker and calls it, from any thread, when it has.
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Part>>>;

    /// The exact number of body bytes, where it is known: it becomes `Content-Length`, and giving more or fewer cuts the connection.
    fn exact_bytes(&self) -> Option<u64> {
        None
    }
}

impl<I: Iterator<Item = io::Result<Bytes>> + Send> Source for I {
    fn poll_part(&mut self, _: &mut Context<'_>) -> Poll<Option<io::Result<Part>>> {
        Poll::Ready(self.next().map(|item| item.map(Part::Data)))
    }
}

impl fmt::Debug for dyn Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}
