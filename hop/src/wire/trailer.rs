//! Trailer sections: the fields after a chunked body (RFC 9110 §6.5, RFC 9112 §7.1.2).

use super::fields;

/// Whether `section` consists of valid field lines, each ended by CRLF. The empty line that ends the section is not part of it.
pub fn is_valid(section: &[u8]) -> bool {
    fields::section(section).is_some()
}

/// The fields of a valid section that a trailer may carry: names as they came, values trimmed.
///
/// Fields that would change how the message is framed, routed, authorised or processed are left out: they must never be merged
/// into the head (RFC 9110 §6.5.1), and a reader who cannot see them cannot do it.
pub fn fields(section: &[u8]) -> impl Iterator<Item = (&str, &[u8])> {
    let all = fields::section(section).unwrap_or_default();
    all.iter().filter(|(name, _)| !is_forbidden(name))
}

/// Whether a field must not come in a trailer section (RFC 9110 §6.5.1).
pub fn is_forbidden(name: &str) -> bool {
    FORBIDDEN.iter().any(|forbidden| forbidden.eq_ignore_ascii_case(name))
}

/// Framing and connection; routing and conditions; authorisation; what the content means.
const FORBIDDEN: [&str; 31] = [
    "transfer-encoding",
    "content-length",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "host",
    "expect",
    "max-forwards",
    "cache-control",
    "pragma",
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "if-range",
    "authorization",
    "proxy-authorization",
    "proxy-authenticate",
    "www-authenticate",
    "cookie",
    "set-cookie",
    "content-encoding",
    "content-type",
    "content-range",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(section: &str) -> Vec<String> {
        assert!(is_valid(section.as_bytes()), "{section:?}");
        fields(section.as_bytes()).map(|(name, value)| format!("{name}={}", value.escape_ascii())).collect()
    }

    #[test]
    fn fields_come_in_order_with_trimmed_values() {
        assert_eq!(read("X-T: a b\t\r\ny:\r\nX-T:c:d\r\n"), ["X-T=a b", "y=", "X-T=c:d"]);
        assert!(read("").is_empty());
    }

    #[test]
    fn fields_that_frame_route_or_authorise_are_withheld() {
        // RFC 9110 §6.5.1
        let section = "Content-Length: 5\r\nX: y\r\ntransfer-encoding: chunked\r\nHOST: b\r\nAuthorization: c\r\n";
        assert_eq!(read(section), ["X=y"]);
    }

    #[test]
    fn a_line_that_is_no_field_is_not_valid() {
        // RFC 9112 §5.1, §5.2
        for section in
            ["X", "X\r\n", "X: y", "X: y\n", "X : y\r\n", ": y\r\n", " X: y\r\n", "X: \0\r\n", "X: y\r\r\n", "\r\n"]
        {
            assert!(!is_valid(section.as_bytes()), "{section:?}");
        }
    }
}
