//! A hash for paths and their segments.

use std::hash::Hasher;

/// A hash that is cheap for short texts. Clients choose only what is looked up, never what is in the table, so that it need not be keyed.
#[derive(Default)]
pub(crate) struct PathHasher(u64);

/// An odd number without a pattern: the golden ratio's fraction in 64 bits.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

impl PathHasher {
    #[inline]
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }
}

impl Hasher for PathHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.add(bytes.len() as u64);
        let Some(last) = bytes.last_chunk() else {
            // Without a copy, which would be a call.
            return self.add(bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        };
        bytes.as_chunks::<8>().0.iter().for_each(|word| self.add(u64::from_le_bytes(*word)));
        // Overlaps the word before it, unless the length is a multiple of eight.
        self.add(u64::from_le_bytes(*last));
    }

    /// The end of a text; its length is in the hash already.
    #[inline]
    fn write_u8(&mut self, _: u8) {}

    /// The length of bytes, which is in the hash already.
    #[inline]
    fn write_usize(&mut self, _: usize) {}

    #[inline]
    fn finish(&self) -> u64 {
        // The table takes its top seven bits and its low bits: the product's low bits know only the low bits of the words.
        self.0 ^ self.0 >> 32
    }
}
