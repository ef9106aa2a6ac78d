//! The `host [":" port]` of a Host field and of a target's authority (RFC 9110 §7.2, RFC 3986 §3.2.2).

use std::net::Ipv6Addr;

use super::ascii::{NAME, is, span};

/// Whether `text` is a valid Host value: a registered name, an IPv4 address or an IP literal in brackets, then perhaps a port.
///
/// Empty is valid: it says that the target has no authority (RFC 9112 §3.2). User information, whitespace and anything else that
/// RFC 3986 does not allow in these places is refused, and so is a port beyond 65535 or a port without a host.
#[inline]
pub fn is_valid(text: &[u8]) -> bool {
    let name = span(NAME, text);
    match text.get(name) {
        None => true,
        Some(b':') => name > 0 && is_port(&text[name + 1..]),
        Some(_) => is_valid_rare(text),
    }
}

/// As [`is_valid`], and with a host: what an `http` URI must have (RFC 9110 §4.2.1).
pub fn is_authority(text: &[u8]) -> bool {
    !text.is_empty() && is_valid(text)
}

/// As [`is_authority`], and with a port from 1 to 65535: what CONNECT asks for (RFC 9112 §3.2.3, RFC 9110 §9.3.6).
pub fn is_connect_authority(text: &[u8]) -> bool {
    let Some(colon) = text.iter().rposition(|byte| *byte == b':') else { return false };
    // A literal's own colons stand within its brackets: what precedes the port's colon must be a valid host by itself.
    is_valid(text) && is_authority(&text[..colon]) && port(&text[colon + 1..]) > 0
}

/// `*DIGIT`: a port may be empty (RFC 3986 §3.2.3). Leading zeros change nothing.
#[inline]
fn is_port(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit) && (text.len() < 5 || port(text) <= u32::from(u16::MAX))
}

/// The number that digits make, or more than 65535.
fn port(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |port, digit| (port * 10 + u32::from(digit - b'0')).min(1 << 16))
}

/// IP literals and names with percent-encoding.
#[cold]
fn is_valid_rare(text: &[u8]) -> bool {
    if let [b'[', literal @ ..] = text {
        let Some(end) = literal.iter().position(|byte| *byte == b']') else { return false };
        return is_ip_literal(&literal[..end])
            && matches!(&literal[end + 1..], [] | [b':', ..])
            && is_port(literal.get(end + 2..).unwrap_or_default());
    }
    let mut rest = text;
    loop {
        rest = match &rest[span(NAME, rest)..] {
            [] => return true,
            [b':', port @ ..] => return is_port(port),
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            _ => return false,
        };
    }
}

fn is_ip_literal(text: &[u8]) -> bool {
    let address = str::from_utf8(text).ok().and_then(|text| text.parse::<Ipv6Addr>().ok());
    address.is_some() || is_ip_future(text)
}

/// `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`
fn is_ip_future(text: &[u8]) -> bool {
    let [b'v' | b'V', text @ ..] = text else { return false };
    let Some(dot) = text.iter().position(|byte| *byte == b'.') else { return false };
    let (version, address) = (&text[..dot], &text[dot + 1..]);
    !version.is_empty()
        && version.iter().all(u8::is_ascii_hexdigit)
        && !address.is_empty()
        && address.iter().all(|byte| is(NAME, *byte) || *byte == b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: bool, hosts: &[&str]) {
        for host in hosts {
            assert_eq!(is_valid(host.as_bytes()), expected, "{host:?}");
        }
    }

    #[test]
    fn names_and_addresses_are_valid_with_or_without_a_port() {
        // RFC 3986 §3.2.2, §3.2.3
        check(
            true,
            &[
                "",
                "a",
                "a:80",
                "a:",
                "a.b.c",
                "A.EXAMPLE",
                "a_b",
                "a-b.c:1",
                "127.0.0.1:8080",
                "a,b",
                "a%41b:8",
                "%c3%a4",
            ],
        );
        check(true, &["a:65535", "a:00080", "0:0"]);
    }

    #[test]
    fn ip_literals_are_valid_in_brackets() {
        check(true, &["[::1]", "[::1]:80", "[::1]:", "[2001:db8::7]:443", "[::ffff:1.2.3.4]", "[v1.a:b]", "[vF0.~]:1"]);
        check(
            false,
            &[
                "[::1",
                "::1]",
                "::1",
                "[::1]x",
                "[::1]x:80",
                "[:::1]",
                "[1.2.3.4]",
                "[]",
                "[::1%25eth0]",
                "[v1.]",
                "[v.a]",
                "[vg.a]",
            ],
        );
    }

    #[test]
    fn user_information_and_other_characters_are_not() {
        // RFC 9110 §4.2.4, §7.2
        check(
            false,
            &["u@a", "u:p@a", "a b", "a, b", "a\\b", "\"a\"", "a^b", "a/b", "a?b", "a#b", "a\0.b", "a\x7f", "\u{e4}"],
        );
        check(false, &["a%", "a%4", "a%4g", "%", "a%41%"]);
    }

    #[test]
    fn ports_are_digits_up_to_65535() {
        check(
            false,
            &[
                "a:-1",
                "a:+1",
                "a:8 0",
                "a:65536",
                "a:99999999999999999999",
                "a:80x",
                "a:80:80",
                ":80",
                ":",
                "[::1]:x",
                "a%41:x",
            ],
        );
    }

    #[test]
    fn connect_needs_a_port_that_one_can_connect_to() {
        // RFC 9110 §9.3.6
        for valid in ["a:443", "127.0.0.1:1", "[::1]:65535", "a%41:80"] {
            assert!(is_connect_authority(valid.as_bytes()), "{valid:?}");
        }
        for invalid in ["a", "a:", "a:0", "a:00", ":443", "[::1]", "[::1]:", "a:65536", "u@a:1", "[::1:80", "a:1:2", ""]
        {
            assert!(!is_connect_authority(invalid.as_bytes()), "{invalid:?}");
        }
    }
}
