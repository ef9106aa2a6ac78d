//! Request heads: the request line, then the fields.
//!
//! [`parse`] is for input that may hold a whole head, which is nearly always so. When it answers `None`, the bytes are kept and
//! [`find_end`] tells, in time linear in the new bytes only, when parsing is worth while again; [`check_partial`] holds the
//! limits until then. Nothing is copied and nothing is allocated: a [`Head`] borrows the input.

use super::fields;
use super::line::{self, empty_lines_bytes};
use super::target::{self, Target};

pub use super::fields::Fields;
pub use super::head_error::HeadError;
pub use super::line::{LEADING_EMPTY_LINES_MAX, Version};

/// A request's head, borrowed from the input.
#[derive(Clone, Copy, Debug)]
pub struct Head<'b> {
    /// The method: a token (RFC 9110 §9.1), never empty, in the case in which it came.
    pub method: &'b str,
    /// The request target, checked.
    pub target: Target<'b>,
    /// The version.
    pub version: Version,
    /// The fields in their order.
    pub fields: Fields<'b>,
}

/// How long a head may be. Beyond these the request is refused, whether its head is whole or not.
#[derive(Clone, Copy, Debug)]
pub struct HeadLimits {
    /// Bytes of the whole head with its last empty line; 431 beyond it.
    pub head_bytes_max: usize,
    /// Bytes of the request line without its CRLF; 414 beyond it. RFC 9112 §3 recommends at least 8,000.
    pub line_bytes_max: usize,
    /// Header fields; 431 beyond it, at the latest when the head is whole.
    pub headers_max: usize,
}

impl<'b> Head<'b> {
    /// The value of the first field called `name`, compared without case.
    pub fn header(&self, name: &str) -> Option<&'b [u8]> {
        self.fields.named(name).next()
    }
}

/// Parses the head at the beginning of `input`.
///
/// Gives the bytes used, the last empty line included, and the head; `None` while `input` is a beginning of one within the
/// limits.
pub fn parse<'b>(input: &'b [u8], limits: &HeadLimits) -> Result<Option<(usize, Head<'b>)>, HeadError> {
    parse_with(input, limits, |_, _| Ok(()))
}

/// As [`parse`]; `each` is given the fields as they go by, names as they came and values trimmed. What it makes of them, and
/// whether it refuses one, is its own affair: see [`super::framing`]. It may see fields of a head that is then found not to be
/// whole, or is refused for what comes behind them.
#[inline(always)]
pub fn parse_with<'b, E: From<HeadError>>(
    input: &'b [u8],
    limits: &HeadLimits,
    each: impl FnMut(&'b [u8], &'b [u8]) -> Result<(), E>,
) -> Result<Option<(usize, Head<'b>)>, E> {
    let Some(line) = line::read(input)? else { return Ok(check_partial(input, 0, limits).map(|()| None)?) };
    if line.text_bytes() > limits.line_bytes_max {
        return Err(HeadError::LineTooLong.into());
    }
    let Some((fields_bytes, fields)) = fields::read(&input[line.bytes..], limits.headers_max, each)? else {
        return Ok(check_partial(input, 0, limits).map(|()| None)?);
    };
    let used = line.bytes + fields_bytes;
    if used > limits.head_bytes_max {
        return Err(HeadError::HeadTooLong.into());
    }
    let (method, version) = (line.method(input), line.version);
    let target = target::target(method, line.target(input)).map_err(HeadError::Target)?;
    Ok(Some((used, Head { method, target, version, fields })))
}

/// Where the head at the beginning of `input` ends, as far as line ends can tell: [`parse`] is worth calling then.
///
/// `searched` is the length that `input` had at the last call that gave `None` (0 at first), so that a dripped head costs time
/// linear in its length. A head that ends with bare LF is found too, so that it is refused at once and not at a timeout.
pub fn find_end(input: &[u8], searched: usize) -> Option<usize> {
    let mut at = empty_lines_bytes(input).max(searched.saturating_sub(2));
    loop {
        at += memchr::memchr(b'\n', input.get(at..)?)? + 1;
        match input.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
}

/// Holds the limits for a head that is not whole yet; `searched` as in [`find_end`].
///
/// # Errors
///
/// [`HeadError::LineTooLong`], [`HeadError::HeadTooLong`], [`HeadError::EmptyLines`]: waiting for more would be of no use. Fields
/// are not counted.
pub fn check_partial(input: &[u8], searched: usize, limits: &HeadLimits) -> Result<(), HeadError> {
    let empty = empty_lines_bytes(input);
    if empty > 2 * LEADING_EMPTY_LINES_MAX {
        return Err(HeadError::EmptyLines);
    }
    // The longest line that is allowed, with its CRLF. Looked at only once: when the input grows beyond it.
    let line_end = limits.line_bytes_max.saturating_add(empty + 2);
    if searched < line_end && line_end <= input.len() && memchr::memchr(b'\n', &input[empty..line_end]).is_none() {
        return Err(HeadError::LineTooLong);
    }
    if input.len() >= limits.head_bytes_max { Err(HeadError::HeadTooLong) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::target::TargetError;

    const LIMITS: HeadLimits = HeadLimits { head_bytes_max: 4096, line_bytes_max: 1024, headers_max: 20 };

    /// The head in short, or `None`.
    fn read(input: &[u8]) -> Result<Option<String>, HeadError> {
        let Some((used, head)) = parse(input, &LIMITS)? else { return Ok(None) };
        let fields = head.fields.iter().map(|(name, value)| format!("{name}={}", value.escape_ascii()));
        let fields = fields.collect::<Vec<_>>().join(" ");
        Ok(Some(format!("{used} {} {} {:?} {fields}", head.method, head.target.text(), head.version)))
    }

    #[track_caller]
    fn accepts(input: &str, expected: &str) {
        assert_eq!(read(input.as_bytes()), Ok(Some(expected.into())), "{input:?}");
        for end in 0..input.len() {
            assert_eq!(read(&input.as_bytes()[..end]), Ok(None), "the first {end} bytes of {input:?}");
        }
    }

    #[track_caller]
    fn refuses(error: HeadError, inputs: &[&str]) {
        for input in inputs {
            assert_eq!(read(input.as_bytes()), Err(error), "{input:?}");
        }
    }

    #[test]
    fn a_head_gives_its_line_and_its_fields_and_nothing_behind_them() {
        accepts("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "27 GET / Http11 Host=a");
        assert_eq!(
            read(b"PUT /b HTTP/1.0\r\n\r\nGET / HTTP/1.1\r\n"),
            Ok(Some("19 PUT /b Http10 ".into())),
            "bytes behind the head are another message's"
        );
    }

    #[test]
    fn values_are_trimmed_of_blanks_only() {
        // RFC 9110 §5.5: OWS around, HTAB and obs-text within.
        accepts("GET / HTTP/1.1\r\nX: \t a\tb \t\r\nY:\r\n\r\n", "34 GET / Http11 X=a\\tb Y=");
        let input = b"GET / HTTP/1.1\r\nX: \xa0\x80\xff\r\n\r\n";
        assert_eq!(read(input), Ok(Some("26 GET / Http11 X=\\xa0\\x80\\xff".into())));
    }

    #[test]
    fn a_few_empty_lines_before_a_head_are_skipped() {
        // RFC 9112 §2.2: at least one SHOULD be.
        accepts("\r\nGET / HTTP/1.1\r\n\r\n", "20 GET / Http11 ");
        accepts("\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", "26 GET / Http11 ");
        refuses(HeadError::EmptyLines, &["\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n"]);
        refuses(HeadError::LineEnd, &["\nGET / HTTP/1.1\r\n\r\n", "\rGET / HTTP/1.1\r\n\r\n"]);
    }

    #[test]
    fn a_line_that_ends_without_cr_is_refused() {
        // RFC 9112 §2.2
        refuses(
            HeadError::LineEnd,
            &[
                "GET / HTTP/1.1\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n\n",
                "GET / HTTP/1.1\r\nHost: a\n\n",
                "GET / HTTP/1.1\r\nX: x\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\n\r\n",
                "GET / HTTP/1.1\r\n\n",
                "GET / HTTP/1.1\r\nX:\nY: a\r\n\r\n",
            ],
        );
    }

    #[test]
    fn a_bare_cr_is_refused() {
        // RFC 9112 §2.2
        refuses(HeadError::LineEnd, &["GET / HTTP/1.1\rHost: a\r\n\r\n", "GET / HTTP/1.1\r\r\n\r\n"]);
        refuses(HeadError::FieldValue, &["GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", "GET / HTTP/1.1\r\nX: a\r\r\n\r\n"]);
        refuses(HeadError::LineEnd, &["GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n"]);
    }

    #[test]
    fn folding_and_blanks_around_names_are_refused() {
        // RFC 9112 §5.1, §5.2, §2.2
        refuses(
            HeadError::FieldName,
            &[
                "GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
                "GET / HTTP/1.1\r\nX: a\r\n\tb\r\n\r\n",
                "GET / HTTP/1.1\r\n X: a\r\n\r\n",
                "GET / HTTP/1.1\r\nX : a\r\n\r\n",
                "GET / HTTP/1.1\r\n: a\r\n\r\n",
                "GET / HTTP/1.1\r\nX\r\n\r\n",
            ],
        );
    }

    #[test]
    fn later_minor_versions_are_1_1() {
        // RFC 9110 §2.5
        accepts("GET /x HTTP/1.9\r\nA: b\r\nC: d\r\n\r\n", "31 GET /x Http11 A=b C=d");
        accepts("\r\nGET / HTTP/1.2\r\n\r\n", "20 GET / Http11 ");
        refuses(
            HeadError::LineEnd,
            &["GET / HTTP/1.9\nA: b\r\n\r\n", "GET / HTTP/1.90\r\n\r\n", "GET / HTTP/1.9\r\nA: b\n\r\n"],
        );
        refuses(HeadError::LineEnd, &["\nGET / HTTP/1.9\r\n\r\n"]);
        refuses(HeadError::EmptyLines, &["\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.9\r\n\r\n"]);
        refuses(HeadError::FieldName, &["GET / HTTP/1.9\r\nA : b\r\n\r\n"]);
    }

    #[test]
    fn other_major_versions_are_not_supported() {
        // RFC 9110 §15.6.6
        let error = HeadError::VersionNotSupported;
        refuses(error, &["GET / HTTP/0.9\r\n\r\n", "GET / HTTP/3.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]);
        assert_eq!(error.status(), 505);
    }

    #[test]
    fn what_is_no_version_is_refused() {
        // RFC 9112 §2.3: HTTP-name is case-sensitive, one digit on either side of the dot.
        for version in
            ["Http/1.1", "HTTP/1.x", "HTTP/11.1", "HTTPS/1.1", "HTTP/1,1", "ICE/1.0xx", "HTTP/+1.1", "HTTP/ 1.1"]
        {
            refuses(HeadError::Version, &[&format!("GET / {version}\r\n\r\n")]);
        }
        refuses(
            HeadError::LineEnd,
            &["GET / HTTP/1.1.1\r\n\r\n", "GET / HTTP/1.10\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n"],
        );
    }

    /// Every byte in every part of a head, at places where many bytes are taken at once and where the last few are.
    #[test]
    fn each_byte_is_taken_only_where_the_grammar_has_it() {
        let tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let text = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
        for byte in 0..=255 {
            for place in [0, 3, 17, 40] {
                let word = [&b"a".repeat(place), &[byte][..], &b"a".repeat(41 - place)].concat();
                let taken = |head: Vec<u8>| matches!(read(&head), Ok(Some(_)));
                let method = taken([&word, &b" / HTTP/1.1\r\n\r\n"[..]].concat());
                assert_eq!(method, tchar(byte), "{byte:#x} at {place} in a method");
                let target = taken([b"GET /", &word[..], b" HTTP/1.1\r\n\r\n"].concat());
                assert_eq!(target, byte.is_ascii_graphic() && byte != b'#', "{byte:#x} at {place} in a target");
                let name = taken([b"GET / HTTP/1.1\r\n", &word[..], b": b\r\n\r\n"].concat());
                assert_eq!(name, tchar(byte) || (byte == b':' && place > 0), "{byte:#x} at {place} in a name");
                let value = taken([b"GET / HTTP/1.1\r\nX: ", &word[..], b"\r\n\r\n"].concat());
                assert_eq!(value, text(byte), "{byte:#x} at {place} in a value");
            }
        }
    }

    #[test]
    fn the_request_line_is_limited_whole_or_not() {
        // RFC 9112 §3: 414. The line without its CRLF has 14 bytes more than the target's tail.
        let head = |tail: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(tail));
        assert!(matches!(read(head(1024 - 14).as_bytes()), Ok(Some(_))));
        let long = head(1024 - 13);
        for end in [1024 + 2, long.len()] {
            assert_eq!(read(&long.as_bytes()[..end]), Err(HeadError::LineTooLong), "{end} bytes of it");
        }
        assert_eq!(HeadError::LineTooLong.status(), 414);
    }

    #[test]
    fn the_head_is_limited_whole_or_not() {
        let head = |value: usize| format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(value));
        assert!(matches!(read(head(4096 - 23).as_bytes()), Ok(Some(_))));
        for end in [4096, 4097] {
            assert_eq!(read(&head(4096 - 22).as_bytes()[..end]), Err(HeadError::HeadTooLong), "{end} bytes of it");
        }
        assert_eq!(HeadError::HeadTooLong.status(), 431);
    }

    #[test]
    fn the_number_of_fields_is_limited() {
        for version in ["1.1", "1.9"] {
            let head = |fields: usize| format!("GET / HTTP/{version}\r\n{}\r\n", "X: a\r\n".repeat(fields));
            assert!(matches!(read(head(20).as_bytes()), Ok(Some(_))));
            refuses(HeadError::TooManyFields, &[&head(21), head(21).strip_suffix("\r\n").expect("an empty line")]);
        }
    }

    #[test]
    fn the_end_is_found_in_any_drip_where_the_parser_finds_it() {
        for input in
            ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\n\n", "a\n\r\n"]
        {
            for step in 1..input.len() {
                let ends = (0..input.len()).step_by(step).chain([input.len()]);
                let mut searched = 0;
                for end in ends {
                    let found = find_end(&input.as_bytes()[..end], searched);
                    assert_eq!(found, (end == input.len()).then_some(end), "{end} bytes of {input:?} by {step}");
                    searched = end;
                }
            }
        }
    }

    #[test]
    fn an_endless_line_is_refused_where_it_outgrows_its_limit() {
        let input = b"GET /".iter().chain(std::iter::repeat(&b'a')).take(2000).copied().collect::<Vec<u8>>();
        let first = (1..input.len()).find(|end| check_partial(&input[..*end], end - 1, &LIMITS).is_err());
        assert_eq!(first, Some(1024 + 2), "a line of 1024 bytes might still end");
        assert_eq!(check_partial(&input, 0, &LIMITS), Err(HeadError::LineTooLong));
    }

    #[test]
    fn every_error_says_what_is_wrong_with_a_status_of_the_client() {
        use HeadError::*;
        for error in [
            LineEnd,
            EmptyLines,
            Method,
            Target(TargetError::Character),
            Version,
            VersionNotSupported,
            FieldName,
            FieldValue,
            LineTooLong,
            HeadTooLong,
            TooManyFields,
        ] {
            assert!(!error.what().is_empty());
            assert!([400, 414, 431, 505].contains(&error.status()), "{error:?}");
        }
    }
}
