//! Request lines (RFC 9112 §3).
//!
//! They are read by hand: of a short line httparse's way is longer than that of the rest of the head, and it takes bare LF for a
//! line's end and refuses later minor versions.

use super::ascii::{QUERY, TOKEN, span};
use super::head_error::HeadError;
use super::target::TargetError;

/// Empty lines (CRLF) that are skipped before a request line; RFC 9112 §2.2 asks for at least one.
pub const LEADING_EMPTY_LINES_MAX: usize = 4;

/// The version of a request, as far as it decides anything: a later minor version is treated as 1.1 (RFC 9110 §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0: no persistence unless asked for, no Host needed, no transfer coding.
    Http10,
    /// HTTP/1.1.
    Http11,
}

/// Where the parts of a request line lie. The target's characters are not checked, but that there is no space among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Empty lines before it.
    start: usize,
    method_bytes: usize,
    target_bytes: usize,
    pub(super) version: Version,
    /// With the empty lines before it and its CRLF.
    pub(super) bytes: usize,
}

const GET: &str = "GET";
/// What ends nearly all of them.
const END: &[u8; 11] = b" HTTP/1.1\r\n";

/// The line at the beginning of `input`; `None` while it is not whole.
#[inline(always)]
pub(super) fn read(input: &[u8]) -> Result<Option<Line>, HeadError> {
    match usual(input) {
        Some(line) => Ok(Some(line)),
        None => any(input),
    }
}

/// A whole line that begins with GET and is of HTTP/1.1.
#[inline(always)]
fn usual(input: &[u8]) -> Option<Line> {
    let [b'G', b'E', b'T', b' ', rest @ ..] = input else { return None };
    let target_bytes = rest.iter().position(|byte| *byte == b' ')?;
    let bytes = GET.len() + 1 + target_bytes + END.len();
    let line = Line { start: 0, method_bytes: GET.len(), target_bytes, version: Version::Http11, bytes };
    rest[target_bytes..].starts_with(END).then_some(line)
}

/// Any line.
#[inline(never)]
fn any(input: &[u8]) -> Result<Option<Line>, HeadError> {
    let start = empty_lines_bytes(input);
    if start > 2 * LEADING_EMPTY_LINES_MAX {
        return Err(HeadError::EmptyLines);
    }
    let line = match &input[start..] {
        [] | [b'\r'] => return Ok(None),
        [b'\r' | b'\n', ..] => return Err(HeadError::LineEnd),
        line => line,
    };
    let method_bytes = span(TOKEN, line);
    let Some(target) = word(line, method_bytes).ok_or(HeadError::Method)? else { return Ok(None) };
    let target_bytes = span(QUERY, target);
    let wrong = HeadError::Target(TargetError::Character);
    let Some(version) = word(target, target_bytes).ok_or(wrong)? else { return Ok(None) };
    let Some(version) = read_version(version)? else { return Ok(None) };
    let bytes = start + method_bytes + 1 + target_bytes + END.len();
    Ok(Some(Line { start, method_bytes, target_bytes, version, bytes }))
}

/// What follows a word of so many bytes and one space, as far as it has come; `None` if something else follows it.
fn word(line: &[u8], bytes: usize) -> Option<Option<&[u8]>> {
    match &line[bytes..] {
        [] => Some(None),
        [b' ', rest @ ..] if bytes > 0 => Some(Some(rest)),
        _ => None,
    }
}

/// The version and the line's end. HTTP/1.2 to 1.9 are 1.1 to us, other major versions are refused (RFC 9110 §2.5, §15.6.6).
fn read_version(text: &[u8]) -> Result<Option<Version>, HeadError> {
    const EXAMPLE: &[u8] = b"HTTP/1.1";
    let fits = |(byte, example): (&u8, &u8)| byte == example || (example.is_ascii_digit() && byte.is_ascii_digit());
    if !text.iter().zip(EXAMPLE).all(fits) {
        return Err(HeadError::Version);
    }
    match text.get(EXAMPLE.len()..) {
        None | Some([] | [b'\r']) => Ok(None),
        Some([b'\r', b'\n', ..]) => match (text[5], text[7]) {
            (b'1', b'0') => Ok(Some(Version::Http10)),
            (b'1', _) => Ok(Some(Version::Http11)),
            _ => Err(HeadError::VersionNotSupported),
        },
        Some(_) => Err(HeadError::LineEnd),
    }
}

/// Bytes of the empty lines at the beginning; looks at no more than one line too many.
pub(super) fn empty_lines_bytes(input: &[u8]) -> usize {
    let lines = input.as_chunks::<2>().0;
    2 * lines.iter().take(LEADING_EMPTY_LINES_MAX + 1).take_while(|line| *line == b"\r\n").count()
}

impl Line {
    /// The method in the input from which it was read.
    #[inline(always)]
    pub(super) fn method<'b>(&self, input: &'b [u8]) -> &'b str {
        if self.method_bytes == GET.len() && input.starts_with(GET.as_bytes()) {
            return GET;
        }
        str::from_utf8(&input[self.start..][..self.method_bytes]).expect("a token is ASCII")
    }

    /// The target in the input from which it was read.
    #[inline(always)]
    pub(super) fn target<'b>(&self, input: &'b [u8]) -> &'b [u8] {
        &input[self.start + self.method_bytes + 1..][..self.target_bytes]
    }

    /// How long it is without what is around it.
    pub(super) fn text_bytes(&self) -> usize {
        self.bytes - self.start - "\r\n".len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nearly all lines take another way than the others; which one must not be seen.
    #[test]
    fn the_usual_line_is_read_like_any_other() {
        for target in ["/", "/a?b=%20", "*", "/#", "/\u{e4}", "http://a/"] {
            let input = format!("GET {target} HTTP/1.1\r\nHost: a\r\n");
            let line = usual(input.as_bytes()).expect("it begins with GET");
            if target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
                assert_eq!(any(input.as_bytes()), Ok(Some(line)), "{target}");
            }
            for end in 0..line.bytes {
                assert_eq!(usual(&input.as_bytes()[..end]), None, "the first {end} bytes of {input}");
            }
        }
    }

    #[test]
    fn what_is_not_usual_is_left_to_the_other_way() {
        let others = [
            "POST / HTTP/1.1\r\n",
            "GET / HTTP/1.0\r\n",
            "GET / HTTP/1.1\n",
            "GET  / HTTP/1.1\r\n",
            "GET\t/ HTTP/1.1\r\n",
        ];
        for other in others {
            assert_eq!(usual(other.as_bytes()), None, "{other:?}");
        }
    }
}
