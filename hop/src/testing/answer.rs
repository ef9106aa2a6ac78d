//! Answers as a client reads them.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::wire::chunk::{Chunked, Piece};

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The final status.
    pub status: u16,
    /// Interim statuses (`100 Continue`) that came before it.
    pub interim: Vec<u16>,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, without its coding.
    pub body: Vec<u8>,
}

/// What became of reading an answer.
pub(super) enum Reading {
    /// It took so many bytes.
    Whole(usize, Answer),
    Partial,
    Malformed(&'static str),
}

impl Answer {
    /// The answer itself, when it has this status.
    ///
    /// # Panics
    ///
    /// When it has another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "the answer's body: {}", self.body.escape_ascii());
        self
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// When it is not UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("the answer's body is UTF-8")
    }

    /// The first value of a header field, when it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Reads the first answer of `input`. `ended`: nothing follows.
    pub(super) fn read(input: &[u8], to_head: bool, ended: bool) -> Reading {
        let mut at = 0;
        let mut interim = Vec::new();
        loop {
            let mut slots = [httparse::EMPTY_HEADER; 128];
            let mut head = httparse::Response::new(&mut slots);
            let used = match head.parse(&input[at..]) {
                Ok(httparse::Status::Complete(used)) => used,
                Ok(httparse::Status::Partial) => return Reading::Partial,
                Err(_) => return Reading::Malformed("what came is not an answer"),
            };
            at += used;
            let status = head.code.unwrap_or(0);
            if status < 200 && status != 101 {
                interim.push(status);
                continue;
            }
            let answer = Answer { status, interim, headers: fields(head.headers), body: Vec::new() };
            return answer.read_body(input, at, to_head, ended);
        }
    }

    /// RFC 9112 §6.3: where the body ends.
    fn read_body(mut self, input: &[u8], at: usize, to_head: bool, ended: bool) -> Reading {
        let rest = &input[at..];
        if to_head || matches!(self.status, 101 | 204 | 304) {
            return Reading::Whole(at, self);
        }
        if self.header("transfer-encoding").is_some() {
            return self.read_chunked(rest, at);
        }
        let declared = self.header("content-length").and_then(|length| length.parse::<usize>().ok());
        let bytes = match declared {
            Some(n) if n <= rest.len() => n,
            None if ended => rest.len(),
            _ => return Reading::Partial,
        };
        self.body = rest[..bytes].to_vec();
        Reading::Whole(at + bytes, self)
    }

    fn read_chunked(mut self, rest: &[u8], head_bytes: usize) -> Reading {
        let mut chunked = Chunked::default();
        let mut at = 0;
        loop {
            match chunked.next(&rest[at..]) {
                Err(_) => return Reading::Malformed("the answer's chunked coding is malformed"),
                Ok(None) => return Reading::Partial,
                Ok(Some((used, piece))) => {
                    match piece {
                        Piece::Framing => {}
                        Piece::Data { start, len } => self.body.extend_from_slice(&rest[at + start..at + start + len]),
                        Piece::End { .. } => return Reading::Whole(head_bytes + at + used, self),
                    }
                    at += used;
                }
            }
        }
    }
}

fn fields(headers: &[httparse::Header<'_>]) -> HeaderMap {
    let field = |header: &httparse::Header<'_>| {
        Some((HeaderName::from_bytes(header.name.as_bytes()).ok()?, HeaderValue::from_bytes(header.value).ok()?))
    };
    headers.iter().filter_map(field).collect()
}
