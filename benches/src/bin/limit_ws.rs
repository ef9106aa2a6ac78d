//! The practical ceiling of a WebSocket echo: epoll in level mode, one read into a buffer that all connections share, the
//! frames in it unmasked in place, one write.
//!
//! The handshake is a proper one; after it nothing is checked. Every frame goes back with its opcode and the shortest
//! header, pings and closes too. A message is one frame and fits the buffer.

use hop_benches::{
    ceiling::{self, Work},
    handshake,
};
use hop_examples::Options;
use rustix::{event::epoll::EventFlags, fd::BorrowedFd, io::Errno};
use std::ops::Range;

const INPUT_BYTES: usize = 256 * 1024;
const MASK_BYTES: usize = 4;

fn main() -> std::io::Result<()> {
    let options = Options::from_args("The ceiling: echoes WebSocket frames, checking nothing (always one thread).");
    ceiling::serve(&options.addr, Echo { input: vec![0; INPUT_BYTES] })
}

struct Echo {
    /// One buffer for all connections.
    input: Vec<u8>,
}

/// What is known of a connection between events.
#[derive(Default)]
struct Peer {
    is_open: bool,
    /// The beginning of a head or frame that has not come whole. Nothing is allocated while there is none.
    rest: Vec<u8>,
}

impl Work for Echo {
    type State = Peer;
    const INTEREST: EventFlags = EventFlags::IN;

    fn ready(&mut self, socket: BorrowedFd<'_>, peer: &mut Peer) -> Result<bool, Errno> {
        let carried = peer.rest.len();
        if carried > 0 {
            self.input[..carried].copy_from_slice(&peer.rest);
        }
        let read = rustix::io::read(socket, &mut self.input[carried..])?;
        let input = &mut self.input[..carried + read];
        if read == 0 {
            return Ok(false);
        }
        if !peer.is_open {
            return open(socket, peer, input);
        }
        let (output, used) = echo(input);
        // A client that does not read its echoes is cut off: the ceiling keeps nothing to be sent later.
        let is_sent = output.is_empty() || rustix::io::write(socket, &input[output.clone()])? == output.len();
        if used < input.len() || carried > 0 {
            peer.rest = input[used..].to_vec();
        }
        Ok(is_sent)
    }
}

/// Answers the handshake once its head is whole; the client sends no frame before it has the answer.
fn open(socket: BorrowedFd<'_>, peer: &mut Peer, input: &[u8]) -> Result<bool, Errno> {
    if !input.ends_with(b"\r\n\r\n") {
        peer.rest = input.to_vec();
        return Ok(true);
    }
    *peer = Peer { is_open: true, rest: Vec::new() };
    let answer = handshake::accept(input).ok_or(Errno::PROTO)?;
    Ok(rustix::io::write(socket, &answer)? == answer.len())
}

/// Turns the whole frames of `input` into their echoes, in place: where those lie, and how much of the input they were.
/// An echo is shorter by its mask, so the first payload does not move, and the next ones move down to it.
fn echo(input: &mut [u8]) -> (Range<usize>, usize) {
    let (mut used, mut output) = (0, MASK_BYTES..MASK_BYTES);
    while let Some((header_bytes, payload_bytes)) = frame(&input[used..]) {
        let payload = used + header_bytes + MASK_BYTES..used + header_bytes + MASK_BYTES + payload_bytes;
        let Some(masked) = input.get_mut(payload.start - MASK_BYTES..payload.end) else { break };
        unmask(masked);
        match header_bytes {
            2 => copy_header::<2>(input, used, output.end),
            4 => copy_header::<4>(input, used, output.end),
            _ => copy_header::<10>(input, used, output.end),
        }
        if used > 0 {
            input.copy_within(payload.clone(), output.end + header_bytes);
        }
        output.end += header_bytes + payload_bytes;
        used = payload.end;
    }
    (output, used)
}

/// Copies a header, without its mask bit; its length is known here, which saves a call of memmove.
fn copy_header<const BYTES: usize>(input: &mut [u8], from: usize, to: usize) {
    let mut header = [0; BYTES];
    header.copy_from_slice(&input[from..from + BYTES]);
    header[1] &= 0x7f;
    input[to..to + BYTES].copy_from_slice(&header);
}

/// The lengths of a frame's header (without the mask) and payload.
fn frame(input: &[u8]) -> Option<(usize, usize)> {
    match input.get(1)? & 0x7f {
        126 => Some((4, u16::from_be_bytes(*input[2..].first_chunk()?).into())),
        127 => Some((10, u64::from_be_bytes(*input[2..].first_chunk()?).try_into().ok()?)),
        short => Some((2, short.into())),
    }
}

/// Unmasks what follows the mask, 64 bytes at a time and then a word at a time.
fn unmask(masked: &mut [u8]) {
    let Some((mask, payload)) = masked.split_first_chunk_mut::<MASK_BYTES>() else { return };
    let word = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let (blocks, rest) = payload.as_chunks_mut::<64>();
    blocks.iter_mut().for_each(|block| unmask_words(block.as_chunks_mut().0, word));
    let (words, tail) = rest.as_chunks_mut();
    unmask_words(words, word);
    tail.iter_mut().zip(word.to_ne_bytes()).for_each(|(byte, mask)| *byte ^= mask);
}

#[inline(always)]
fn unmask_words(words: &mut [[u8; 8]], mask: u64) {
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ mask).to_ne_bytes();
    }
}
