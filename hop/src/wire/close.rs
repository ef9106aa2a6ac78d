//! Why a WebSocket ends: close codes and the payload of a close frame (RFC 6455 §5.5.1, §7.4).

/// The purpose is fulfilled.
pub const NORMAL: u16 = 1000;
/// The endpoint goes away: the server stops, the page is left.
pub const AWAY: u16 = 1001;
/// The peer broke the protocol.
pub const PROTOCOL: u16 = 1002;
/// A kind of data that is not taken, such as bytes where text is wanted.
pub const UNSUPPORTED: u16 = 1003;
/// The peer's close frame has no code: never sent.
pub const NONE: u16 = 1005;
/// There was no close frame: never sent.
pub const ABNORMAL: u16 = 1006;
/// Data that does not fit their kind, such as text that is not UTF-8.
pub const INVALID: u16 = 1007;
/// The message goes against a rule of the endpoint.
pub const POLICY: u16 = 1008;
/// The message is too large.
pub const TOO_LARGE: u16 = 1009;
/// The server failed.
pub const INTERNAL: u16 = 1011;
/// The service restarts (IANA's registry).
pub const RESTART: u16 = 1012;
/// The service is overloaded (IANA's registry).
pub const TRY_LATER: u16 = 1013;

/// Most bytes of a reason: a control frame's 125 without the code.
pub const REASON_BYTES_MAX: usize = 123;

/// Why the payload of a close frame is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseError {
    /// One byte is no code (RFC 6455 §5.5.1).
    OneByte,
    /// The code may not be sent (RFC 6455 §7.4).
    Code,
    /// The reason is not UTF-8 (RFC 6455 §5.5.1, §8.1).
    Reason,
}

/// Whether a close frame may carry `code`: those of RFC 6455 §7.4.1 and IANA's registry that are not reserved, and 3000 to 4999.
///
/// ```
/// use hop::ws::close;
///
/// assert!(close::may_be_sent(close::NORMAL) && close::may_be_sent(4999));
/// assert!(!close::may_be_sent(1005) && !close::may_be_sent(2999));
/// ```
pub fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Reads the payload of a close frame: code and reason; nothing at all is `None` and an empty reason.
pub fn parse(payload: &[u8]) -> Result<(Option<u16>, &str), CloseError> {
    match payload {
        [] => Ok((None, "")),
        [_] => Err(CloseError::OneByte),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !may_be_sent(code) {
                return Err(CloseError::Code);
            }
            Ok((Some(code), str::from_utf8(reason).map_err(|_| CloseError::Reason)?))
        }
    }
}

/// As much of `text` as fits into `bytes_max`, cut between two characters.
pub fn fitting(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_allowed_or_not() {
        // RFC 6455 §7.4.1, §7.4.2; 1012 to 1014 by IANA's registry
        let allowed: Vec<u16> = (0..=u16::MAX).filter(|code| may_be_sent(*code)).collect();
        let expected = [1000..=1003, 1007..=1014, 3000..=4999].into_iter().flatten().collect::<Vec<u16>>();
        assert_eq!(allowed, expected);
        for code in 0..=u16::MAX {
            let expected = if may_be_sent(code) { Ok((Some(code), "ok")) } else { Err(CloseError::Code) };
            let payload = [&code.to_be_bytes()[..], b"ok"].concat();
            assert_eq!(parse(&payload), expected, "{code}");
        }
    }

    #[test]
    fn the_codes_that_hop_sends_may_be_sent() {
        let own = [NORMAL, AWAY, PROTOCOL, UNSUPPORTED, INVALID, POLICY, TOO_LARGE, INTERNAL, RESTART, TRY_LATER];
        assert!(own.into_iter().all(may_be_sent));
    }

    #[test]
    fn a_payload_is_nothing_or_a_code_with_text() {
        assert_eq!(parse(b""), Ok((None, "")));
        assert_eq!(parse(b"\x03"), Err(CloseError::OneByte));
        assert_eq!(parse(b"\x03\xe8"), Ok((Some(NORMAL), "")));
        assert_eq!(parse(b"\x03\xe8\xce\xba\xed\xa0\x80"), Err(CloseError::Reason));
        assert_eq!(parse(b"\x03\xe8\xce"), Err(CloseError::Reason));
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(fitting("a\u{e4}b", 1), "a");
        assert_eq!(fitting("a\u{e4}b", 2), "a");
        assert_eq!(fitting("a\u{e4}b", 3), "a\u{e4}");
        assert_eq!(fitting("a\u{e4}b", 99), "a\u{e4}b");
    }
}
