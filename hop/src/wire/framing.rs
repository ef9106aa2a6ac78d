//! Where a request's message ends and whether another may follow: the fields that decide it (RFC 9112 §6, §9; RFC 9110 §7, §10.1.1).
//!
//! The fields come one by one, as they are read: a switch over the length of their names. Wherever two parsers could disagree about
//! the end of a message the request is refused: no repair is attempted, because repairs are what request smuggling lives on.

use super::ascii::{list, matches};
use super::head::Version;
use super::host;

/// How the end of a request's body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// There is no body (RFC 9112 §6.3 rule 7).
    None,
    /// Exactly so many bytes follow the head.
    Exact(u64),
    /// A chunked body follows: see [`super::chunk`].
    Chunked,
}

/// What the fields of a head say about the message and the connection.
#[derive(Clone, Copy, Debug)]
pub struct Framing {
    /// The body's length. Independent of the method.
    pub body: BodyLength,
    /// The connection may carry another request after this one (RFC 9112 §9.3).
    pub keep_alive: bool,
    /// The client waits for `100 Continue` before it sends its body (RFC 9110 §10.1.1). It may be set although no body is declared.
    pub expect_continue: bool,
}

/// Why a request's fields are refused. The end of its message is not known then, so the connection must close after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FramingError {
    /// HTTP/1.1 without a Host field.
    HostMissing,
    /// More than one Host field.
    HostTwice,
    /// The Host value is not a host with an optional port.
    HostSyntax,
    /// The Content-Length is not a decimal number, or beyond 2^64-1.
    ContentLength,
    /// More than one Content-Length field.
    ContentLengthTwice,
    /// Transfer-Encoding in HTTP/1.0.
    TransferEncodingIn10,
    /// Both Transfer-Encoding and Content-Length.
    BothLengths,
    /// The last transfer coding is not `chunked`, or it is applied more than once.
    NotChunkedLast,
    /// A transfer coding that hop does not know, under a final `chunked`.
    UnknownCoding,
    /// An expectation other than `100-continue`.
    UnknownExpectation,
}

impl FramingError {
    /// The status that RFC 9110 §15 and RFC 9112 name for it.
    pub fn status(&self) -> u16 {
        match self {
            FramingError::UnknownCoding => 501,
            FramingError::UnknownExpectation => 417,
            _ => 400,
        }
    }

    /// What was wrong, for people.
    pub fn what(&self) -> &'static str {
        match self {
            FramingError::HostMissing => "the Host field is missing",
            FramingError::HostTwice => "there is more than one Host field",
            FramingError::HostSyntax => "the Host field is not a host with an optional port",
            FramingError::ContentLength => "the Content-Length is not a decimal number below 2^64",
            FramingError::ContentLengthTwice => "there is more than one Content-Length field",
            FramingError::TransferEncodingIn10 => "HTTP/1.0 has no Transfer-Encoding",
            FramingError::BothLengths => "Transfer-Encoding and Content-Length exclude each other",
            FramingError::NotChunkedLast => "the last transfer coding must be chunked, applied once",
            FramingError::UnknownCoding => "a transfer coding is not known here",
            FramingError::UnknownExpectation => "only the expectation 100-continue is known here",
        }
    }
}

/// What the fields of a head have said so far. Made by `default`, told each of them, asked at the end.
#[derive(Default)]
pub struct Seen {
    host: bool,
    content_length: Option<u64>,
    /// The flags below, ORed.
    said: u8,
    coding: Coding,
}

const CLOSE: u8 = 1;
const KEEP_ALIVE: u8 = 2;
const EXPECT_CONTINUE: u8 = 4;
const EXPECT_OTHER: u8 = 8;

impl Seen {
    /// The next field: its name as it came, its value trimmed.
    ///
    /// # Errors
    ///
    /// What is wrong with this field alone, or beside those before it.
    #[inline(always)]
    pub fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), FramingError> {
        match name.len() {
            4 if matches(name, b"host") => self.host(value)?,
            6 if matches(name, b"expect") => self.said |= expectations(value),
            10 if matches(name, b"connection") => self.said |= connection_options(value),
            14 if matches(name, b"content-length") => self.content_length(value)?,
            17 if matches(name, b"transfer-encoding") => self.coding = self.coding.then(value)?,
            _ => {}
        }
        Ok(())
    }

    /// RFC 9112 §3.2: a server MUST answer 400 to more than one Host field and to one with an invalid value.
    #[inline(always)]
    fn host(&mut self, value: &[u8]) -> Result<(), FramingError> {
        if self.host {
            return Err(FramingError::HostTwice);
        }
        self.host = true;
        if host::is_valid(value) { Ok(()) } else { Err(FramingError::HostSyntax) }
    }

    /// RFC 9112 §6.3 rule 5: an invalid one is 400. A repeated field or a list may be collapsed if all values agree, or refused;
    /// refused here, since no sane client sends them.
    #[inline(always)]
    fn content_length(&mut self, value: &[u8]) -> Result<(), FramingError> {
        if self.content_length.is_some() {
            return Err(FramingError::ContentLengthTwice);
        }
        self.content_length = Some(decimal(value).ok_or(FramingError::ContentLength)?);
        Ok(())
    }

    /// What follows from all of them.
    ///
    /// # Errors
    ///
    /// What is wrong with the fields together, in a request of this version.
    #[inline(always)]
    pub fn decide(self, version: Version) -> Result<Framing, FramingError> {
        let http11 = version == Version::Http11;
        // RFC 9112 §3.2: a server MUST answer 400 to HTTP/1.1 without Host.
        if !self.host && http11 {
            return Err(FramingError::HostMissing);
        }
        // RFC 9110 §10.1.1: in HTTP/1.0 the expectation MUST be ignored.
        if self.says(EXPECT_OTHER) && http11 {
            return Err(FramingError::UnknownExpectation);
        }
        let body = match (self.coding, self.content_length) {
            (Coding::Absent, None) => BodyLength::None,
            (Coding::Absent, Some(length)) => BodyLength::Exact(length),
            (coding, length) => coding.body(version, length)?,
        };
        Ok(Framing {
            body,
            // RFC 9112 §9.3: close decides, then the version, then keep-alive.
            keep_alive: !self.says(CLOSE) && (http11 || self.says(KEEP_ALIVE)),
            expect_continue: self.says(EXPECT_CONTINUE) && http11,
        })
    }

    #[inline(always)]
    fn says(&self, flag: u8) -> bool {
        self.said & flag != 0
    }
}

/// RFC 9110 §7.6.1: a list of options, compared without case; `close` anywhere closes (RFC 9112 §9.6).
#[inline(always)]
fn connection_options(value: &[u8]) -> u8 {
    if matches(value, b"keep-alive") { KEEP_ALIVE } else { connection_list(value) }
}

fn connection_list(value: &[u8]) -> u8 {
    list(value).fold(0, |said, option| match option.len() {
        5 if matches(option, b"close") => said | CLOSE,
        10 if matches(option, b"keep-alive") => said | KEEP_ALIVE,
        _ => said,
    })
}

/// RFC 9110 §10.1.1: compared without case; any other expectation MAY be refused.
#[cold]
fn expectations(value: &[u8]) -> u8 {
    let known = |expectation: &[u8]| expectation.eq_ignore_ascii_case(b"100-continue");
    list(value).fold(0, |said, expectation| said | if known(expectation) { EXPECT_CONTINUE } else { EXPECT_OTHER })
}

/// What the Transfer-Encoding fields have said so far, all of them taken as one list (RFC 9110 §5.3).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Coding {
    /// No such field.
    #[default]
    Absent,
    /// A field, but no coding in it: its elements are empty.
    Empty,
    /// Only codings that hop does not know.
    Unknown,
    /// chunked and nothing else.
    Chunked,
    /// Unknown codings, then chunked.
    UnknownChunked,
}

impl Coding {
    /// RFC 9112 §7: codings are compared without case; chunked takes no parameters, and after it nothing may come.
    #[cold]
    fn then(self, value: &[u8]) -> Result<Coding, FramingError> {
        let first = if self == Coding::Absent { Coding::Empty } else { self };
        list(value).try_fold(first, |coding, element| match (coding, matches(element, b"chunked")) {
            (Coding::Chunked | Coding::UnknownChunked, _) => Err(FramingError::NotChunkedLast),
            (Coding::Unknown, true) => Ok(Coding::UnknownChunked),
            (_, true) => Ok(Coding::Chunked),
            (_, false) => Ok(Coding::Unknown),
        })
    }

    #[cold]
    fn body(self, version: Version, content_length: Option<u64>) -> Result<BodyLength, FramingError> {
        match self {
            // RFC 9112 §6.1: a coding in HTTP/1.0 MUST be treated as faulty framing.
            _ if version == Version::Http10 => Err(FramingError::TransferEncodingIn10),
            // RFC 9112 §6.3 rule 3: the server MAY reject it, and it ought to be handled as an attack.
            _ if content_length.is_some() => Err(FramingError::BothLengths),
            Coding::Chunked => Ok(BodyLength::Chunked),
            // RFC 9112 §6.1: SHOULD be 501.
            Coding::UnknownChunked => Err(FramingError::UnknownCoding),
            // RFC 9112 §6.3 rule 4: MUST be 400 and the end of the connection.
            Coding::Absent | Coding::Empty | Coding::Unknown => Err(FramingError::NotChunkedLast),
        }
    }
}

/// `1*DIGIT`, nothing else: `u64::from_str` would take a plus sign.
fn decimal(text: &[u8]) -> Option<u64> {
    let digit = |number: u64, byte: &u8| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    };
    if text.is_empty() { None } else { text.iter().try_fold(0, digit) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::head::{self, HeadError, HeadLimits};

    const LIMITS: HeadLimits = HeadLimits { head_bytes_max: 4096, line_bytes_max: 1024, headers_max: 20 };

    enum Refused {
        Head(HeadError),
        Framing(FramingError),
    }

    impl From<HeadError> for Refused {
        fn from(error: HeadError) -> Refused {
            Refused::Head(error)
        }
    }

    /// The framing of a request with these lines, put into words.
    #[track_caller]
    fn read(version: &str, lines: &str) -> Result<String, FramingError> {
        let input = format!("POST / HTTP/{version}\r\n{lines}\r\n");
        let mut seen = Seen::default();
        let each = |name, value| seen.field(name, value).map_err(Refused::Framing);
        let (_, head) = match head::parse_with(input.as_bytes(), &LIMITS, each) {
            Ok(parsed) => parsed.expect("the head is whole"),
            Err(Refused::Framing(error)) => return Err(error),
            Err(Refused::Head(error)) => panic!("{error:?}: {input:?}"),
        };
        let Framing { body, keep_alive, expect_continue } = seen.decide(head.version)?;
        let mut said = vec![format!("{body:?}")];
        said.extend(keep_alive.then_some("keep".into()));
        said.extend(expect_continue.then_some("continue".into()));
        Ok(said.join(", "))
    }

    /// Of an HTTP/1.1 request with a Host field before `lines`.
    #[track_caller]
    fn check(lines: &str, expected: &str) {
        assert_eq!(read("1.1", &format!("Host: a\r\n{lines}")), Ok(expected.into()), "{lines:?}");
    }

    #[track_caller]
    fn check_10(lines: &str, expected: &str) {
        assert_eq!(read("1.0", lines), Ok(expected.into()), "{lines:?}");
    }

    #[track_caller]
    fn refuses(error: FramingError, status: u16, all: &[&str]) {
        assert_eq!(error.status(), status);
        assert!(!error.what().is_empty());
        for lines in all {
            assert_eq!(read("1.1", &format!("Host: a\r\n{lines}")), Err(error), "{lines:?}");
        }
    }

    #[test]
    fn host_must_be_there_once_and_valid() {
        // RFC 9112 §3.2; its syntax is host.rs's
        assert_eq!(read("1.1", "hOsT: b.c:80\r\n"), Ok("None, keep".into()));
        assert_eq!(read("1.1", "Host:\r\n"), Ok("None, keep".into()));
        assert_eq!(read("1.1", "X: y\r\n"), Err(FramingError::HostMissing));
        refuses(FramingError::HostTwice, 400, &["Host: a\r\n", "X: y\r\nhost: b\r\n"]);
        assert_eq!(read("1.1", "Host: u@a\r\n"), Err(FramingError::HostSyntax));
    }

    #[test]
    fn http_1_0_needs_no_host_but_has_at_most_a_valid_one() {
        check_10("", "None");
        assert_eq!(read("1.0", "Host: a\r\nHost: a\r\n"), Err(FramingError::HostTwice));
        assert_eq!(read("1.0", "Host: a b\r\n"), Err(FramingError::HostSyntax));
    }

    #[test]
    fn a_body_is_as_long_as_its_content_length_says() {
        // RFC 9112 §6.3 rules 6 and 7
        check("", "None, keep");
        check("cOnTeNt-LeNgTh: \t0005 \r\n", "Exact(5), keep");
        check("Content-Length: 18446744073709551615\r\n", "Exact(18446744073709551615), keep");
        check("Content_Length: 5\r\nX-Content-Length: 5\r\n", "None, keep");
    }

    #[test]
    fn a_content_length_is_digits_below_2_to_the_64() {
        // RFC 9110 §8.6, RFC 9112 §6.3 rule 5
        let bad = [
            "",
            "+5",
            "-5",
            "-0",
            "5 5",
            "5a",
            "0x5",
            "5,",
            "5, 5",
            "5, 6",
            "5;x",
            "5.0",
            "\u{ff15}",
            "18446744073709551616",
            "99999999999999999999999",
        ];
        for value in bad {
            refuses(FramingError::ContentLength, 400, &[&format!("Content-Length: {value}\r\n")]);
        }
    }

    #[test]
    fn a_second_content_length_is_refused_even_if_it_agrees() {
        // RFC 9112 §6.3 rule 5
        refuses(
            FramingError::ContentLengthTwice,
            400,
            &["Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Length: 5\r\nX: y\r\ncontent-length: 0\r\n"],
        );
        refuses(FramingError::ContentLength, 400, &["Content-Length:\r\nContent-Length: 5\r\n"]);
    }

    #[test]
    fn a_body_is_chunked_if_nothing_else_is_said() {
        // RFC 9112 §7; RFC 9110 §5.6.1.2
        for value in ["chunked", "CHUNKED", "Chunked \t", "chunked,", ", ,chunked, ,"] {
            check(&format!("Transfer-Encoding: {value}\r\n"), "Chunked, keep");
        }
        check("Transfer-Encoding:\r\ntRANSFER-eNCODING: chunked\r\n", "Chunked, keep");
        check("X-Transfer-Encoding: chunked\r\n", "None, keep");
    }

    #[test]
    fn chunked_must_be_last_and_once() {
        // RFC 9112 §6.1, §6.3 rule 4
        for value in [
            "",
            ",",
            "x",
            "identity",
            "chunked, x",
            "chunked, chunked",
            "chunked;q=1",
            "xchunked",
            "chunked y",
            "\"chunked\"",
            "x, chunked, chunked",
        ] {
            refuses(FramingError::NotChunkedLast, 400, &[&format!("Transfer-Encoding: {value}\r\n")]);
        }
        refuses(FramingError::NotChunkedLast, 400, &["Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n"]);
        refuses(FramingError::NotChunkedLast, 400, &["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"]);
    }

    #[test]
    fn an_unknown_coding_under_chunked_is_not_implemented() {
        // RFC 9112 §6.1
        for value in ["gzip, chunked", "x,chunked", "identity, chunked", "x;a=\"b\", chunked"] {
            refuses(FramingError::UnknownCoding, 501, &[&format!("Transfer-Encoding: {value}\r\n")]);
        }
        refuses(FramingError::UnknownCoding, 501, &["Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n"]);
    }

    #[test]
    fn a_coding_beside_a_length_is_an_attack() {
        // RFC 9112 §6.1, §6.3 rule 3
        refuses(
            FramingError::BothLengths,
            400,
            &[
                "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
                "Content-Length: 5\r\nTransfer-Encoding: identity\r\n",
                "Content-Length: 5\r\nTransfer-Encoding:\r\n",
            ],
        );
    }

    #[test]
    fn http_1_0_has_no_transfer_coding() {
        // RFC 9112 §6.1
        assert_eq!(read("1.0", "Transfer-Encoding: chunked\r\n"), Err(FramingError::TransferEncodingIn10));
        check_10("Content-Length: 3\r\n", "Exact(3)");
    }

    #[test]
    fn close_anywhere_in_the_connection_options_closes() {
        // RFC 9112 §9.3, §9.6
        for value in ["close", "Close", "\t close \t", ", close ,", "keep-alive, close", "close, x, upgrade"] {
            check(&format!("Connection: {value}\r\n"), "None");
            check_10(&format!("Connection: {value}\r\n"), "None");
        }
        check("Connection: keep-alive\r\nConnection: close\r\n", "None");
        check("Connection: close\r\nConnection: keep-alive\r\n", "None");
    }

    #[test]
    fn other_options_change_nothing() {
        for value in ["", "keep-alive", "x-close, closed", "close x", "x"] {
            check(&format!("Connection: {value}\r\n"), "None, keep");
        }
        check("User-Agent: close\r\nProxy-Connection: close\r\n", "None, keep");
    }

    #[test]
    fn http_1_0_persists_only_if_asked_to() {
        // RFC 9112 §9.3
        check_10("Connection: keep-alive\r\n", "None, keep");
        check_10("Connection: x, Keep-Alive\r\n", "None, keep");
        check_10("Connection: x\r\n", "None");
    }

    #[test]
    fn the_client_waits_for_100_continue() {
        // RFC 9110 §10.1.1
        check("Expect: 100-Continue\r\nContent-Length: 5\r\n", "Exact(5), keep, continue");
        check("Expect: 100-continue\r\nExpect: 100-continue, \r\n", "None, keep, continue");
        check("Expect:\r\n", "None, keep");
        refuses(
            FramingError::UnknownExpectation,
            417,
            &["Expect: x=y\r\n", "Expect: y 100-continue\r\n", "Expect: 100-continue, z\r\n"],
        );
        check_10("Expect: 100-continue\r\nExpect: x\r\n", "None");
    }
}
