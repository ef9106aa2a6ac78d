//! An answer, read from the bytes that the app wrote.

use std::io;
use std::task::Poll;

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body::Frame;

use crate::wire::chunk::{Chunked, Piece};
use crate::wire::trailer;

/// Header fields that are read at most: an app that answers with more is answered 500.
const HEADERS_MAX: usize = 256;

/// A head that was read.
pub(super) enum Head {
    /// `100 Continue`: the body is wanted.
    Interim,
    Final(StatusCode, HeaderMap, BodyReader),
    /// The app has closed without an answer, or wrote none.
    Missing,
}

/// Reads a head from the beginning of `output`; of an answer to HEAD it is all there is.
pub(super) fn head(output: &mut BytesMut, ended: bool, to_head: bool) -> Poll<Head> {
    let mut slots = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut slots);
    let used = match head.parse(output) {
        Ok(httparse::Status::Complete(used)) => used,
        Ok(httparse::Status::Partial) if !ended => return Poll::Pending,
        _ => return Poll::Ready(Head::Missing),
    };
    let Some(status) = head.code.and_then(|code| StatusCode::from_u16(code).ok()) else {
        return Poll::Ready(Head::Missing);
    };
    let mut headers = fields(head.headers.iter().map(|field| (field.name, field.value)));
    output.advance(used);
    if status.is_informational() {
        return Poll::Ready(Head::Interim);
    }
    let reader = if to_head { BodyReader::Done } else { BodyReader::of(status, &headers) };
    headers.remove(header::TRANSFER_ENCODING);
    headers.remove(header::CONNECTION);
    Poll::Ready(Head::Final(status, headers, reader))
}

fn fields<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> HeaderMap {
    let field = |(name, value): (&str, &[u8])| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?))
    };
    fields.filter_map(field).collect()
}

/// Where a body stands.
#[derive(Debug)]
pub(super) enum BodyReader {
    Done,
    /// Bytes that are left.
    Counted(u64),
    Chunked(Chunked),
}

impl BodyReader {
    /// RFC 9112 §6.3, for what hop writes.
    fn of(status: StatusCode, headers: &HeaderMap) -> BodyReader {
        if matches!(status.as_u16(), 204 | 304) {
            return BodyReader::Done;
        }
        if headers.contains_key(header::TRANSFER_ENCODING) {
            return BodyReader::Chunked(Chunked::default());
        }
        let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        BodyReader::Counted(length.unwrap_or(0))
    }

    /// Bytes that are left, where that is known.
    pub(super) fn left_bytes(&self) -> Option<u64> {
        match self {
            BodyReader::Done => Some(0),
            BodyReader::Counted(left) => Some(*left),
            BodyReader::Chunked(_) => None,
        }
    }

    /// The next frame, taken from `output`.
    pub(super) fn next(&mut self, output: &mut BytesMut, ended: bool) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self {
            BodyReader::Done | BodyReader::Counted(0) => Poll::Ready(None),
            _ if output.is_empty() => missing(ended),
            BodyReader::Counted(left) => {
                let n = output.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= n as u64;
                Poll::Ready(Some(Ok(Frame::data(output.split_to(n).freeze()))))
            }
            BodyReader::Chunked(_) => self.next_chunked(output, ended),
        }
    }

    fn next_chunked(&mut self, output: &mut BytesMut, ended: bool) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let BodyReader::Chunked(chunked) = self else { return Poll::Ready(None) };
        loop {
            let (used, piece) = match chunked.next(output) {
                Ok(Some(next)) => next,
                Ok(None) => return missing(ended),
                Err(error) => return Poll::Ready(Some(Err(io::Error::other(error.what())))),
            };
            let mut taken = output.split_to(used);
            match piece {
                Piece::Framing => {}
                Piece::Data { start, .. } => {
                    taken.advance(start);
                    return Poll::Ready(Some(Ok(Frame::data(taken.freeze()))));
                }
                Piece::End { trailers } => {
                    *self = BodyReader::Done;
                    let trailers = fields(trailer::fields(&taken[trailers]));
                    return Poll::Ready((!trailers.is_empty()).then(|| Ok(Frame::trailers(trailers))));
                }
            }
        }
    }
}

fn missing<T>(ended: bool) -> Poll<Option<io::Result<T>>> {
    match ended {
        true => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
        false => Poll::Pending,
    }
}
