//! Reading requests.

use super::{Asked, BodyPiece, H1, Unread};
use crate::proto::cycle::{Move, State};
use crate::proto::error::PeerError;
use crate::wire::chunk::{Chunked, Piece};
use crate::wire::framing::{self, BodyLength, Framing};
use crate::wire::head::{self, Head, HeadLimits, Version};

/// Reading.
impl H1 {
    /// Reads the head of the next request from the start of `input`: how many bytes it took, and what it says. `None`: not complete.
    ///
    /// The state must be [`State::Idle`].
    #[inline(always)]
    pub fn head<'b>(&mut self, input: &'b [u8], limits: &HeadLimits) -> Result<Option<(usize, Head<'b>)>, PeerError> {
        let mut seen = framing::Seen::default();
        let each = |name, value| Ok::<_, PeerError>(seen.field(name, value)?);
        let Some((used, head)) = head::parse_with(input, limits, each)? else { return Ok(None) };
        let framing = seen.decide(head.version)?;
        self.accept(&head, &framing);
        Ok(Some((used, head)))
    }

    #[inline(always)]
    fn accept(&mut self, head: &Head<'_>, framing: &Framing) {
        self.keep_alive = framing.keep_alive;
        self.http10 = head.version == Version::Http10;
        self.asked = match head.method {
            "HEAD" => Asked::Head,
            "CONNECT" => Asked::Connect,
            _ => Asked::Usual,
        };
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

    /// Whether the client may wait for `100 Continue` before it sends the body.
    pub fn owes_continue(&self) -> bool {
        self.continue_owed && !self.http10
    }

    /// Whether `100 Continue` is owed; asks only once. Called when the body is first wanted (RFC 9110 §10.1.1).
    pub fn take_continue(&mut self) -> bool {
        std::mem::take(&mut self.continue_owed) && !self.http10
    }
}
