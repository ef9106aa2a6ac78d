//! permessage-deflate (RFC 7692): what is agreed on, and messages inflated and deflated.
//!
//! By default neither side keeps a window between messages, so that one [`Inflater`] and one [`Deflater`] serve all connections of
//! a worker and a connection keeps no memory for compression.

use std::fmt::Write;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::offer::Offer;

/// What ends a message, and is left out on the wire (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// The largest window, as an exponent of 2. Windows of 2^9 and more are compressed for; see [`Agreed::can_deflate`].
pub const WINDOW_BITS_MAX: u8 = 15;
const WINDOW_BITS_MIN: u8 = 9;

/// Bytes that a dedicated window can refer back to, at most.
const WINDOW_BYTES_MAX: usize = 1 << WINDOW_BITS_MAX;

/// How hard zlib tries, of 0 to 9: its own default.
pub const LEVEL: u32 = 6;

/// How often a message may hold a block that says it is the last one: so often, and once more for so many bytes.
const RESTARTS_MAX: usize = 16;
const RESTART_EVERY_BYTES: usize = 4096;

/// First room for an inflated message; doubled when it does not do.
const ROOM_BYTES_MIN: usize = 1024;

/// What a server would like to agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// Keep the own window from message to message: up to 300 KiB a connection, smaller messages.
    pub server_context: bool,
    /// Keep the client's window from message to message: up to 40 KiB a connection.
    pub client_context: bool,
    /// Largest own window, 9 to 15.
    pub server_window_bits: u8,
    /// Largest window of the client, 9 to 15; asked for where the client says that it can be.
    pub client_window_bits: u8,
}

impl Default for Wishes {
    fn default() -> Wishes {
        let bits = WINDOW_BITS_MAX;
        Wishes { server_context: false, client_context: false, server_window_bits: bits, client_window_bits: bits }
    }
}

/// What client and server have agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The server keeps its window from message to message.
    pub server_context: bool,
    /// The client may keep its window from message to message.
    pub client_context: bool,
    /// The server's largest window, as an exponent of 2: 8 to 15.
    pub server_window_bits: u8,
    /// The client's largest window, as an exponent of 2: 8 to 15.
    pub client_window_bits: u8,
    /// The client has asked for a window of the server.
    server_told_bits: bool,
    client_told_bits: bool,
}

/// Agrees on the first offer (RFC 7692 §7.1); every legal one can be met. `None` where there is none.
pub fn agree(offers: &[Offer], wishes: &Wishes) -> Option<Agreed> {
    let offer = offers.first()?;
    let client_bits = offer.client_max_window_bits.map(|most| most.unwrap_or(WINDOW_BITS_MAX));
    Some(Agreed {
        server_context: wishes.server_context && !offer.server_no_context_takeover,
        client_context: wishes.client_context && !offer.client_no_context_takeover,
        server_window_bits: offer.server_max_window_bits.unwrap_or(WINDOW_BITS_MAX).min(wishes.server_window_bits),
        server_told_bits: offer.server_max_window_bits.is_some(),
        // A client that does not name the parameter cannot be told (RFC 7692 §7.1.2.2).
        client_window_bits: client_bits.map_or(WINDOW_BITS_MAX, |most| most.min(wishes.client_window_bits)),
        client_told_bits: client_bits.is_some(),
    })
}

impl Agreed {
    /// The value of `Sec-WebSocket-Extensions` in the answer.
    pub fn header(&self) -> String {
        let mut value = String::from("permessage-deflate");
        if !self.server_context {
            value += "; server_no_context_takeover";
        }
        if !self.client_context {
            value += "; client_no_context_takeover";
        }
        // What was asked for is accepted by saying it, whatever it is (RFC 7692 §7.1.2.1).
        if self.server_told_bits || self.server_window_bits < WINDOW_BITS_MAX {
            let _ = write!(value, "; server_max_window_bits={}", self.server_window_bits);
        }
        if self.client_told_bits && self.client_window_bits < WINDOW_BITS_MAX {
            let _ = write!(value, "; client_max_window_bits={}", self.client_window_bits);
        }
        value
    }

    /// Whether messages can be compressed for the client. With a window of 2^8 they cannot: zlib has no such raw compressor, and all
    /// messages are sent as they are, which RFC 7692 §6 leaves to the sender.
    pub fn can_deflate(&self) -> bool {
        self.server_window_bits >= WINDOW_BITS_MIN
    }
}

/// Why a compressed message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InflateError {
    /// It is longer than allowed when inflated: close code 1009.
    TooLarge,
    /// It is not DEFLATE: close code 1007.
    Malformed,
}

/// Inflates messages. About 40 KiB once the first message came.
#[derive(Debug)]
pub struct Inflater {
    inner: Decompress,
    context: bool,
}

impl Inflater {
    /// For windows up to `window_bits`, 8 to 15; with `context` the window is kept from message to message.
    pub fn new(window_bits: u8, context: bool) -> Inflater {
        // A larger window than needed does no harm.
        let window_bits = window_bits.clamp(WINDOW_BITS_MIN, WINDOW_BITS_MAX);
        Inflater { inner: Decompress::new_with_window_bits(false, window_bits), context }
    }

    /// Appends the inflated form of the message `input`, at most `max_bytes`; never reserves more than one byte above that.
    ///
    /// After an error the inflater is as new.
    pub fn inflate(&mut self, input: &[u8], out: &mut Vec<u8>, max_bytes: usize) -> Result<(), InflateError> {
        let start = out.len();
        let mut room = Room { start, max_bytes, restarts: 0 };
        let result = self.feed(input, out, &mut room).and_then(|()| self.finish(out, &mut room));
        if result.is_err() || !self.context {
            self.inner.reset(false);
        }
        result
    }

    /// The tail ends an empty block. Where it is taken for data, the message was cut off.
    fn finish(&mut self, out: &mut Vec<u8>, room: &mut Room) -> Result<(), InflateError> {
        let whole = out.len();
        self.feed(&TAIL, out, room)?;
        if out.len() > whole { Err(InflateError::Malformed) } else { Ok(()) }
    }

    fn feed(&mut self, mut input: &[u8], out: &mut Vec<u8>, room: &mut Room) -> Result<(), InflateError> {
        loop {
            room.make(out)?;
            let before = self.inner.total_in();
            let status = self.inner.decompress_vec(input, out, FlushDecompress::Sync);
            input = &input[(self.inner.total_in() - before) as usize..];
            match status.map_err(|_| InflateError::Malformed)? {
                Status::StreamEnd => self.go_on(&out[room.start..], room)?,
                // What did not fit may still be inside: only room that was left proves the end.
                _ if input.is_empty() && out.len() < out.capacity() => return Ok(()),
                Status::BufError if out.len() < out.capacity() => return Err(InflateError::Malformed),
                _ => {}
            }
            if input.is_empty() && out.len() < out.capacity() {
                return Ok(());
            }
        }
    }

    /// A block said that it is the last one: legal inside a message, which goes on with the same window (RFC 7692 §7.2.3.5).
    ///
    /// Only this message's part of the window is put back: what refers to messages before it is malformed then. As that is a copy of up to 32 KiB, a message that restarts more often
    /// than its length explains is refused.
    fn go_on(&mut self, so_far: &[u8], room: &mut Room) -> Result<(), InflateError> {
        room.restarts += 1;
        if room.restarts > RESTARTS_MAX + so_far.len() / RESTART_EVERY_BYTES {
            return Err(InflateError::Malformed);
        }
        self.inner.reset(false);
        let window = &so_far[so_far.len().saturating_sub(WINDOW_BYTES_MAX)..];
        if window.is_empty() {
            return Ok(());
        }
        self.inner.set_dictionary(window).map(|_| ()).map_err(|_| InflateError::Malformed)
    }
}

/// The room for an inflated message, which grows up to the limit and one byte.
struct Room {
    start: usize,
    max_bytes: usize,
    restarts: usize,
}

impl Room {
    /// Makes room for at least one byte more.
    fn make(&mut self, out: &mut Vec<u8>) -> Result<(), InflateError> {
        let have = out.len() - self.start;
        if have > self.max_bytes {
            return Err(InflateError::TooLarge);
        }
        if out.len() == out.capacity() {
            let left = (self.max_bytes - have).saturating_add(1);
            out.reserve_exact(have.max(ROOM_BYTES_MIN).min(left));
        }
        Ok(())
    }
}

/// Deflates messages. 100 to 300 KiB.
#[derive(Debug)]
pub struct Deflater {
    inner: Compress,
    context: bool,
}

impl Deflater {
    /// With a window of `window_bits`, 9 to 15; with `context` it is kept from message to message. `level` from 0 (none) to 9.
    ///
    /// # Panics
    ///
    /// On window bits or a level out of range.
    pub fn new(window_bits: u8, context: bool, level: u32) -> Deflater {
        Deflater { inner: Compress::new_with_window_bits(Compression::new(level), false, window_bits), context }
    }

    /// Appends the compressed form of the message `input`, without the tail (RFC 7692 §7.2.1).
    pub fn deflate(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        // An empty block and nothing else (RFC 7692 §7.2.3.6); a second flush in a row would write nothing.
        if input.is_empty() {
            return out.push(0);
        }
        let start = out.len();
        out.reserve(input.len() / 4 + 64);
        loop {
            let before = self.inner.total_in();
            // Errors are those of a stream that was finished, which this one never is.
            let _ = self.inner.compress_vec(input, out, FlushCompress::Sync);
            input = &input[(self.inner.total_in() - before) as usize..];
            if input.is_empty() && out.len() < out.capacity() {
                break;
            }
            out.reserve((out.len() - start).max(64));
        }
        debug_assert!(out[start..].ends_with(&TAIL), "a sync flush ends with an empty stored block");
        out.truncate(out.len() - TAIL.len());
        if !self.context {
            self.inner.reset();
        }
    }
}

#[cfg(test)]
mod tests;
