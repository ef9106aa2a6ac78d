//! HTTP/1.1 on one connection, as a value (RFC 9112).
//!
//! Reading: [`H1::head`] accepts a request, [`H1::body`] yields its body piece by piece.
//! Writing: [`H1::begin`] writes an answer's head, [`H1::data`] its body, [`H1::end`] what ends it.
//! The legal order of all of them is [`cycle`](super::cycle)'s table.

mod read;
mod write;

use http::{HeaderMap, StatusCode};

use super::cycle::{Move, State};
use crate::wire::chunk::Chunked;

/// A request's body that is still to be read.
#[derive(Clone, Debug)]
enum Unread {
    Nothing,
    Exact(u64),
    Chunked(Chunked),
}

/// What the request's method means for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Usual,
    /// The head of what GET would give.
    Head,
    /// A tunnel: after a 2xx nothing on the connection is HTTP any more (RFC 9110 §9.3.6).
    Connect,
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
    /// What follows the head is not HTTP's any more: nothing is said of it, and it ends with the connection.
    Raw,
    /// There is none, and nothing is said of what there would be: for answers to HEAD.
    Untold,
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
    asked: Asked,
    /// `Expect: 100-continue` was said and not yet answered.
    continue_owed: bool,
    unread: Unread,
    answer: Answer,
}

/// What writing an answer changes, and the next one does not set anew anyhow.
#[derive(Clone, Copy, Debug)]
pub struct Checkpoint {
    state: State,
    keep_alive: bool,
    continue_owed: bool,
}

impl Default for H1 {
    fn default() -> Self {
        H1 {
            state: State::Idle,
            keep_alive: true,
            http10: false,
            asked: Asked::Usual,
            continue_owed: false,
            unread: Unread::Nothing,
            answer: Answer::Bodiless,
        }
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

    /// Where it stands before an answer is written.
    #[inline]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { state: self.state, keep_alive: self.keep_alive, continue_owed: self.continue_owed }
    }

    /// Takes back that an answer was begun, or written, since `checkpoint`; no input may have been read meanwhile.
    pub fn restore(&mut self, checkpoint: Checkpoint) {
        let Checkpoint { state, keep_alive, continue_owed } = checkpoint;
        (self.state, self.keep_alive, self.continue_owed) = (state, keep_alive, continue_owed);
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
