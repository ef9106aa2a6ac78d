//! Request heads: one pass of httparse, then the strictness that httparse leaves to its users.
//!
//! [`parse`] is for input that may hold a whole head, which is nearly always so. When it answers `None`, the bytes are kept and
//! [`find_end`] tells, in time linear in the new bytes only, when parsing is worth while again; [`check_partial`] holds the
//! limits until then. Nothing is copied and nothing is allocated: a [`Head`] borrows the input and the caller's [`HeaderSlots`].

use std::mem::MaybeUninit;

use httparse::{Header, Status};

use super::target::{Target, TargetError, target};

/// Most header fields that a head can have, whatever [`HeadLimits::headers_max`] says.
pub const HEADERS_CEILING: usize = 128;

/// Empty lines (CRLF) that are skipped before a request line; RFC 9112 §2.2 asks for at least one.
pub const LEADING_EMPTY_LINES_MAX: usize = 4;

/// Room for the header fields of one head: uninitialised, on the caller's stack, 32 bytes a field. Made by [`slots`].
///
/// The second half serves a second attempt ([`later_minor`]), because the borrow checker cannot give back the first half. It
/// costs stack space but no instruction.
pub type HeaderSlots<'b> = [MaybeUninit<Header<'b>>; 2 * HEADERS_CEILING];

/// Fresh room for [`parse`]; free of cost.
#[inline(always)]
pub fn slots<'b>() -> HeaderSlots<'b> {
    [const { MaybeUninit::uninit() }; 2 * HEADERS_CEILING]
}

/// The version of a request, as far as it decides anything: a later minor version is treated as 1.1 (RFC 9110 §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0: no persistence unless asked for, no Host needed, no transfer coding.
    Http10,
    /// HTTP/1.1.
    Http11,
}

/// A request's head, borrowed from the input (`'b`) and from the slots (`'h`).
#[derive(Clone, Copy, Debug)]
pub struct Head<'h, 'b> {
    /// The method: a token (RFC 9110 §9.1), never empty, in the case in which it came.
    pub method: &'b str,
    /// The request target as it came; [`Head::target`] tells its form.
    pub target: &'b str,
    /// The version.
    pub version: Version,
    /// The fields in their order. Names are tokens in the case in which they came; values are trimmed and free of control
    /// characters except HTAB, but may hold obs-text (bytes from 0x80).
    pub headers: &'h [Header<'b>],
}

/// How long a head may be. Beyond these the request is refused, whether its head is whole or not.
#[derive(Clone, Copy, Debug)]
pub struct HeadLimits {
    /// Bytes of the whole head with its last empty line; 431 beyond it.
    pub head_bytes_max: usize,
    /// Bytes of the request line without its CRLF; 414 beyond it. RFC 9112 §3 recommends at least 8,000.
    pub line_bytes_max: usize,
    /// Header fields, at most [`HEADERS_CEILING`]; 431 beyond it.
    pub headers_max: usize,
}

/// Why a head is refused. After it nothing of the connection's input may be parsed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// A line does not end with CRLF, or the request line goes on after the version.
    LineEnd,
    /// More than [`LEADING_EMPTY_LINES_MAX`] empty lines before the request line.
    EmptyLines,
    /// The method is not a token followed by one space.
    Method,
    /// The target is not allowed: see the reason inside.
    Target(TargetError),
    /// The third word of the request line is not a version.
    Version,
    /// The major version is not 1.
    VersionNotSupported,
    /// A field name is not a token directly followed by a colon; also an obsolete line folding.
    FieldName,
    /// A field value holds a control character.
    FieldValue,
    /// The request line is longer than [`HeadLimits::line_bytes_max`].
    LineTooLong,
    /// The head is longer than [`HeadLimits::head_bytes_max`].
    HeadTooLong,
    /// There are more fields than [`HeadLimits::headers_max`].
    TooManyFields,
}

impl<'h, 'b> Head<'h, 'b> {
    /// The value of the first field called `name`, compared without case.
    pub fn header(&self, name: &str) -> Option<&'b [u8]> {
        self.headers_named(name).next()
    }

    /// The values of all fields called `name`, compared without case, in their order.
    pub fn headers_named<'n>(&self, name: &'n str) -> impl Iterator<Item = &'b [u8]> + use<'h, 'b, 'n> {
        self.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
    }

    /// The form of the target, checked (RFC 9112 §3.2).
    #[inline(always)]
    pub fn target(&self) -> Result<Target<'b>, HeadError> {
        target(self.method, self.target).map_err(HeadError::Target)
    }
}

impl HeadError {
    /// The status that RFC 9110 §15 and RFC 9112 name for it.
    pub fn status(&self) -> u16 {
        match self {
            HeadError::LineTooLong => 414,
            HeadError::HeadTooLong | HeadError::TooManyFields => 431,
            HeadError::VersionNotSupported => 505,
            _ => 400,
        }
    }

    /// What was wrong, for people.
    pub fn what(&self) -> &'static str {
        match self {
            HeadError::LineEnd => "a line of the head does not end with CRLF",
            HeadError::EmptyLines => "too many empty lines before the request line",
            HeadError::Method => "the request line does not begin with a method and one space",
            HeadError::Target(error) => error.what(),
            HeadError::Version => "the request line does not end with an HTTP version",
            HeadError::VersionNotSupported => "the major HTTP version is not 1",
            HeadError::FieldName => "a field name is not a token directly followed by a colon",
            HeadError::FieldValue => "a field value holds a control character",
            HeadError::LineTooLong => "the request line is too long",
            HeadError::HeadTooLong => "the head is too long",
            HeadError::TooManyFields => "the head has too many fields",
        }
    }
}

/// Parses the head at the beginning of `input`.
///
/// Gives the bytes used, the last empty line included, and the head; `None` while `input` is a beginning of one within the
/// limits. The cost is one pass of httparse and some ten instructions a field. The target's form and the fields' meaning are not
/// looked at: see [`Head::target`] and [`super::framing::request`].
#[inline(always)]
pub fn parse<'h, 'b>(
    input: &'b [u8],
    slots: &'h mut HeaderSlots<'b>,
    limits: &HeadLimits,
) -> Result<Option<(usize, Head<'h, 'b>)>, HeadError> {
    let (slots, spare) = slots.split_at_mut(HEADERS_CEILING);
    let headers_max = limits.headers_max.min(HEADERS_CEILING);
    let mut request = httparse::Request::new(&mut []);
    let used = match request.parse_with_uninit_headers(input, &mut slots[..headers_max]) {
        Ok(Status::Complete(used)) => used,
        Ok(Status::Partial) => return check_partial(input, 0, limits).map(|()| None),
        Err(httparse::Error::Version) => return later_minor(input, &mut spare[..headers_max], limits),
        Err(error) => return Err(refusal(error, &request)),
    };
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version) else {
        return Err(HeadError::Version);
    };
    let version = if minor == 0 { Version::Http10 } else { Version::Http11 };
    finish(input, used, Head { method, target, version, headers: request.headers }, limits)
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
/// [`HeadError::LineTooLong`], [`HeadError::HeadTooLong`], [`HeadError::EmptyLines`]: waiting for more would be of no use.
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

#[inline(always)]
fn finish<'h, 'b>(
    input: &'b [u8],
    used: usize,
    head: Head<'h, 'b>,
    limits: &HeadLimits,
) -> Result<Option<(usize, Head<'h, 'b>)>, HeadError> {
    check_lines(input, used, &head)?;
    check_whole(used, &head, limits)?;
    Ok(Some((used, head)))
}

/// RFC 9112 §2.2: a recipient MAY take a bare LF for a line's end; hop does not, for where parsers differ requests are smuggled.
///
/// httparse has made sure that an LF stands before each name and at the end, and that a CR stands before LF only. So what is left
/// to see is the CR before each of them.
#[inline(always)]
fn check_lines(input: &[u8], used: usize, head: &Head<'_, '_>) -> Result<(), HeadError> {
    let offset = |text: &str| (text.as_ptr() as usize).wrapping_sub(input.as_ptr() as usize);
    let follows_cr = |name: &str| input.get(offset(name).wrapping_sub(2)) == Some(&b'\r');
    if !head.headers.iter().all(|header| follows_cr(header.name)) || !input[..used].ends_with(b"\r\n\r\n") {
        return Err(HeadError::LineEnd);
    }
    match offset(head.method) {
        0 => Ok(()),
        skipped => check_empty_lines(&input[..skipped]),
    }
}

#[cold]
fn check_empty_lines(skipped: &[u8]) -> Result<(), HeadError> {
    match skipped.as_chunks::<2>() {
        (lines, _) if lines.len() > LEADING_EMPTY_LINES_MAX => Err(HeadError::EmptyLines),
        (lines, []) if lines.iter().all(|line| line == b"\r\n") => Ok(()),
        _ => Err(HeadError::LineEnd),
    }
}

#[inline(always)]
fn check_whole(used: usize, head: &Head<'_, '_>, limits: &HeadLimits) -> Result<(), HeadError> {
    const SPACES_AND_VERSION: usize = 2 + "HTTP/1.1".len();
    if head.method.len() + head.target.len() + SPACES_AND_VERSION > limits.line_bytes_max {
        return Err(HeadError::LineTooLong);
    }
    if used > limits.head_bytes_max { Err(HeadError::HeadTooLong) } else { Ok(()) }
}

/// Bytes of the empty lines at the beginning; looks at no more than one line too many.
fn empty_lines_bytes(input: &[u8]) -> usize {
    let lines = input.as_chunks::<2>().0;
    2 * lines.iter().take(LEADING_EMPTY_LINES_MAX + 1).take_while(|line| *line == b"\r\n").count()
}

#[cold]
fn refusal(error: httparse::Error, request: &httparse::Request<'_, '_>) -> HeadError {
    match error {
        httparse::Error::HeaderName => HeadError::FieldName,
        httparse::Error::HeaderValue => HeadError::FieldValue,
        httparse::Error::TooManyHeaders => HeadError::TooManyFields,
        httparse::Error::Token if request.method.is_none() => HeadError::Method,
        httparse::Error::Token => HeadError::Target(TargetError::Character),
        httparse::Error::NewLine | httparse::Error::Status => HeadError::LineEnd,
        httparse::Error::Version => HeadError::Version,
    }
}

/// Reads a head whose version httparse does not know: HTTP/1.2 to 1.9 are 1.1 to us, other major versions are refused with 505
/// (RFC 9110 §2.5, §15.6.6), anything else is no version (RFC 9112 §2.3).
#[cold]
fn later_minor<'h, 'b>(
    input: &'b [u8],
    slots: &'h mut [MaybeUninit<Header<'b>>],
    limits: &HeadLimits,
) -> Result<Option<(usize, Head<'h, 'b>)>, HeadError> {
    let line = &input[empty_lines_bytes(input)..];
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let mut word = || words.next().ok_or(HeadError::Version);
    let (method, target, rest) = (word()?, word()?, word()?);
    let fields = match rest {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9', fields @ ..] => fields,
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9']
        | [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9', b'\r', ..] => {
            return Err(HeadError::VersionNotSupported);
        }
        _ => return Err(HeadError::Version),
    };
    let text = |bytes| str::from_utf8(bytes).map_err(|_| HeadError::Target(TargetError::Character));
    let (method, target) = (text(method)?, text(target)?);
    let fields = match fields {
        [b'\r', b'\n', fields @ ..] => fields,
        [] | [b'\r'] => return check_partial(input, 0, limits).map(|()| None),
        _ => return Err(HeadError::LineEnd),
    };
    let slots = slots.write_copy_of_slice(&[httparse::EMPTY_HEADER; HEADERS_CEILING][..slots.len()]);
    let (fields_bytes, headers) = match httparse::parse_headers(fields, slots) {
        Ok(Status::Complete(parsed)) => parsed,
        Ok(Status::Partial) => return check_partial(input, 0, limits).map(|()| None),
        Err(error) => return Err(refusal(error, &httparse::Request::new(&mut []))),
    };
    finish(
        input,
        input.len() - fields.len() + fields_bytes,
        Head { method, target, version: Version::Http11, headers },
        limits,
    )
}
