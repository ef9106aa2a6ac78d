//! How far a field's name and its value reach, many bytes at a time as long as they are of the usual kind.
//!
//! Each word is tested as a number. Bit 7 of a byte says that the byte is not of the usual kind; sums and differences of bytes
//! below 0x80 reach the next byte only from one that is not usual itself, so that the lowest of these bits is always right.

use super::ascii::{TEXT, TOKEN, is};

/// How many bytes at the beginning of `bytes` are a token (RFC 9110 §5.6.2), or fewer if one of them is neither a letter nor a hyphen.
#[inline(always)]
pub(super) fn name_bytes(bytes: &[u8]) -> usize {
    words(bytes, TOKEN, not_in_name)
}

/// How many bytes at the beginning of `bytes` may stand in a field's value (RFC 9110 §5.5), or fewer if one of them is neither a space
/// nor visible ASCII.
#[inline(always)]
pub(super) fn value_bytes(bytes: &[u8]) -> usize {
    let at = visible_blocks(bytes);
    at + words(&bytes[at..], TEXT, not_visible)
}

/// How many bytes there are before the first block that is not all visible. The compiler makes five vector instructions of a block's
/// test, for which it must not stop at a byte.
#[inline(always)]
fn visible_blocks(bytes: &[u8]) -> usize {
    let mut at = 0;
    for block in bytes.as_chunks::<16>().0 {
        if !block.iter().fold(true, |all, byte| all & is_visible(*byte)) {
            break;
        }
        at += 16;
    }
    at
}

/// Whether it is a space or visible ASCII: as a signed number, which vectors compare.
#[inline(always)]
fn is_visible(byte: u8) -> bool {
    byte.wrapping_add(1).cast_signed() > b' '.cast_signed()
}

/// How many bytes there are before the first one that is unusual; among the last seven bytes, that is not of `class`.
#[inline(always)]
fn words(bytes: &[u8], class: u8, unusual: impl Fn(u64) -> u64) -> usize {
    let mut at = 0;
    for word in bytes.as_chunks().0 {
        let unusual = unusual(u64::from_le_bytes(*word)) & each(0x80);
        if unusual != 0 {
            return at + unusual.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| is(class, *byte)) {
        at += 1;
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

    /// Every byte in every place among usual ones, and before it one of each kind that a sum could carry over from.
    #[test]
    fn usual_bytes_are_passed_and_no_others() {
        let usual_in_name = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-';
        let usual_in_value = |byte: u8| (b' '..=b'~').contains(&byte);
        type Passed = fn(&[u8]) -> usize;
        let check = |passed: Passed, class, usual: &dyn Fn(u8) -> bool| {
            for (len, at) in (0..42).flat_map(|len| (0..len).map(move |at| (len, at))) {
                for (byte, before) in (0..=255).flat_map(|byte| b"a-zZ1_~ \t\x80\xff".map(|before| (byte, before))) {
                    let mut bytes = vec![b'b'; len];
                    bytes[at.saturating_sub(1)] = before;
                    bytes[at] = byte;
                    let passed = passed(&bytes);
                    let usual = bytes.iter().position(|byte| !usual(*byte)).unwrap_or(len);
                    let all = bytes.iter().position(|byte| !is(class, *byte)).unwrap_or(len);
                    assert!((usual..=all).contains(&passed), "{passed} of {}", bytes.escape_ascii());
                }
            }
        };
        check(name_bytes, TOKEN, &usual_in_name);
        check(value_bytes, TEXT, &usual_in_value);
    }
}
