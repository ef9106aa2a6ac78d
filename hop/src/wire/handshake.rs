//! What begins a WebSocket: the checks of a request that asks for one, and the accept key (RFC 6455 §4.2).
//!
//! SHA-1 and base64 come from two crates without dependencies; tungstenite's `derive_accept_key` would bring twelve.

use std::collections::HashSet;

use super::ascii::list;
use super::head::{Head, Version};

/// What is hashed behind the key (RFC 6455 §1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Length of a key: 16 bytes in base64.
const KEY_BYTES: usize = 24;

/// Why a request does not begin a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The method is not GET.
    Method,
    /// The version is not HTTP/1.1.
    Version,
    /// `Upgrade` does not name `websocket`.
    Upgrade,
    /// `Connection` does not name `upgrade`.
    Connection,
    /// `Sec-WebSocket-Key` is not there exactly once, or is not 16 bytes in base64.
    Key,
    /// `Sec-WebSocket-Version` is not 13. The answer says which it is: `Sec-WebSocket-Version: 13` (RFC 6455 §4.4).
    WebSocketVersion,
    /// `Sec-WebSocket-Protocol` is not a list of different tokens.
    Protocol,
    /// `Sec-WebSocket-Extensions` does not follow its grammar (RFC 6455 §9.1).
    Extensions,
}

impl HandshakeError {
    /// The status that answers it.
    pub fn status(self) -> u16 {
        match self {
            HandshakeError::Method => 405,
            HandshakeError::Upgrade | HandshakeError::Connection | HandshakeError::WebSocketVersion => 426,
            _ => 400,
        }
    }

    /// What was wrong, for people, with the clause that says so.
    pub fn what(self) -> &'static str {
        match self {
            HandshakeError::Method => "a WebSocket begins with GET (RFC 6455 §4.2.1)",
            HandshakeError::Version => "a WebSocket begins with HTTP/1.1 (RFC 6455 §4.2.1)",
            HandshakeError::Upgrade => "Upgrade does not name websocket (RFC 6455 §4.2.1)",
            HandshakeError::Connection => "Connection does not name upgrade (RFC 6455 §4.2.1)",
            HandshakeError::Key => "Sec-WebSocket-Key is not once 16 bytes in base64 (RFC 6455 §4.2.1)",
            HandshakeError::WebSocketVersion => "Sec-WebSocket-Version is not 13 (RFC 6455 §4.4)",
            HandshakeError::Protocol => "Sec-WebSocket-Protocol is not a list of different tokens (RFC 6455 §4.1)",
            HandshakeError::Extensions => "Sec-WebSocket-Extensions is malformed (RFC 6455 §9.1)",
        }
    }
}

/// Checks that the request begins a WebSocket; gives its key, to be answered by [`accept_key`].
///
/// Subprotocols, extensions and the origin are not looked at: see [`protocols`] and [`offers`](super::offer::offers).
pub fn key<'b>(head: &Head<'b>) -> Result<&'b [u8], HandshakeError> {
    if head.method != "GET" {
        return Err(HandshakeError::Method);
    }
    if head.version != Version::Http11 {
        return Err(HandshakeError::Version);
    }
    if !names(head, "upgrade", "websocket") {
        return Err(HandshakeError::Upgrade);
    }
    if !names(head, "connection", "upgrade") {
        return Err(HandshakeError::Connection);
    }
    if only(head, "sec-websocket-version") != Some(b"13") {
        return Err(HandshakeError::WebSocketVersion);
    }
    only(head, "sec-websocket-key").filter(|key| is_key(key)).ok_or(HandshakeError::Key)
}

/// Whether the list in all fields called `field` has the element `token`, compared without case.
fn names(head: &Head<'_>, field: &str, token: &str) -> bool {
    head.fields.named(field).flat_map(list).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
}

/// The value of the field that is there exactly once.
fn only<'b>(head: &Head<'b>, name: &str) -> Option<&'b [u8]> {
    let mut values = head.fields.named(name);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// 22 digits and the padding. That the last digit's lowest four bits are zero is not asked: they are not in RFC 6455's own example
/// (§4.1), and RFC 4648 §3.5 leaves it open.
fn is_key(key: &[u8]) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == KEY_BYTES && key.ends_with(b"==") && key[..KEY_BYTES - 2].iter().all(digit)
}

/// The value of `Sec-WebSocket-Accept` that answers `key`: 28 characters (RFC 6455 §4.2.2).
///
/// ```
/// // The example of RFC 6455 §1.3.
/// assert_eq!(hop::ws::accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
pub fn accept_key(key: &[u8]) -> String {
    let mut hash = sha1_smol::Sha1::new();
    hash.update(key);
    hash.update(GUID);
    data_encoding::BASE64.encode(&hash.digest().bytes())
}

/// The subprotocols that are offered, most wanted first.
///
/// # Errors
///
/// [`HandshakeError::Protocol`] where one is not a token or is there twice (RFC 6455 §4.1).
pub fn protocols<'b>(head: &Head<'b>) -> Result<Vec<&'b str>, HandshakeError> {
    let mut seen = HashSet::new();
    let protocol = |element: &'b [u8]| {
        let valid = super::ascii::is_token(element) && seen.insert(element);
        str::from_utf8(element).ok().filter(|_| valid).ok_or(HandshakeError::Protocol)
    };
    head.fields.named("sec-websocket-protocol").flat_map(list).map(protocol).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::head::{HeadLimits, parse};

    const USUAL: [&str; 5] = [
        "Host: a",
        "Upgrade: websocket",
        "Connection: keep-alive, Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ];

    pub(super) fn with_head<T>(line: &str, fields: &[&str], look: impl FnOnce(&Head<'_>) -> T) -> T {
        let text = format!("{line}\r\n{}\r\n\r\n", fields.join("\r\n"));
        let limits = HeadLimits { head_bytes_max: 65536, line_bytes_max: 8192, headers_max: 100 };
        let (_, head) = parse(text.as_bytes(), &limits).expect("a legal head").expect("a whole one");
        look(&head)
    }

    fn outcome(line: &str, fields: &[&str]) -> Result<String, HandshakeError> {
        with_head(line, fields, |head| key(head).map(accept_key))
    }

    /// The usual request with field `at` replaced.
    fn with(at: usize, field: &str) -> Result<String, HandshakeError> {
        let mut fields = USUAL;
        fields[at] = field;
        outcome("GET / HTTP/1.1", &fields)
    }

    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        // RFC 6455 §1.3
        assert_eq!(outcome("GET / HTTP/1.1", &USUAL), Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".into()));
    }

    #[test]
    fn only_get_and_http_1_1_begin_a_websocket() {
        for method in ["POST", "HEAD", "get"] {
            assert_eq!(outcome(&format!("{method} / HTTP/1.1"), &USUAL), Err(HandshakeError::Method));
        }
        assert_eq!(outcome("GET / HTTP/1.0", &USUAL), Err(HandshakeError::Version));
    }

    #[test]
    fn upgrade_and_connection_are_lists_without_case() {
        for field in ["UPGRADE: WebSocket", "Upgrade: h2c , websocket", "Upgrade: h2c\r\nUpgrade: websocket"] {
            assert!(with(1, field).is_ok(), "{field}");
        }
        for field in ["Upgrade: websockets", "Upgrade: web socket", "Upgrade: ", "X: y", "Upgrade: websocket/13"] {
            assert_eq!(with(1, field), Err(HandshakeError::Upgrade), "{field}");
        }
        assert!(with(2, "Connection: UPGRADE").is_ok());
        for field in ["Connection: close", "Connection: upgraded", "X: y"] {
            assert_eq!(with(2, field), Err(HandshakeError::Connection), "{field}");
        }
        assert_eq!(HandshakeError::Upgrade.status(), 426);
    }

    #[test]
    fn a_key_is_there_once_and_sixteen_bytes() {
        let key = |key: &str| with(3, &format!("Sec-WebSocket-Key: {key}"));
        assert!(key("AQIDBAUGBwgJCgsMDQ4PEC==").is_ok(), "RFC 6455 §4.1 has this example");
        assert!(key("abcdefghijklmnopqr+/01==").is_ok());
        for bad in [
            "",
            "dGhlIHNhbXBsZSBub25jZQ=",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25jZQ===",
            "dGhlIHNhbXBsZSBub25jZQAA",
            "dGhlIHNhbXBsZSBub25jZ===",
            "dGhlIHNhbXBsZS-ub25jZQ==",
            "dGhlIHNhbXBsZS ub25jZQ==",
            "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
        ] {
            assert_eq!(key(bad), Err(HandshakeError::Key), "{bad}");
        }
        assert_eq!(with(3, "X: y"), Err(HandshakeError::Key));
        assert_eq!(with(0, USUAL[3]), Err(HandshakeError::Key), "twice");
        assert_eq!(HandshakeError::Key.status(), 400);
    }

    #[test]
    fn another_version_than_13_is_answered_426() {
        for field in ["Sec-WebSocket-Version: 8", "Sec-WebSocket-Version: 13, 8", "Sec-WebSocket-Version: 013", "X: y"]
        {
            assert_eq!(with(4, field), Err(HandshakeError::WebSocketVersion), "{field}");
        }
        assert_eq!(with(0, USUAL[4]), Err(HandshakeError::WebSocketVersion), "twice");
        assert_eq!(HandshakeError::WebSocketVersion.status(), 426);
    }

    #[test]
    fn subprotocols_are_different_tokens_in_their_order() {
        let offered = |fields: &[&str]| {
            with_head("GET / HTTP/1.1", fields, |head| {
                protocols(head).map(|names| names.into_iter().map(String::from).collect::<Vec<_>>())
            })
        };
        let field = "Sec-WebSocket-Protocol: ";
        assert_eq!(offered(&["X: y"]), Ok(vec![]));
        let both = [&*format!("{field}chat.v2, mqtt"), &*format!("{field}b")];
        assert_eq!(offered(&both), Ok(vec!["chat.v2".into(), "mqtt".into(), "b".into()]));
        for bad in ["a b", "a, a", "a/b", "\"a\""] {
            assert_eq!(offered(&[&format!("{field}{bad}")]), Err(HandshakeError::Protocol), "{bad}");
        }
        assert_eq!(offered(&[&format!("{field}a"), &format!("{field}a")]), Err(HandshakeError::Protocol));
    }
}
