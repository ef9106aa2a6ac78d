//! UTF-8 that comes in pieces: valid so far, or not, as soon as that is certain.

/// The beginning of a code point that a piece ended in: at most three bytes. The caller keeps it between [`step`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    bytes: [u8; 3],
    len: u8,
}

/// The bytes are not UTF-8, whatever follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utf8Error;

impl Tail {
    /// No code point is open: the text may end here.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// Whether `bytes` are UTF-8 as a whole.
#[inline]
pub fn is_valid(bytes: &[u8]) -> bool {
    simdutf8::basic::from_utf8(bytes).is_ok()
}

/// Looks at the next piece of a text.
///
/// # Errors
///
/// At the first byte that no continuation could make valid, even in the middle of a code point: an overlong form or a surrogate is
/// known by its second byte (Unicode, table 3-7).
pub fn step(tail: &mut Tail, piece: &[u8]) -> Result<(), Utf8Error> {
    let rest = if tail.is_empty() { piece } else { complete(tail, piece)? };
    match simdutf8::compat::from_utf8(rest) {
        Ok(_) => Ok(()),
        Err(error) if error.error_len().is_some() => Err(Utf8Error),
        Err(error) => {
            let open = &rest[error.valid_up_to()..];
            tail.bytes[..open.len()].copy_from_slice(open);
            tail.len = open.len() as u8;
            Ok(())
        }
    }
}

/// Goes on with the open code point, byte by byte; gives what follows it.
fn complete<'b>(tail: &mut Tail, piece: &'b [u8]) -> Result<&'b [u8], Utf8Error> {
    let mut open = [0; 4];
    let mut len = usize::from(tail.len);
    open[..len].copy_from_slice(&tail.bytes[..len]);
    for (at, byte) in piece.iter().enumerate() {
        open[len] = *byte;
        len += 1;
        match str::from_utf8(&open[..len]) {
            Ok(_) => {
                *tail = Tail::default();
                return Ok(&piece[at + 1..]);
            }
            Err(error) if error.error_len().is_some() => return Err(Utf8Error),
            // Four bytes are a code point or an error: so at most three are kept.
            Err(_) => {
                tail.bytes[len - 1] = *byte;
                tail.len = len as u8;
            }
        }
    }
    Ok(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes were needed to see the error, when they come in pieces of `size`.
    fn seen_after(bytes: &[u8], size: usize) -> Result<bool, usize> {
        let mut tail = Tail::default();
        for (at, piece) in bytes.chunks(size).enumerate() {
            step(&mut tail, piece).map_err(|Utf8Error| at * size + piece.len())?;
        }
        Ok(tail.is_empty())
    }

    /// The naive oracle: the shortest prefix that std finds wrong.
    fn first_wrong(bytes: &[u8]) -> Result<bool, usize> {
        let wrong = |len: &usize| str::from_utf8(&bytes[..*len]).is_err_and(|error| error.error_len().is_some());
        match (1..=bytes.len()).find(wrong) {
            Some(len) => Err(len),
            None => Ok(str::from_utf8(bytes).is_ok()),
        }
    }

    #[track_caller]
    fn check(bytes: &[u8]) {
        let expected = first_wrong(bytes);
        assert_eq!(seen_after(bytes, 1), expected, "{} byte by byte", bytes.escape_ascii());
        assert_eq!(is_valid(bytes), expected == Ok(true));
        for cut in 1..bytes.len() {
            let mut tail = Tail::default();
            let outcome = step(&mut tail, &bytes[..cut])
                .map_err(|_| cut)
                .and_then(|()| step(&mut tail, &bytes[cut..]).map_err(|_| bytes.len()).map(|()| tail.is_empty()));
            let expected = expected.map_err(|len| if len <= cut { cut } else { bytes.len() });
            assert_eq!(outcome, expected, "{} cut at {cut}", bytes.escape_ascii());
        }
    }

    #[test]
    fn the_cases_of_autobahn_hold_in_every_split() {
        // Sections 6.5 to 6.23 of the Autobahn test suite, in bytes.
        let cases: &[&[u8]] = &[
            b"",
            "Hello-\u{b5}@\u{df}\u{f6}\u{e4}\u{fc}\u{e0}\u{e1}-UTF-8!!".as_bytes(),
            b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
            b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
            b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited",
            b"\x00",
            b"\xc2\x80",
            b"\xe0\xa0\x80",
            b"\xf0\x90\x80\x80",
            b"\xf8\x88\x80\x80\x80",
            b"\xfc\x84\x80\x80\x80\x80",
            b"\x7f",
            b"\xdf\xbf",
            b"\xef\xbf\xbf",
            b"\xf4\x8f\xbf\xbf",
            b"\xf7\xbf\xbf\xbf",
            b"\xfb\xbf\xbf\xbf\xbf",
            b"\xfd\xbf\xbf\xbf\xbf\xbf",
            b"\xed\x9f\xbf",
            b"\xee\x80\x80",
            b"\xef\xbf\xbd",
            b"\xf4\x90\x80\x80",
            b"\x80",
            b"\xbf",
            b"\x80\xbf\x80\xbf",
            b"\xc0 \xc1 \xc2 ",
            b"\xe0 \xe1 ",
            b"\xf0 \xf1 \xf5 \xf6",
            b"\xfe",
            b"\xff",
            b"\xc0\xaf",
            b"\xe0\x80\xaf",
            b"\xf0\x80\x80\xaf",
            b"\xc1\xbf",
            b"\xe0\x9f\xbf",
            b"\xf0\x8f\xbf\xbf",
            b"\xed\xa0\x80",
            b"\xed\xbf\xbf",
            b"\xed\xa0\x80\xed\xb0\x80",
            b"\xf0\x9f\xbf\xbe\xf0\x9f\xbf\xbf",
        ];
        cases.iter().for_each(|case| check(case));
    }

    #[test]
    fn every_beginning_of_a_code_point_is_judged_by_its_last_byte() {
        for first in 0x80..=0xff {
            for second in 0..=0xff {
                check(&[first, second]);
                check(&[first, second, 0x80, b'a']);
                check(&[b'a', first, second, 0xbf, 0x80, b'b']);
            }
        }
    }

    #[test]
    fn long_texts_are_judged_as_short_ones() {
        let text = "a\u{e4}\u{20ac}\u{1f980}".repeat(40);
        check(text.as_bytes());
        for at in (0..text.len()).step_by(7) {
            let mut broken = text.clone().into_bytes();
            broken[at] = 0xff;
            check(&broken);
        }
        check(&text.as_bytes()[..text.len() - 1]);
    }
}
