//! Classes of bytes and comparisons without case: what every grammar of this layer is made of.

/// `tchar` (RFC 9110 §5.6.2): what methods, field names and parameter names consist of.
pub(super) const TOKEN: u8 = 1;
/// `unreserved` or `sub-delims` (RFC 3986 §2): what a registered name consists of, next to percent-encoding.
pub(super) const NAME: u8 = 2;
/// HTAB, SP, VCHAR and obs-text: what field values and, with two exceptions, quoted strings consist of (RFC 9110 §5.5, §5.6.4).
pub(super) const TEXT: u8 = 4;
/// What a query may hold here: visible ASCII but `#`.
pub(super) const QUERY: u8 = 8;
/// What a path may hold here: as [`QUERY`], but not `?`.
pub(super) const PATH: u8 = 16;

/// The classes of each byte, ORed. A constant and not a static, so that it is reached without an indirection.
const CLASSES: &[u8; 256] = &classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = classes_of(byte as u8);
        byte += 1;
    }
    classes
}

const fn classes_of(byte: u8) -> u8 {
    let alphanumeric = byte.is_ascii_alphanumeric();
    let token = alphanumeric
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~');
    let name = alphanumeric || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&'..=b',' | b';' | b'=');
    let text = matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    let query = byte.is_ascii_graphic() && byte != b'#';
    let path = query && byte != b'?';
    (TOKEN * token as u8) | (NAME * name as u8) | (TEXT * text as u8) | (QUERY * query as u8) | (PATH * path as u8)
}

/// Whether `byte` is of `class`.
#[inline(always)]
pub(super) fn is(class: u8, byte: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// How many bytes at the beginning of `bytes` are of `class`.
#[inline(always)]
pub(super) fn span(class: u8, bytes: &[u8]) -> usize {
    let of = |byte: u8| CLASSES[usize::from(byte)];
    let mut at = 0;
    // By fours: one branch for four bytes.
    for &[a, b, c, d] in bytes.as_chunks().0 {
        if of(a) & of(b) & of(c) & of(d) & class == 0 {
            break;
        }
        at += 4;
    }
    while let Some(&byte) = bytes.get(at)
        && is(class, byte)
    {
        at += 1;
    }
    at
}

/// Whether all of `bytes` are of `class`.
#[inline(always)]
pub(super) fn all(class: u8, bytes: &[u8]) -> bool {
    span(class, bytes) == bytes.len()
}

/// A token (RFC 9110 §5.6.2): at least one byte, all of them `tchar`.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && all(TOKEN, bytes)
}

/// Whether `bytes` is `lower` in any case. `lower` must consist of lower-case letters and hyphens, 4 to 24 of them.
///
/// Words instead of bytes: setting bit 5 makes letters lower-case and leaves a hyphen alone. It maps nothing else to either but
/// CR (to the hyphen), which neither the name nor the value of a field can hold.
#[inline(always)]
pub(super) fn matches<const N: usize>(bytes: &[u8], lower: &[u8; N]) -> bool {
    let Ok(bytes) = <&[u8; N]>::try_from(bytes) else { return false };
    const { assert!(4 <= N && N <= 24) };
    if N < 8 {
        return word4(bytes, 0) == word4(lower, 0) && word4(bytes, N - 4) == word4(lower, N - 4);
    }
    word8(bytes, 0) == word8(lower, 0)
        && word8(bytes, N - 8) == word8(lower, N - 8)
        && (N <= 16 || word8(bytes, 8.min(N - 8)) == word8(lower, 8.min(N - 8)))
}

#[inline(always)]
fn word4(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |word| u32::from_ne_bytes(*word) | 0x2020_2020)
}

#[inline(always)]
fn word8(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |word| u64::from_ne_bytes(*word) | 0x2020_2020_2020_2020)
}

/// The elements of a comma-separated list (RFC 9110 §5.6.1.2): trimmed; empty ones are left out.
pub(crate) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(trim).filter(|element| !element.is_empty())
}

/// Without optional whitespace (SP and HTAB, RFC 9110 §5.6.3) at either end. `trim_ascii` would also take what is not OWS.
#[inline(always)]
pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    // Nearly always: one space before and no other blanks.
    match bytes {
        [b' ', rest @ ..] if rest.first() > Some(&b' ') && rest.last() > Some(&b' ') => rest,
        _ => trim_all(bytes),
    }
}

fn trim_all(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_end_at_the_first_byte_of_another_class() {
        for len in 0..20 {
            for at in 0..len {
                let mut bytes = vec![b'a'; len];
                bytes[at] = b'/';
                assert_eq!(span(TOKEN, &bytes), at, "of {len}");
                assert!(!all(TOKEN, &bytes));
            }
            assert_eq!(span(TOKEN, &vec![b'a'; len]), len);
        }
    }

    #[test]
    fn classes_are_those_of_the_grammars() {
        for byte in 0..=255u8 {
            let alphanumeric = byte.is_ascii_alphanumeric();
            assert_eq!(is(TOKEN, byte), alphanumeric || b"!#$%&'*+-.^_`|~".contains(&byte), "{byte:#x}");
            assert_eq!(is(NAME, byte), alphanumeric || b"-._~!$&'()*+,;=".contains(&byte), "{byte:#x}");
            assert_eq!(is(TEXT, byte), byte == b'\t' || (byte >= b' ' && byte != 0x7f), "{byte:#x}");
            assert_eq!(is(QUERY, byte), (0x21..0x7f).contains(&byte) && byte != b'#', "{byte:#x}");
            assert_eq!(is(PATH, byte), is(QUERY, byte) && byte != b'?', "{byte:#x}");
        }
    }

    /// Each name that hop looks for, with every byte put in every place.
    #[test]
    fn names_match_in_any_case_and_only_themselves() {
        fn check<const N: usize>(lower: &[u8; N]) {
            assert!(matches(lower, lower) && matches(&lower.to_ascii_uppercase(), lower));
            assert!(!matches(&lower[1..], lower) && !matches(&[&lower[..], b"s"].concat(), lower));
            for at in 0..N {
                for byte in (0..=255).filter(|byte| is(TEXT, *byte)) {
                    let mut other = *lower;
                    other[at] = byte;
                    assert_eq!(matches(&other, lower), other.eq_ignore_ascii_case(lower), "{:?}", other.escape_ascii());
                }
            }
        }
        check(b"host");
        check(b"close");
        check(b"expect");
        check(b"upgrade");
        check(b"chunked");
        check(b"connection");
        check(b"keep-alive");
        check(b"content-length");
        check(b"transfer-encoding");
    }

    #[test]
    fn lists_drop_blanks_and_empty_elements() {
        // RFC 9110 §5.6.1.2
        let elements = |value: &'static str| list(value.as_bytes()).collect::<Vec<_>>();
        assert_eq!(elements(" , a,,\tb c \t, "), [&b"a"[..], b"b c"]);
        assert_eq!(elements("\x0ba\x0b"), [b"\x0ba\x0b"], "only SP and HTAB are OWS");
        assert!(elements("").is_empty() && elements(" ,\t").is_empty());
    }

    #[test]
    fn an_empty_string_is_no_token() {
        assert!(!is_token(b"") && is_token(b"a") && !is_token(b"a b"));
    }
}
