//! The bytes of answers, appended to the caller's buffer: status lines, fields, the date, chunks.
//!
//! Names are written in lower case. No value with CR, LF or NUL in it gets out: see [`header()`].

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::ascii::{is_token, list};
use super::trailer;

/// The interim answer to `Expect: 100-continue`.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Writes what begins every final answer: the status line and the Date field (RFC 9110 §6.6.1).
///
/// The version is always HTTP/1.1, the highest that hop speaks (RFC 9110 §6.2).
#[inline(always)]
pub fn begin(out: &mut Vec<u8>, status: StatusCode, date: &Date) {
    // By far the most usual one: both as one copy of known length.
    if status == StatusCode::OK {
        return out.extend_from_slice(&date.text[..TYPE_AT]);
    }
    status_line(out, status);
    out.extend_from_slice(&date.text[DATE_AT..TYPE_AT]);
}

/// Writes a whole answer of HTTP/1.1 with a body, whose only field beyond Date is its type: the plain path.
#[inline]
pub fn plain(out: &mut Vec<u8>, status: StatusCode, date: &Date, content_type: Option<&str>, body: &[u8]) {
    if status == StatusCode::OK && content_type == Some(TEXT_TYPE) {
        out.extend_from_slice(&date.text);
    } else {
        begin_plain(out, status, date, content_type);
    }
    end_plain(out, body.len());
    out.extend_from_slice(body);
}

/// The digits of the length, and the end of the head. Up to four digits leave as one word, which is cheaper than three copies.
#[inline(always)]
fn end_plain(out: &mut Vec<u8>, length: usize) {
    if length > 9999 {
        out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
        return out.extend_from_slice(b"\r\n\r\n");
    }
    let mut word = u64::from_le_bytes(*b"\r\n\r\n\0\0\0\0");
    let mut end = out.len() + 4;
    let mut left = length as u32;
    loop {
        word = word << 8 | u64::from(u32::from(b'0') + left % 10);
        end += 1;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&word.to_le_bytes());
    out.truncate(end);
}

/// All before the length, where it is not the most usual one.
fn begin_plain(out: &mut Vec<u8>, status: StatusCode, date: &Date, content_type: Option<&str>) {
    begin(out, status, date);
    if let Some(content_type) = content_type {
        checked_header(out, "content-type", content_type.as_bytes());
    }
    out.extend_from_slice(b"content-length: ");
}

/// Writes a field whose value is a constant of the program, or was checked when it was made: nothing is looked at again.
#[inline(always)]
pub fn checked_header(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    debug_assert!(is_lower_token(name), "field name {name:?}");
    debug_assert!(is_clean_value(value), "the value of {name} holds CR, LF or NUL");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Writes a field. `name` must be a token in lower case.
///
/// A value that would break out of its line (CR, LF or NUL in it) is a defect of the caller, who must have checked it with
/// [`is_clean_value`]: it panics in debug builds, and otherwise these bytes are written as spaces (RFC 9110 §5.5).
pub fn header(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    debug_assert!(is_clean_value(value), "the value of {name} holds CR, LF or NUL");
    if is_clean_value(value) {
        return checked_header(out, name, value);
    }
    let spaced: Vec<u8> = value.iter().map(|byte| if is_breaking(*byte) { b' ' } else { *byte }).collect();
    checked_header(out, name, &spaced);
}

/// Whether a value has neither CR nor LF nor NUL in it, so that it stays within its line (RFC 9110 §5.5).
#[inline]
pub fn is_clean_value(value: &[u8]) -> bool {
    // Without early exit, so that it becomes vector instructions.
    !value.iter().fold(false, |found, byte| found | is_breaking(*byte))
}

/// Writes the fields of `headers` that are the caller's to decide.
///
/// Left out is what hop writes by itself: Content-Length, Transfer-Encoding, Date, and those Connection fields that only speak of
/// the connection's persistence (see [`says_close`]).
pub fn fields(out: &mut Vec<u8>, headers: &HeaderMap) {
    for (name, value) in headers {
        let own = match *name {
            header::CONTENT_LENGTH | header::TRANSFER_ENCODING | header::DATE => true,
            header::CONNECTION => list(value.as_bytes()).all(is_persistence),
            _ => false,
        };
        if !own {
            checked_header(out, name.as_str(), value.as_bytes());
        }
    }
}

/// Whether a Connection field of `headers` asks for the connection to end (RFC 9112 §9.6).
pub fn says_close(headers: &HeaderMap) -> bool {
    let close = |value: &HeaderValue| list(value.as_bytes()).any(|option| option.eq_ignore_ascii_case(b"close"));
    headers.get_all(header::CONNECTION).iter().any(close)
}

/// Writes the Content-Length field.
#[inline(always)]
pub fn content_length(out: &mut Vec<u8>, length_bytes: u64) {
    out.extend_from_slice(b"content-length: ");
    out.extend_from_slice(itoa::Buffer::new().format(length_bytes).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The Date field, kept as text and made anew once a second.
#[derive(Clone, Debug)]
pub struct Date {
    unix_seconds: u64,
    /// Within the most usual head, up to the digits of its length: one copy of known length. See [`begin`] and [`plain`].
    text: [u8; TEXT_BYTES],
}

/// The most usual type.
const TEXT_TYPE: &str = "text/plain; charset=utf-8";
/// Behind `HTTP/1.1 200 OK`, CRLF.
const DATE_AT: usize = 15 + 2;
/// Behind `date: `, 29 bytes of IMF-fixdate (RFC 9110 §5.6.7), CRLF.
const TYPE_AT: usize = DATE_AT + 6 + 29 + 2;
/// Then the type, CRLF, and `content-length: `.
const TEXT_BYTES: usize = TYPE_AT + 14 + TEXT_TYPE.len() + 2 + 16;

/// The last second of the year 9999: later ones have no IMF-fixdate.
const UNIX_SECONDS_MAX: u64 = 253_402_300_799;

impl Date {
    /// The date at a time, in seconds since 1970.
    pub fn new(unix_seconds: u64) -> Self {
        let mut text = *b"HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
            content-type: text/plain; charset=utf-8\r\ncontent-length: ";
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds.min(UNIX_SECONDS_MAX));
        text[DATE_AT + 6..][..29].copy_from_slice(httpdate::fmt_http_date(time).as_bytes());
        Date { unix_seconds, text }
    }

    /// Makes the text anew if the second has changed.
    #[inline]
    pub fn refresh(&mut self, unix_seconds: u64) {
        if unix_seconds != self.unix_seconds {
            *self = Date::new(unix_seconds);
        }
    }

    /// The date without the field's name: 29 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[DATE_AT + 6..][..29]
    }
}

/// Writes one chunk (RFC 9112 §7.1). Nothing for empty data: an empty chunk would end the body.
pub fn chunk(out: &mut Vec<u8>, data: &[u8]) {
    if data.is_empty() {
        return;
    }
    chunk_size(out, data.len() as u64);
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// Writes the line before a chunk's data; CRLF must follow the data. `length_bytes` must not be 0.
pub fn chunk_size(out: &mut Vec<u8>, length_bytes: u64) {
    debug_assert!(length_bytes > 0, "an empty chunk ends the body");
    let digits = (16 - length_bytes.leading_zeros() / 4).max(1);
    let digit = |at| b"0123456789abcdef"[(length_bytes >> (4 * at) & 15) as usize];
    out.extend((0..digits).rev().map(digit));
    out.extend_from_slice(b"\r\n");
}

/// Writes the end of a chunked body, with a trailer section if there is one. Fields that must not come in one (RFC 9110 §6.5.1)
/// are left out.
pub fn last_chunk(out: &mut Vec<u8>, trailers: Option<&HeaderMap>) {
    out.extend_from_slice(b"0\r\n");
    for (name, value) in trailers.into_iter().flatten() {
        if !trailer::is_forbidden(name.as_str()) {
            checked_header(out, name.as_str(), value.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn is_breaking(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0)
}

fn is_persistence(option: &[u8]) -> bool {
    option.eq_ignore_ascii_case(b"close") || option.eq_ignore_ascii_case(b"keep-alive")
}

fn is_lower_token(name: &str) -> bool {
    is_token(name.as_bytes()) && !name.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// The reason phrase may be empty, its space not (RFC 9112 §4).
fn status_line(out: &mut Vec<u8>, status: StatusCode) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("what the tests write is ASCII")
    }

    fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (header::HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        fields.iter().map(pair).collect()
    }

    #[test]
    fn an_answer_begins_with_its_status_and_the_date() {
        let date = Date::new(784_111_777);
        let begun = |status| written(|out| begin(out, status, &date));
        assert_eq!(begun(StatusCode::OK), "HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
        assert_eq!(begun(StatusCode::NOT_FOUND), "HTTP/1.1 404 Not Found\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    }

    #[test]
    fn a_status_without_a_reason_keeps_its_space() {
        // RFC 9112 §4
        let status = StatusCode::from_u16(599).expect("599 is a status");
        assert_eq!(written(|out| status_line(out, status)), "HTTP/1.1 599 \r\n");
    }

    #[test]
    fn the_date_is_made_anew_when_the_second_changes() {
        let mut date = Date::new(0);
        assert_eq!(date.as_bytes(), b"Thu, 01 Jan 1970 00:00:00 GMT");
        date.refresh(784_111_777);
        assert_eq!(date.as_bytes(), b"Sun, 06 Nov 1994 08:49:37 GMT");
        date.refresh(u64::MAX);
        assert_eq!(date.as_bytes(), b"Fri, 31 Dec 9999 23:59:59 GMT", "there is no later one");
    }

    #[test]
    fn a_length_is_written_in_digits() {
        for length in [0, 9, 10, 1234567890, u64::MAX] {
            assert_eq!(written(|out| content_length(out, length)), format!("content-length: {length}\r\n"));
        }
    }

    #[test]
    fn a_field_is_one_line() {
        assert_eq!(written(|out| header(out, "x-y", b"a: b\tc")), "x-y: a: b\tc\r\n");
        assert_eq!(written(|out| checked_header(out, "x", b"")), "x: \r\n");
    }

    #[test]
    fn a_value_that_leaves_its_line_is_not_clean() {
        for len in 0..40 {
            assert!(is_clean_value(&vec![b'\t'; len]));
            for (at, byte) in (0..len).flat_map(|at| [(at, b'\r'), (at, b'\n'), (at, 0)]) {
                let mut value = vec![0xff; len];
                value[at] = byte;
                assert!(!is_clean_value(&value), "{byte:#x} at {at} of {len}");
            }
        }
    }

    #[test]
    #[cfg_attr(debug_assertions, should_panic(expected = "holds CR, LF or NUL"))]
    fn a_value_cannot_break_out_of_its_line() {
        assert_eq!(written(|out| header(out, "x", b"a\r\nb: c\0")), "x: a  b: c \r\n");
    }

    #[test]
    fn fields_that_hop_decides_are_not_copied() {
        let headers = map(&[
            ("content-length", "5"),
            ("x", "y"),
            ("transfer-encoding", "chunked"),
            ("date", "today"),
            ("connection", "close, keep-alive"),
            ("connection", "upgrade"),
        ]);
        assert_eq!(written(|out| fields(out, &headers)), "x: y\r\nconnection: upgrade\r\n");
    }

    #[test]
    fn close_is_heard_in_any_connection_field() {
        assert!(says_close(&map(&[("connection", "upgrade"), ("connection", "x, Close")])));
        assert!(!says_close(&map(&[("connection", "keep-alive, closed"), ("x", "close")])));
    }

    #[test]
    fn chunks_begin_with_their_size_and_are_never_empty() {
        // RFC 9112 §7.1
        assert_eq!(written(|out| chunk(out, b"hello")), "5\r\nhello\r\n");
        assert_eq!(written(|out| chunk(out, &[b'a'; 0x1f0])), format!("1f0\r\n{}\r\n", "a".repeat(0x1f0)));
        assert_eq!(written(|out| chunk(out, b"")), "", "an empty chunk would end the body");
        for size in [1, 15, 16, 255, 256, 0xfff, 0x1000, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(written(|out| chunk_size(out, size)), format!("{size:x}\r\n"));
        }
    }

    #[test]
    fn the_last_chunk_carries_the_trailers_that_are_allowed() {
        // RFC 9110 §6.5.1
        assert_eq!(written(|out| last_chunk(out, None)), "0\r\n\r\n");
        let trailers = map(&[("x-sum", "1"), ("content-length", "5"), ("set-cookie", "a")]);
        assert_eq!(written(|out| last_chunk(out, Some(&trailers))), "0\r\nx-sum: 1\r\n\r\n");
    }
}
