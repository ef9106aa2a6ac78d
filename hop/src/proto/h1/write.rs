//! Writing answers.

use http::{HeaderMap, StatusCode, header};

use super::{Answer, AnswerError, AnswerHead, Asked, H1, Length};
use crate::proto::cycle::{Move, State};
use crate::proto::error::PeerError;
use crate::wire::encode::{self, Date};

/// Writing.
impl H1 {
    /// Writes a whole answer without fields of its own: the plain path.
    #[inline]
    pub fn whole(
        &mut self,
        out: &mut Vec<u8>,
        date: &Date,
        status: StatusCode,
        content_type: Option<&'static str>,
        body: &[u8],
    ) {
        // Of a request that is whole no `100 Continue` is owed, and its answer's begin and end are one move.
        let plain = self.state == State::Owed && self.keep_alive && !self.http10 && self.asked == Asked::Usual;
        if !plain || status != StatusCode::OK && says_no_body(status) {
            return self.whole_with_care(out, date, status, content_type, body);
        }
        self.step(Move::AnswerBegin);
        encode::plain(out, status, date, content_type, body);
        self.step(Move::AnswerEnd);
    }

    #[cold]
    fn whole_with_care(
        &mut self,
        out: &mut Vec<u8>,
        date: &Date,
        status: StatusCode,
        content_type: Option<&'static str>,
        body: &[u8],
    ) {
        let length = Length::Exact(body.len() as u64);
        self.begin(out, date, &AnswerHead { status, content_type, headers: None, length });
        let written = self.data(out, body).and_then(|()| self.end(out, None));
        debug_assert!(written.is_ok(), "the length is the body's own");
    }

    /// Writes the head of the final answer. Returns whether body bytes are wanted.
    pub fn begin(&mut self, out: &mut Vec<u8>, date: &Date, answer: &AnswerHead<'_>) -> bool {
        self.step(Move::AnswerBegin);
        self.decide_reuse(answer);
        // An interim answer after the final one's head would be taken for its body.
        self.continue_owed = false;
        self.answer = self.framing_of(answer);
        encode::begin(out, answer.status, date);
        self.write_fields(out, answer);
        out.extend_from_slice(b"\r\n");
        self.answer != Answer::Bodiless
    }

    /// A handler's `Connection: close` closes; so does a client that waits for a `100` that will never come.
    fn decide_reuse(&mut self, answer: &AnswerHead<'_>) {
        let asked = answer.headers.is_some_and(encode::says_close);
        let unbounded = self.http10 && answer.length == Length::Unknown && !self.bodiless(answer.status);
        if asked || unbounded || self.continue_owed || self.opens_tunnel(answer.status) {
            self.keep_alive = false;
        }
    }

    fn bodiless(&self, status: StatusCode) -> bool {
        self.asked == Asked::Head || says_no_body(status) || self.opens_tunnel(status)
    }

    /// hop has no tunnels: what a client would send into one must not be read as requests, so the connection ends instead.
    fn opens_tunnel(&self, status: StatusCode) -> bool {
        self.asked == Asked::Connect && status.is_success()
    }

    fn framing_of(&self, answer: &AnswerHead<'_>) -> Answer {
        match answer.length {
            _ if self.bodiless(answer.status) => Answer::Bodiless,
            Length::Exact(n) => Answer::Exact(n),
            Length::Raw => Answer::UntilClose,
            Length::Untold => Answer::Exact(0),
            Length::Unknown if self.http10 => Answer::UntilClose,
            Length::Unknown => Answer::Chunked,
        }
    }

    fn write_fields(&self, out: &mut Vec<u8>, answer: &AnswerHead<'_>) {
        if let Some(headers) = answer.headers {
            encode::fields(out, headers);
        }
        if let Some(content_type) = answer.content_type
            && !answer.headers.is_some_and(|headers| headers.contains_key(header::CONTENT_TYPE))
        {
            encode::checked_header(out, "content-type", content_type.as_bytes());
        }
        // RFC 9110 §8.6: a 204, a 1xx or a tunnel must not say Content-Length; an answer to HEAD says what GET would.
        if !(answer.status.is_informational() || answer.status == 204 || self.opens_tunnel(answer.status)) {
            match answer.length {
                // RFC 9110 §15.3.6: a 205 has no content, and clients learn that from its length.
                _ if answer.status == 205 => encode::content_length(out, 0),
                Length::Exact(0) if answer.status == 304 => {}
                Length::Exact(n) => encode::content_length(out, n),
                Length::Raw => {}
                Length::Unknown if self.http10 || answer.status == 304 => {}
                Length::Unknown => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
                Length::Untold => {}
            }
        }
        if answer.status == StatusCode::SWITCHING_PROTOCOLS {
            // Its Connection field says `upgrade`, and there is no HTTP to go on with.
        } else if !self.keep_alive {
            out.extend_from_slice(b"connection: close\r\n");
        } else if self.http10 {
            out.extend_from_slice(b"connection: keep-alive\r\n");
        }
    }

    /// Answers the peer's own error, unless an answer has begun, and ends the connection (RFC 9112 §9.6).
    pub fn refuse(&mut self, out: &mut Vec<u8>, date: &Date, error: PeerError) {
        let bodiless = self.state != State::Idle && self.asked == Asked::Head;
        if matches!(self.state, State::Idle | State::Body | State::Owed) {
            encode::begin(out, error.status(), date);
            encode::checked_header(out, "content-type", b"text/plain; charset=utf-8");
            encode::content_length(out, error.what().len() as u64 + 1);
            out.extend_from_slice(b"connection: close\r\n");
            out.extend_from_slice(b"\r\n");
            if !bodiless {
                out.extend_from_slice(error.what().as_bytes());
                out.push(b'\n');
            }
        }
        self.keep_alive = false;
        self.stop();
    }

    /// Counts body bytes that are sent without passing through [`H1::data`], and says whether they keep the promise.
    pub fn count(&mut self, n: u64) -> Result<(), AnswerError> {
        if let Answer::Exact(left) = &mut self.answer {
            *left = left.checked_sub(n).ok_or(AnswerError::TooLong)?;
        }
        Ok(())
    }

    /// Writes a part of the answer's body.
    pub fn data(&mut self, out: &mut Vec<u8>, data: &[u8]) -> Result<(), AnswerError> {
        match self.answer {
            Answer::Bodiless => return Ok(()),
            Answer::Chunked => encode::chunk(out, data),
            Answer::Exact(_) | Answer::UntilClose => {
                self.count(data.len() as u64)?;
                out.extend_from_slice(data);
            }
        }
        Ok(())
    }

    /// Whether body bytes are wrapped in chunks, so that they must go through [`H1::data`].
    pub fn is_chunked(&self) -> bool {
        self.answer == Answer::Chunked
    }

    /// Ends the answer. After an error here nothing may follow but the connection's end.
    pub fn end(&mut self, out: &mut Vec<u8>, trailers: Option<&HeaderMap>) -> Result<(), AnswerError> {
        match self.answer {
            Answer::Chunked => encode::last_chunk(out, trailers),
            Answer::Exact(1..) => return Err(AnswerError::TooShort),
            _ => {}
        }
        self.step(if self.keep_alive { Move::AnswerEnd } else { Move::LastAnswerEnd });
        Ok(())
    }
}

/// RFC 9110 §6.4.1; of a 205 §15.3.6.
fn says_no_body(status: StatusCode) -> bool {
    status.is_informational() || matches!(status.as_u16(), 204 | 205 | 304)
}
