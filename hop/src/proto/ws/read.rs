//! Reading frames.

use super::{Event, Gathering, Kind, Reading, Unpacker, Ws, WsError};
use crate::wire::close;
use crate::wire::frame::{self, Header, OpCode, Whole};
use crate::wire::mask::{rotated, unmask_seen};
use crate::wire::utf8::{self, Tail};

/// How many bytes were used, and what came.
type Step<'b> = Result<(usize, Event<'b>), WsError>;

/// Reading.
impl Ws {
    /// Takes the next frame, or what is there of it, from the start of `input`: how many bytes it used, and what came.
    ///
    /// The payload is unmasked in place. A message that is whole in `input` is borrowed from there; another one is gathered, and
    /// borrowed from `unpacker` when it is whole. [`Event::None`] comes with 0 bytes: what is there is the beginning of a header or
    /// of a control frame, at most 130 bytes, and has to be given again with what follows. Messages longer than `message_bytes_max`
    /// are refused as soon as that is certain.
    ///
    /// # Errors
    ///
    /// What the peer did wrong, to be answered by [`Ws::fail`].
    #[inline]
    pub fn step<'b>(&mut self, input: &'b mut [u8], message_bytes_max: usize, unpacker: &'b mut Unpacker) -> Step<'b> {
        if let Some(whole) = self.whole_at(input, message_bytes_max) {
            let used = whole.end;
            let (kind, data) = self.unmask(whole, input)?;
            return Ok((used, Event::Message { kind, data }));
        }
        self.any(input, message_bytes_max, unpacker)
    }

    /// Whether a message that is whole comes next, as nearly every frame is one: to be read by [`Ws::unmask`], which is the one path
    /// that has to be straight. `None` says nothing: ask [`Ws::step`].
    #[inline(always)]
    pub fn whole_at(&self, input: &[u8], message_bytes_max: usize) -> Option<Whole> {
        let begins = self.gathering.is_none() && self.reading == Reading::Open;
        frame::whole(input).filter(|whole| begins && whole.end - whole.start <= message_bytes_max)
    }

    /// The message that [`Ws::whole_at`] has found at the start of `input`, unmasked in place.
    ///
    /// # Errors
    ///
    /// When it is said to be text and is none.
    #[inline(always)]
    pub fn unmask<'b>(&mut self, whole: Whole, input: &'b mut [u8]) -> Result<(Kind, &'b [u8]), WsError> {
        let Whole { binary, key, start, end } = whole;
        let data = &mut input[start..end];
        let ascii = unmask_seen(data, key);
        if binary {
            return Ok((Kind::Binary, data));
        }
        if ascii || self.is_text(data) { Ok((Kind::Text, data)) } else { Err(WsError::Text) }
    }

    /// Any frame, or any part of one.
    #[inline(never)]
    fn any<'b>(&mut self, input: &'b mut [u8], message_bytes_max: usize, unpacker: &'b mut Unpacker) -> Step<'b> {
        if self.reading == Reading::Over {
            return Ok((input.len(), if input.is_empty() { Event::None } else { Event::Progress }));
        }
        if self.reading == Reading::Dropping && self.gathering.is_some() {
            return Ok(self.skip(input, 0));
        }
        let step = match self.gathering.take() {
            Some(gathering) if gathering.frame_left > 0 => {
                self.payload(gathering, input, 0, message_bytes_max, unpacker)
            }
            gathering => {
                self.gathering = gathering;
                self.frame(input, message_bytes_max, unpacker)
            }
        };
        if step.is_err() {
            self.stop();
        }
        step
    }

    fn frame<'b>(&mut self, input: &'b mut [u8], message_bytes_max: usize, unpacker: &'b mut Unpacker) -> Step<'b> {
        let Some((start, header)) = frame::parse(input)? else { return Ok((0, Event::None)) };
        let key = header.mask.ok_or(WsError::Unmasked)?;
        if header.rsv1 && !self.inflates {
            return Err(WsError::Compressed);
        }
        if header.opcode.is_control() {
            return self.control(header.opcode, key, input, start, header.payload_bytes as usize);
        }
        if self.reading == Reading::Dropping {
            self.gathering = Some(Box::new(Gathering::dropped(header.payload_bytes)));
            return Ok(self.skip(input, start));
        }
        self.data(&header, key, input, start, message_bytes_max, unpacker)
    }

    /// Drops what is there of a data frame's payload, which begins at `start`.
    fn skip<'b>(&mut self, input: &[u8], start: usize) -> (usize, Event<'b>) {
        let here = (input.len() - start) as u64;
        let left = self.gathering.as_ref().map_or(0, |gathering| gathering.frame_left);
        let skipped = here.min(left);
        self.gathering = (left > skipped).then(|| Box::new(Gathering::dropped(left - skipped)));
        let used = start + skipped as usize;
        (used, if used == 0 { Event::None } else { Event::Progress })
    }

    /// A control frame is used when it is whole.
    fn control<'b>(
        &mut self,
        opcode: OpCode,
        key: [u8; 4],
        input: &'b mut [u8],
        start: usize,
        payload_bytes: usize,
    ) -> Step<'b> {
        let end = start + payload_bytes;
        let Some(payload) = input.get_mut(start..end) else { return Ok((0, Event::None)) };
        unmask_seen(payload, key);
        Ok((
            end,
            match opcode {
                OpCode::Close => self.closed(payload)?,
                _ if self.reading == Reading::Dropping => Event::Progress,
                OpCode::Ping => Event::Ping(payload),
                _ => Event::Pong(payload),
            },
        ))
    }

    fn closed<'b>(&mut self, payload: &'b [u8]) -> Result<Event<'b>, WsError> {
        let (code, reason) = close::parse(payload).map_err(WsError::Close)?;
        self.close_received = true;
        self.stop();
        Ok(Event::Close { code, reason })
    }

    /// The beginning of a data frame.
    fn data<'b>(
        &mut self,
        header: &Header,
        key: [u8; 4],
        input: &'b mut [u8],
        start: usize,
        message_bytes_max: usize,
        unpacker: &'b mut Unpacker,
    ) -> Step<'b> {
        let mut gathering = match (self.gathering.take(), header.opcode) {
            (Some(gathering), OpCode::Continuation) => gathering,
            (Some(_), _) => return Err(WsError::Interrupted),
            (None, OpCode::Continuation) => return Err(WsError::Continuation),
            (None, opcode) => Box::new(Gathering::new(opcode, header.rsv1)),
        };
        gathering.begin_frame(header, key, message_bytes_max)?;
        self.payload(gathering, input, start, message_bytes_max, unpacker)
    }

    /// What is there of the payload of the frame that has begun.
    fn payload<'b>(
        &mut self,
        mut gathering: Box<Gathering>,
        input: &'b mut [u8],
        start: usize,
        message_bytes_max: usize,
        unpacker: &'b mut Unpacker,
    ) -> Step<'b> {
        let here = ((input.len() - start) as u64).min(gathering.frame_left) as usize;
        let end = start + here;
        let piece = &mut input[start..end];
        gathering.see(piece)?;
        if gathering.frame_left > 0 || !gathering.fin {
            gathering.data.extend_from_slice(piece);
            self.gathering = Some(gathering);
            return Ok((end, if end == 0 { Event::None } else { Event::Progress }));
        }
        let Gathering { kind, compressed, data, .. } = { *gathering };
        let data = self.whole(kind, compressed, data, piece, message_bytes_max, unpacker)?;
        Ok((end, Event::Message { kind, data }))
    }

    /// The message that consists of `data`, which may be nothing, and the last piece.
    fn whole<'b>(
        &mut self,
        kind: Kind,
        compressed: bool,
        mut data: Vec<u8>,
        piece: &'b [u8],
        message_bytes_max: usize,
        unpacker: &'b mut Unpacker,
    ) -> Result<&'b [u8], WsError> {
        if data.is_empty() && !compressed {
            return Ok(piece);
        }
        if !data.is_empty() {
            data.extend_from_slice(piece);
        }
        if !compressed {
            unpacker.message = data;
            return Ok(&unpacker.message);
        }
        self.inflate(if data.is_empty() { piece } else { &data }, message_bytes_max, unpacker)?;
        let message = &unpacker.message;
        if kind == Kind::Text && !utf8::is_valid(message) { Err(WsError::Text) } else { Ok(message) }
    }

    #[cfg(feature = "deflate")]
    fn inflate(&mut self, compressed: &[u8], max_bytes: usize, unpacker: &mut Unpacker) -> Result<(), WsError> {
        let own = self.contexts.as_mut().and_then(|contexts| contexts.inflater.as_mut());
        unpacker.inflate(own, compressed, max_bytes)
    }

    /// Never called: a frame with RSV1 was refused.
    #[cfg(not(feature = "deflate"))]
    fn inflate(&mut self, _: &[u8], _: usize, _: &mut Unpacker) -> Result<(), WsError> {
        Err(WsError::Compressed)
    }

    /// Whether what is not ASCII is text. If not, nothing is read any more.
    #[inline(never)]
    fn is_text(&mut self, data: &[u8]) -> bool {
        let valid = utf8::is_valid(data);
        if !valid {
            self.stop();
        }
        valid
    }

    /// Nothing is read any more.
    pub(super) fn stop(&mut self) {
        self.reading = Reading::Over;
        self.gathering = None;
    }
}

impl Gathering {
    fn new(opcode: OpCode, compressed: bool) -> Gathering {
        Gathering {
            data: Vec::new(),
            frame_left: 0,
            key: [0; 4],
            fin: false,
            kind: if opcode == OpCode::Text { Kind::Text } else { Kind::Binary },
            compressed,
            tail: Tail::default(),
        }
    }

    /// What is left of a frame that nobody wants.
    pub(super) fn dropped(frame_left: u64) -> Gathering {
        Gathering { frame_left, ..Gathering::new(OpCode::Binary, false) }
    }

    fn begin_frame(&mut self, header: &Header, key: [u8; 4], message_bytes_max: usize) -> Result<(), WsError> {
        // What cannot be compressed grows by it, at most by an eighth.
        let slack = if self.compressed { message_bytes_max / 8 + 64 } else { 0 };
        let bytes_max = message_bytes_max.saturating_add(slack) as u64;
        if header.payload_bytes.saturating_add(self.data.len() as u64) > bytes_max {
            return Err(WsError::TooLarge);
        }
        self.frame_left = header.payload_bytes;
        self.key = key;
        self.fin = header.fin;
        Ok(())
    }

    /// Unmasks a piece of the payload and, of a text, looks whether it goes on as UTF-8, and ends as such where the text ends.
    fn see(&mut self, piece: &mut [u8]) -> Result<(), WsError> {
        let ascii = unmask_seen(piece, self.key);
        self.key = rotated(self.key, piece.len());
        self.frame_left -= piece.len() as u64;
        if self.kind == Kind::Binary || self.compressed {
            return Ok(());
        }
        if !(ascii && self.tail.is_empty()) {
            utf8::step(&mut self.tail, piece).map_err(|_| WsError::Text)?;
        }
        let ends = self.fin && self.frame_left == 0;
        if ends && !self.tail.is_empty() { Err(WsError::Text) } else { Ok(()) }
    }
}
