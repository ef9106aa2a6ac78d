//! What the connections of a worker share: room for a message that is not in the input as it is, inflater and deflaters.

use super::Kind;
#[cfg(feature = "deflate")]
use super::WsError;
#[cfg(feature = "deflate")]
use crate::wire::deflate::{Deflater, InflateError, Inflater, LEVEL, WINDOW_BITS_MAX};
use crate::wire::frame::{OpCode, frame};

/// Bytes that are kept for the next message.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// What reading needs beyond the connection's state: one for all connections of a worker.
#[derive(Debug, Default)]
pub struct Unpacker {
    /// The last message that was gathered or inflated.
    pub(super) message: Vec<u8>,
    #[cfg(feature = "deflate")]
    inflater: Option<Inflater>,
}

impl Unpacker {
    /// Gives back the memory of a large message. To be called after the turn that handled it.
    pub fn trim(&mut self) {
        if self.message.capacity() > KEPT_BYTES_MAX {
            self.message = Vec::new();
        }
    }

    /// Puts a message into `message`, inflated by the connection's own inflater or the shared one.
    #[cfg(feature = "deflate")]
    pub(super) fn inflate(
        &mut self,
        own: Option<&mut Inflater>,
        compressed: &[u8],
        max_bytes: usize,
    ) -> Result<(), WsError> {
        self.message.clear();
        let shared = &mut self.inflater;
        let inflater = own.unwrap_or_else(|| shared.get_or_insert_with(|| Inflater::new(WINDOW_BITS_MAX, false)));
        inflater.inflate(compressed, &mut self.message, max_bytes).map_err(|error| match error {
            InflateError::TooLarge => WsError::TooLarge,
            InflateError::Malformed => WsError::Inflate,
        })
    }
}

/// Appends a message as one uncompressed frame, the same for all connections. A publisher encodes once and shares.
#[inline]
pub fn encode(out: &mut Vec<u8>, kind: Kind, data: &[u8]) {
    frame(out, OpCode::of(kind), false, data);
}

/// What writing needs beyond the connection's state: one for all connections of a worker.
#[derive(Debug, Default)]
pub struct Packer {
    /// The last compressed message.
    #[cfg(feature = "deflate")]
    pub(super) payload: Vec<u8>,
    /// For windows from 2^9 to 2^15 bytes, made when first used. All but the last are rare.
    #[cfg(feature = "deflate")]
    deflaters: [Option<Deflater>; 7],
}

impl Packer {
    /// Gives back the memory of a large message. To be called when it is written.
    #[cfg(feature = "deflate")]
    pub(super) fn trim(&mut self) {
        if self.payload.capacity() > KEPT_BYTES_MAX {
            self.payload = Vec::new();
        }
    }

    /// Appends a message as a compressed frame for all connections with this [`Ws::shared_window_bits`](super::Ws), or as it is
    /// where that is not longer. A publisher encodes once and shares.
    pub fn encode(&mut self, out: &mut Vec<u8>, kind: Kind, data: &[u8], window_bits: u8) {
        #[cfg(feature = "deflate")]
        {
            self.deflate(None, data, window_bits);
            if self.payload.len() < data.len() {
                frame(out, OpCode::of(kind), true, &self.payload);
            } else {
                encode(out, kind, data);
            }
            self.trim();
        }
        #[cfg(not(feature = "deflate"))]
        {
            let _ = window_bits; // There is nothing to compress with.
            encode(out, kind, data);
        }
    }

    /// Puts the compressed form into `payload`, made by the connection's own deflater or a shared one.
    #[cfg(feature = "deflate")]
    pub(super) fn deflate(&mut self, own: Option<&mut Deflater>, data: &[u8], window_bits: u8) {
        self.payload.clear();
        let at = usize::from(window_bits.clamp(9, WINDOW_BITS_MAX) - 9);
        let shared = &mut self.deflaters[at];
        let deflater = own.unwrap_or_else(|| shared.get_or_insert_with(|| Deflater::new(at as u8 + 9, false, LEVEL)));
        deflater.deflate(data, &mut self.payload);
    }
}
