//! Masking of WebSocket payloads (RFC 6455 §5.3), by words and in place.

/// Unmasks (or masks) `payload` in place (RFC 6455 §5.3). `offset` is how many bytes of the frame's payload came before it.
///
/// ```
/// let mut payload = *b"in two parts";
/// hop::ws::unmask(&mut payload, *b"key!", 0);
/// hop::ws::unmask(&mut payload[..5], *b"key!", 0);
/// hop::ws::unmask(&mut payload[5..], *b"key!", 5);
/// assert_eq!(&payload, b"in two parts");
/// ```
#[inline]
pub fn unmask(payload: &mut [u8], key: [u8; 4], offset: usize) {
    unmask_seen(payload, rotated(key, offset));
}

/// The key as it applies `offset` bytes later.
#[inline]
pub fn rotated(mut key: [u8; 4], offset: usize) -> [u8; 4] {
    key.rotate_left(offset % 4);
    key
}

/// Unmasks as [`unmask`] does, and says whether all that it saw is ASCII: the first look at a text costs no second pass.
///
/// The last word is read before and written after the others, so that what is left over needs no loop over bytes.
#[inline]
pub fn unmask_seen(payload: &mut [u8], key: [u8; 4]) -> bool {
    if payload.len() >= 64 {
        return unmask_long(payload, key);
    }
    let half = u32::from_ne_bytes(key);
    let word = u64::from(half) << 32 | u64::from(half);
    let Some(last) = payload.last_chunk::<8>() else { return unmask_short(payload, key) };
    let last = u64::from_ne_bytes(*last) ^ turned(word, payload.len());
    let mut seen = last;
    for chunk in payload.as_chunks_mut::<8>().0 {
        let plain = u64::from_ne_bytes(*chunk) ^ word;
        seen |= plain;
        *chunk = plain.to_ne_bytes();
    }
    if let Some(chunk) = payload.last_chunk_mut() {
        *chunk = last.to_ne_bytes();
    }
    seen & 0x8080_8080_8080_8080 == 0
}

/// Blocks first: what is left is shorter than one.
#[inline(never)]
fn unmask_long(payload: &mut [u8], key: [u8; 4]) -> bool {
    let (blocks, rest) = payload.as_chunks_mut::<64>();
    let seen = unmask_blocks(blocks, u32::from_ne_bytes(key));
    let ascii = seen & 0x8080_8080_8080_8080 == 0;
    if rest.is_empty() { ascii } else { unmask_seen(rest, key) && ascii }
}

/// Unmasks blocks; gives all that it saw, ORed.
///
/// By bytes, with the key and what was seen as numbers: of this the compiler makes 19 vector instructions a block. Look at them
/// after any change here; asking the sum `is_ascii` makes 500 of them.
#[inline(never)]
fn unmask_blocks(blocks: &mut [[u8; 64]], key: u32) -> u64 {
    let key: [u8; 16] = std::array::from_fn(|at| key.to_ne_bytes()[at % 4]);
    let mut seen = [0; 16];
    for block in blocks {
        for vector in block.as_chunks_mut::<16>().0 {
            for at in 0..16 {
                vector[at] ^= key[at];
                seen[at] |= vector[at];
            }
        }
    }
    let seen = u128::from_ne_bytes(seen);
    seen as u64 | (seen >> 64) as u64
}

#[inline(never)]
fn unmask_short(payload: &mut [u8], key: [u8; 4]) -> bool {
    let mut seen = 0;
    for (byte, key) in payload.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
        seen |= *byte;
    }
    seen < 0x80
}

/// The doubled key as it applies to a word that begins `offset` bytes later.
#[inline(always)]
fn turned(word: u64, offset: usize) -> u64 {
    let bits = 8 * (offset % 4) as u32;
    if cfg!(target_endian = "little") { word.rotate_right(bits) } else { word.rotate_left(bits) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    #[test]
    fn payloads_are_unmasked_at_any_length_and_offset() {
        let original: Vec<u8> = (0..300u16).map(|byte| (byte * 7) as u8).collect();
        for len in 0..=original.len() {
            for offset in 0..9 {
                let expected: Vec<u8> =
                    original[..len].iter().enumerate().map(|(at, byte)| byte ^ KEY[(at + offset) % 4]).collect();
                let mut payload = original[..len].to_vec();
                unmask(&mut payload, KEY, offset);
                assert_eq!(payload, expected, "{len} bytes at offset {offset}");
            }
        }
    }

    #[test]
    fn every_byte_above_ascii_is_seen() {
        for len in (0..70).chain(120..150) {
            let mut payload = vec![0x7f; len];
            unmask(&mut payload, KEY, 0);
            assert!(unmask_seen(&mut payload, KEY), "{len} bytes of ASCII");
            for at in 0..len {
                let mut payload = vec![b'a'; len];
                payload[at] = 0x80;
                unmask(&mut payload, KEY, 0);
                assert!(!unmask_seen(&mut payload, KEY), "byte {at} of {len}");
                assert_eq!(payload[at], 0x80);
            }
        }
    }
}
