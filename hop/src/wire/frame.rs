//! WebSocket frames (RFC 6455 §5): headers read and written. Their payloads are the business of [`mask`](super::mask).
//!
//! Read by hand and not by tungstenite's `FrameHeader`, whose cursor and 14 dependencies cost more than the rules below.
//! [`parse`] takes any legal header; [`whole`] is the short way for what nearly every frame is.

use std::fmt;

/// Most payload bytes of a control frame (RFC 6455 §5.5).
pub const CONTROL_BYTES_MAX: usize = 125;

/// Most bytes of a header: two, eight of length, four of mask.
pub const HEADER_BYTES_MAX: usize = 14;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_RSV3: u8 = 0x30;
const MASKED: u8 = 0x80;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

/// What a frame is (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OpCode {
    /// Goes on with the message that an earlier frame began.
    Continuation = 0,
    /// Begins a message of UTF-8 text.
    Text = 1,
    /// Begins a message of bytes.
    Binary = 2,
    /// Ends the connection.
    Close = 8,
    /// Asks for a pong.
    Ping = 9,
    /// Answers a ping, or comes unasked.
    Pong = 10,
}

impl OpCode {
    /// Close, ping and pong: at most 125 bytes, never fragmented, welcome between the fragments of a message.
    ///
    /// ```
    /// assert!(hop::ws::OpCode::Ping.is_control() && !hop::ws::OpCode::Text.is_control());
    /// ```
    #[inline]
    pub fn is_control(self) -> bool {
        self as u8 & 8 != 0
    }

    #[inline]
    fn from_bits(bits: u8) -> Option<OpCode> {
        Some(match bits {
            0 => OpCode::Continuation,
            1 => OpCode::Text,
            2 => OpCode::Binary,
            8 => OpCode::Close,
            9 => OpCode::Ping,
            10 => OpCode::Pong,
            _ => return None,
        })
    }
}

/// What stands before a frame's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The last frame of its message.
    pub fin: bool,
    /// The message is compressed (RFC 7692 §6); legal only where that was agreed on.
    pub rsv1: bool,
    /// What the frame is.
    pub opcode: OpCode,
    /// The key to [`unmask`](super::mask::unmask) with. Frames of clients always have one, those of servers never (RFC 6455 §5.1).
    pub mask: Option<[u8; 4]>,
    /// Length of the payload that follows, below 2^63. It is the peer's word: never allocate by it.
    pub payload_bytes: u64,
}

/// Why bytes are no frame. The connection fails with close code 1002 (RFC 6455 §7.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// RSV2 or RSV3 is set, or RSV1 on a frame that cannot begin a compressed message.
    ReservedBit,
    /// The opcode is none of the six.
    OpCode,
    /// A control frame without FIN.
    FragmentedControl,
    /// A control frame of more than 125 bytes.
    LongControl,
    /// The length is written in more bytes than it needs.
    Length,
    /// The length is 2^63 or more.
    LengthTopBit,
}

impl FrameError {
    /// What was wrong, for people, with the clause that says so.
    ///
    /// ```
    /// let error = hop::ws::parse(&[0x83, 0x80]).unwrap_err();
    /// assert_eq!(error.what(), "the opcode is reserved (RFC 6455 §5.2)");
    /// ```
    pub fn what(self) -> &'static str {
        match self {
            FrameError::ReservedBit => "a reserved bit is set (RFC 6455 §5.2)",
            FrameError::OpCode => "the opcode is reserved (RFC 6455 §5.2)",
            FrameError::FragmentedControl => "a control frame is fragmented (RFC 6455 §5.5)",
            FrameError::LongControl => "a control frame is longer than 125 bytes (RFC 6455 §5.5)",
            FrameError::Length => "the length is not written in the fewest bytes (RFC 6455 §5.2)",
            FrameError::LengthTopBit => "the length is 2^63 or more (RFC 6455 §5.2)",
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what())
    }
}

impl std::error::Error for FrameError {}

/// Reads the header at the beginning of `input`: its length and what it says; `None` while it is not complete.
///
/// Both masked and unmasked headers are read; which of them is right depends on who sent it. Whether the frame fits into the order
/// of frames is not looked at.
///
/// ```
/// use hop::ws::{OpCode, parse, unmask};
///
/// // RFC 6455 §5.7: a single-frame masked text message.
/// let mut input = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let (used, header) = parse(&input)?.expect("it is complete");
/// assert_eq!((used, header.opcode, header.payload_bytes), (6, OpCode::Text, 5));
/// unmask(&mut input[used..], header.mask.expect("clients mask"), 0);
/// assert_eq!(&input[used..], b"Hello");
/// # Ok::<(), hop::ws::FrameError>(())
/// ```
#[inline]
pub fn parse(input: &[u8]) -> Result<Option<(usize, Header)>, FrameError> {
    let Some(&[first, second]) = input.first_chunk() else { return Ok(None) };
    let opcode = OpCode::from_bits(first & 0x0f).ok_or(FrameError::OpCode)?;
    check(first, second, opcode)?;
    let Some((mut used, payload_bytes)) = length(input, second & !MASKED)? else { return Ok(None) };
    let mut mask = None;
    if second & MASKED != 0 {
        let Some(key) = input.get(used..).and_then(|rest| rest.first_chunk()) else { return Ok(None) };
        mask = Some(*key);
        used += 4;
    }
    let header = Header { fin: first & FIN != 0, rsv1: first & RSV1 != 0, opcode, mask, payload_bytes };
    Ok(Some((used, header)))
}

/// The rules for the first two bytes.
#[inline]
fn check(first: u8, second: u8, opcode: OpCode) -> Result<(), FrameError> {
    let begins = matches!(opcode, OpCode::Text | OpCode::Binary);
    if first & RSV2_RSV3 != 0 || (first & RSV1 != 0 && !begins) {
        return Err(FrameError::ReservedBit);
    }
    if opcode.is_control() && first & FIN == 0 {
        return Err(FrameError::FragmentedControl);
    }
    if opcode.is_control() && second & !MASKED > CONTROL_BYTES_MAX as u8 {
        return Err(FrameError::LongControl);
    }
    Ok(())
}

/// Where the length ends and what it is.
#[inline]
fn length(input: &[u8], short: u8) -> Result<Option<(usize, u64)>, FrameError> {
    match short {
        LENGTH_16 => {
            let Some(&[_, _, high, low]) = input.first_chunk() else { return Ok(None) };
            let bytes = u16::from_be_bytes([high, low]);
            if bytes < u16::from(LENGTH_16) { Err(FrameError::Length) } else { Ok(Some((4, u64::from(bytes)))) }
        }
        LENGTH_64 => {
            let Some(bytes) = input.get(2..).and_then(|rest| rest.first_chunk()) else { return Ok(None) };
            match u64::from_be_bytes(*bytes) {
                0..=0xffff => Err(FrameError::Length),
                0x8000_0000_0000_0000.. => Err(FrameError::LengthTopBit),
                bytes => Ok(Some((10, bytes))),
            }
        }
        short => Ok(Some((2, u64::from(short)))),
    }
}

/// A whole data frame that is a message by itself, masked and not compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Bytes, not text.
    pub binary: bool,
    /// The key to [`unmask`](super::mask::unmask) with.
    pub key: [u8; 4],
    /// Where the payload begins.
    pub start: usize,
    /// Where the payload, and the frame, end.
    pub end: usize,
}

/// The frame at the beginning of `input`, if it is all there, masked, unfragmented, data, not compressed and below 64 KiB.
///
/// `None` says nothing: ask [`parse`].
#[inline(always)]
pub fn whole(input: &[u8]) -> Option<Whole> {
    let head = input.first_chunk::<6>()?;
    let kind = head[0].wrapping_sub(FIN | OpCode::Text as u8);
    let short = head[1].wrapping_sub(MASKED);
    if kind > 1 || short > LENGTH_16 {
        return None;
    }
    let (key, start, end) = if short < LENGTH_16 {
        (head.last_chunk()?, 6, 6 + usize::from(short))
    } else {
        let payload_bytes = u16::from_be_bytes([head[2], head[3]]);
        if payload_bytes < u16::from(LENGTH_16) {
            return None;
        }
        (input.first_chunk::<8>()?.last_chunk()?, 8, 8 + usize::from(payload_bytes))
    };
    // Compared once, by itself: so the compiler knows it wherever the frame is cut out.
    if end > input.len() { None } else { Some(Whole { binary: kind == 1, key: *key, start, end }) }
}

impl Header {
    /// Appends the header in the fewest bytes.
    ///
    /// ```
    /// use hop::ws::{Header, OpCode};
    ///
    /// let mut out = Vec::new();
    /// Header { fin: true, rsv1: false, opcode: OpCode::Text, mask: None, payload_bytes: 5 }.encode(&mut out);
    /// out.extend_from_slice(b"Hello");
    /// assert_eq!(out, b"\x81\x05Hello"); // RFC 6455 §5.7
    /// ```
    pub fn encode(&self, out: &mut Vec<u8>) {
        let first = self.opcode as u8 | if self.fin { FIN } else { 0 } | if self.rsv1 { RSV1 } else { 0 };
        let at = out.len();
        head(out, first, self.payload_bytes);
        if let Some(key) = self.mask {
            out[at + 1] |= MASKED;
            out.extend_from_slice(&key);
        }
    }
}

/// Appends an unfragmented, unmasked frame: all that a server sends. `rsv1` marks a compressed message.
#[inline]
pub fn frame(out: &mut Vec<u8>, opcode: OpCode, rsv1: bool, payload: &[u8]) {
    let first = FIN | opcode as u8 | if rsv1 { RSV1 } else { 0 };
    head(out, first, payload.len() as u64);
    out.extend_from_slice(payload);
}

#[inline]
fn head(out: &mut Vec<u8>, first: u8, payload_bytes: u64) {
    if payload_bytes <= CONTROL_BYTES_MAX as u64 {
        out.extend_from_slice(&[first, payload_bytes as u8]);
    } else if payload_bytes <= 0xffff {
        let [high, low] = (payload_bytes as u16).to_be_bytes();
        out.extend_from_slice(&[first, LENGTH_16, high, low]);
    } else {
        long_head(out, first, payload_bytes);
    }
}

#[inline(never)]
fn long_head(out: &mut Vec<u8>, first: u8, payload_bytes: u64) {
    out.extend_from_slice(&[first, LENGTH_64]);
    out.extend_from_slice(&payload_bytes.to_be_bytes());
}

#[cfg(test)]
mod tests;
