//! HTTP/1.1 on one connection, as a value (RFC 9112).
//!
//! Reading: [`H1::head`] accepts a request, [`H1::body`] yields its body piece by piece.
//! Writing: [`H1::begin`] writes an answer's head, [`H1::data`] its body, [`H1::end`] what ends it.
//! The legal order of all of them is [`cycle`](super::cycle)'s table.

use http::{HeaderMap, StatusCode, header};

use super::cycle::{Move, State};
use super::error::PeerError;
use crate::wire::chunk::{Chunked, Piece};
use crate::wire::encode::{self, Date};
use crate::wire::framing::{self, BodyLength, Framing};
use crate::wire::head::{self, Head, HeadLimits, HeaderSlots, Version};

/// A request's body that is still to be read.
#[derive(Clone, Debug)]
enum Unread {
    Nothing,
    Exact(u64),
    Chunked(Chunked),
}

/// How the end of the answer's body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// The status or the method allows no body: what comes is dropped.
    Bodiless,
    /// So many bytes are still due.
    Exact(u64),
    /// Chunked coding.
    Chunked,
    /// The connection's end is the body's end (HTTP/1.0).
    UntilClose,
}

/// How long an answer's body will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many bytes.
    Exact(u64),
    /// Not known when the head is written.
    Unknown,
}

/// The answer's body broke its promise: the connection cannot be used any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerError {
    /// More bytes came than were declared.
    TooLong,
    /// The body ended before the declared length.
    TooShort,
}

/// The head of an answer, as far as the handler decides it.
#[derive(Clone, Copy, Debug)]
pub struct AnswerHead<'a> {
    /// The final status.
    pub status: StatusCode,
    /// Written unless `headers` has its own.
    pub content_type: Option<&'static str>,
    /// Further fields. Framing fields among them (`Transfer-Encoding`, `Content-Length`) are not written: hop frames.
    pub headers: Option<&'a HeaderMap>,
    /// How long the body will be.
    pub length: Length,
}

/// One piece of a request's body.
#[derive(Debug)]
pub enum BodyPiece<'b> {
    /// Body bytes.
    Data(&'b [u8]),
    /// The body has ended; the trailer section, raw, is empty in most requests.
    End {
        /// Field lines as they came, without the empty line.
        trailers: &'b [u8],
    },
}

/// The state of HTTP/1.1 on one connection.
#[derive(Clone, Debug)]
pub struct H1 {
    state: State,
    /// The connection may be used for another request.
    keep_alive: bool,
    http10: bool,
    head_request: bool,
    /// `Expect: 100-continue` was said and not yet answered.
    continue_owed: bool,
    unread: Unread,
    answer: Answer,
}

impl Default for H1 {
    fn default() -> Self {
        H1 {
            state: State::Idle,
            keep_alive: true,
            http10: false,
            head_request: false,
            continue_owed: false,
            unread: Unread::Nothing,
            answer: Answer::Bodiless,
        }
    }
}

/// Reading.
impl H1 {
    /// Reads the head of the next request from the start of `input`: how many bytes it took, and what it says. `None`: not complete.
    ///
    /// The state must be [`State::Idle`].
    pub fn head<'h, 'b>(
        &mut self,
        input: &'b [u8],
        slots: &'h mut HeaderSlots<'b>,
        limits: &HeadLimits,
    ) -> Result<Option<(usize, Head<'h, 'b>, Framing<'b>)>, PeerError> {
        let Some((used, head)) = head::parse(input, slots, limits)? else { return Ok(None) };
        let framing = framing::request(&head)?;
        self.accept(&head, &framing);
        Ok(Some((used, head, framing)))
    }

    fn accept(&mut self, head: &Head<'_, '_>, framing: &Framing<'_>) {
        self.keep_alive = framing.keep_alive;
        self.http10 = head.version == Version::Http10;
        self.head_request = head.method == "HEAD";
        self.unread = match framing.body {
            BodyLength::None | BodyLength::Exact(0) => Unread::Nothing,
            BodyLength::Exact(n) => Unread::Exact(n),
            BodyLength::Chunked => Unread::Chunked(Chunked::default()),
        };
        let bodiless = matches!(self.unread, Unread::Nothing);
        self.continue_owed = framing.expect_continue && !bodiless; // RFC 9110 §10.1.1
        self.step(if bodiless { Move::Head } else { Move::HeadOfBody });
    }

    /// The next piece of the body from the start of `input`, and how many bytes it took. `None`: more input is needed.
    pub fn body<'b>(&mut self, input: &'b [u8]) -> Result<Option<(usize, BodyPiece<'b>)>, PeerError> {
        match &mut self.unread {
            Unread::Nothing => Ok(None),
            Unread::Exact(0) => {
                self.body_end();
                Ok(Some((0, BodyPiece::End { trailers: &[] })))
            }
            Unread::Exact(left) => {
                let take = (input.len() as u64).min(*left) as usize;
                *left -= take as u64;
                Ok((take > 0).then(|| (take, BodyPiece::Data(&input[..take]))))
            }
            Unread::Chunked(_) => self.chunked(input),
        }
    }

    fn chunked<'b>(&mut self, input: &'b [u8]) -> Result<Option<(usize, BodyPiece<'b>)>, PeerError> {
        let Unread::Chunked(chunked) = &mut self.unread else { return Ok(None) };
        let mut at = 0;
        while let Some((used, piece)) = chunked.next(&input[at..])? {
            match piece {
                Piece::Framing => at += used,
                Piece::Data { start, len } => {
                    let data = &input[at + start..at + start + len];
                    return Ok(Some((at + used, BodyPiece::Data(data))));
                }
                Piece::End { trailers } => {
                    let trailers = &input[at + trailers.start..at + trailers.end];
                    self.body_end();
                    return Ok(Some((at + used, BodyPiece::End { trailers })));
                }
            }
        }
        // Framing that was read must be taken even when no data follows it yet.
        Ok((at > 0).then_some((at, BodyPiece::Data(&[]))))
    }

    fn body_end(&mut self) {
        self.unread = Unread::Nothing;
        self.continue_owed = false;
        self.step(Move::BodyEnd);
        if self.state == State::Idle && !self.keep_alive {
            self.step(Move::Stop);
        }
    }

    /// How many bytes of the body are still to come, when that was declared.
    pub fn unread_bytes(&self) -> Option<u64> {
        match self.unread {
            Unread::Nothing => Some(0),
            Unread::Exact(n) => Some(n),
            Unread::Chunked(_) => None,
        }
    }

    /// The body that was gathered in place is complete: its bytes need not go through [`H1::body`].
    pub fn gathered(&mut self) {
        self.body_end();
    }

    /// Whether `100 Continue` is owed; asks only once. Called when the body is first wanted (RFC 9110 §10.1.1).
    pub fn take_continue(&mut self) -> bool {
        std::mem::take(&mut self.continue_owed) && !self.http10
    }
}

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
        let plain = self.keep_alive && !self.http10 && !self.continue_owed && !self.bodiless(status);
        if !plain {
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
        if asked || unbounded || self.continue_owed {
            self.keep_alive = false;
        }
    }

    fn bodiless(&self, status: StatusCode) -> bool {
        self.head_request || status.is_informational() || status == 204 || status == 304
    }

    fn framing_of(&self, answer: &AnswerHead<'_>) -> Answer {
        match answer.length {
            _ if self.bodiless(answer.status) => Answer::Bodiless,
            Length::Exact(n) => Answer::Exact(n),
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
        // RFC 9110 §8.6: a 204 or 1xx must not say Content-Length; an answer to HEAD says what GET would.
        if !(answer.status.is_informational() || answer.status == 204) {
            match answer.length {
                Length::Exact(0) if answer.status == 304 => {}
                Length::Exact(n) => encode::content_length(out, n),
                Length::Unknown if self.http10 || answer.status == 304 => {}
                Length::Unknown => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
            }
        }
        if !self.keep_alive {
            out.extend_from_slice(b"connection: close\r\n");
        } else if self.http10 {
            out.extend_from_slice(b"connection: keep-alive\r\n");
        }
    }

    /// Answers the peer's own error, unless an answer has begun, and ends the connection (RFC 9112 §9.6).
    pub fn refuse(&mut self, out: &mut Vec<u8>, date: &Date, error: PeerError) {
        let bodiless = self.state != State::Idle && self.head_request;
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

/// State.
impl H1 {
    /// Where the cycle stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The answer that is owed will be the last one on this connection, and says so.
    pub fn close_after_answer(&mut self) {
        self.keep_alive = false;
    }

    /// Nothing more is read as a request.
    pub fn stop(&mut self) {
        self.step(Move::Stop);
    }

    /// Makes a legal move; an illegal one is a defect of the caller and ends the connection rather than desynchronise it.
    fn step(&mut self, step: Move) {
        let next = self.state.after(step);
        debug_assert!(next.is_some(), "{step:?} is not a legal move in {:?}", self.state);
        self.state = next.unwrap_or(State::Closing);
    }
}

const _: () = assert!(size_of::<H1>() <= 48);
