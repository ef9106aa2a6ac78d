//! Unread input of one connection: what was read and cannot be used yet.

/// Bytes in the order in which they came; grows geometrically with what really came, and lives only while it holds something.
#[derive(Debug, Default)]
pub struct Carry {
    bytes: Vec<u8>,
    used: usize,
    /// How much of the unread bytes is known not to hold the end of a head.
    pub searched: usize,
}

impl From<&[u8]> for Carry {
    fn from(bytes: &[u8]) -> Self {
        Carry { bytes: bytes.to_vec(), used: 0, searched: 0 }
    }
}

impl Carry {
    /// The bytes that were not used yet.
    pub fn unread(&self) -> &[u8] {
        &self.bytes[self.used..]
    }

    /// More has come.
    pub fn append(&mut self, bytes: &[u8]) {
        if self.used > 0 {
            self.bytes.drain(..self.used);
            self.used = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The first `n` unread bytes were used.
    pub fn consume(&mut self, n: usize) {
        self.used += n;
    }
}
