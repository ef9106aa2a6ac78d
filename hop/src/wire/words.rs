//! How far a field's name and its value reach: eight bytes at a time while they are of the usual kind, then by table.
//!
//! Each word is tested as a number. Bit 7 of a byte says that the byte is not of the usual kind; sums and differences of bytes
//! below 0x80 reach the next byte only from one that is not usual itself, so that the lowest of these bits is always right.

use super::ascii::{TEXT, TOKEN, span};

/// How many bytes at the beginning of `bytes` are a token (RFC 9110 §5.6.2).
#[inline(always)]
pub(super) fn token_bytes(bytes: &[u8]) -> usize {
    reach(bytes, TOKEN, b':', not_in_name)
}

/// How many bytes at the beginning of `bytes` may stand in a field's value (RFC 9110 §5.5).
#[inline(always)]
pub(super) fn text_bytes(bytes: &[u8]) -> usize {
    reach(bytes, TEXT, b'\r', not_visible)
}

/// How many bytes at the beginning of `bytes` are of `class`; nearly always they are followed by `end`, which is not.
#[inline(always)]
fn reach(bytes: &[u8], class: u8, end: u8, unusual: impl Fn(u64) -> u64) -> usize {
    let at = words(bytes, unusual);
    if bytes.get(at) == Some(&end) { at } else { at + span(class, &bytes[at..]) }
}

/// How many bytes there are before the first word with an unusual one, and in it before that one.
#[inline(always)]
fn words(bytes: &[u8], unusual: impl Fn(u64) -> u64) -> usize {
    let mut at = 0;
    for word in bytes.as_chunks().0 {
        let unusual = unusual(u64::from_le_bytes(*word)) & each(0x80);
        if unusual != 0 {
            return at + unusual.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at
}

/// Of bytes that are neither a letter nor a hyphen.
#[inline(always)]
fn not_in_name(word: u64) -> u64 {
    let lower = word | each(0x20);
    let from_a = lower.wrapping_add(each(0x80 - b'a'));
    let beyond_z = lower.wrapping_add(each(0x7f - b'z'));
    let not_hyphen = (word ^ each(b'-')).wrapping_add(each(0x7f));
    word | not_hyphen & (beyond_z | !from_a)
}

/// Of bytes that are neither a space nor visible ASCII.
#[inline(always)]
fn not_visible(word: u64) -> u64 {
    word | word.wrapping_sub(each(b' ')) | word.wrapping_add(each(0x7f - b'~'))
}

const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ascii::is;

    /// Every byte in every place among usual ones, and before it one of each kind that a sum could carry over from.
    #[test]
    fn words_end_where_their_first_byte_of_another_class_is() {
        for (class, bytes_of) in [(TOKEN, token_bytes as fn(&[u8]) -> usize), (TEXT, text_bytes)] {
            for len in 0..18 {
                assert_eq!(bytes_of(&vec![b'a'; len]), len);
                for (at, byte) in (0..len).flat_map(|at| (0..=255).map(move |byte| (at, byte))) {
                    for before in [b'a', b'-', b'z', b'Z', b'1', b'_', b'~', b' ', b'\t', 0x80, 0xff] {
                        let mut bytes = vec![b'b'; len];
                        bytes[at.saturating_sub(1)] = before;
                        bytes[at] = byte;
                        let expected = bytes.iter().position(|byte| !is(class, *byte)).unwrap_or(len);
                        assert_eq!(bytes_of(&bytes), expected, "{}", bytes.escape_ascii());
                    }
                }
            }
        }
    }
}
