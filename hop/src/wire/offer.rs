//! Offers of permessage-deflate in `Sec-WebSocket-Extensions` (RFC 6455 §9.1, RFC 7692 §7).

use super::ascii::{is_token, trim};
use super::handshake::HandshakeError;
use super::head::Head;

/// A legal offer of permessage-deflate, with its four parameters (RFC 7692 §7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// The server must forget its window after each message.
    pub server_no_context_takeover: bool,
    /// The client says that it will forget its window after each message.
    pub client_no_context_takeover: bool,
    /// Largest window of the server, as an exponent of 2 from 8 to 15.
    pub server_max_window_bits: Option<u8>,
    /// The client can limit its window (the outer), and to what at least (the inner).
    pub client_max_window_bits: Option<Option<u8>>,
}

/// The legal offers of permessage-deflate, most wanted first.
///
/// Other extensions, and offers with a parameter that is unknown, twice or out of range, are left out: they are declined (RFC 7692
/// §7). Empty elements of the list are skipped.
///
/// # Errors
///
/// [`HandshakeError::Extensions`] where the value does not follow the grammar of RFC 6455 §9.1.
pub fn offers(head: &Head<'_>) -> Result<Vec<Offer>, HandshakeError> {
    let mut offers = Vec::new();
    for value in head.fields.named("sec-websocket-extensions") {
        for element in split(value, b',')?.into_iter().map(trim).filter(|element| !element.is_empty()) {
            offers.extend(extension(element)?);
        }
    }
    Ok(offers)
}

/// One extension: `None` if it is not ours.
fn extension(element: &[u8]) -> Result<Option<Offer>, HandshakeError> {
    let mut parts = split(element, b';')?.into_iter().map(trim);
    let name = parts.next().filter(|name| is_token(name)).ok_or(HandshakeError::Extensions)?;
    let parameters = parts.map(parameter).collect::<Result<Vec<_>, _>>()?;
    if name != b"permessage-deflate" {
        return Ok(None);
    }
    let mut offer = Offer::default();
    let legal = parameters.into_iter().all(|(name, value)| take(&mut offer, name, value).is_some());
    Ok(legal.then_some(offer))
}

/// Name and value of a parameter; the value is a token, quoted or not, without its quotes.
fn parameter(part: &[u8]) -> Result<(&[u8], Option<&[u8]>), HandshakeError> {
    let (name, value) = match part.iter().position(|byte| *byte == b'=') {
        Some(at) => (trim(&part[..at]), Some(trim(&part[at + 1..]))),
        None => (part, None),
    };
    let value =
        value.map(|value| value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value));
    if is_token(name) && value.is_none_or(is_token) { Ok((name, value)) } else { Err(HandshakeError::Extensions) }
}

/// Takes a parameter into the offer; `None` if the offer has to be declined for it.
fn take(offer: &mut Offer, name: &[u8], value: Option<&[u8]>) -> Option<()> {
    match (name, value) {
        (b"server_no_context_takeover", None) => once(&mut offer.server_no_context_takeover),
        (b"client_no_context_takeover", None) => once(&mut offer.client_no_context_takeover),
        (b"server_max_window_bits", Some(value)) if offer.server_max_window_bits.is_none() => {
            offer.server_max_window_bits = Some(window_bits(value)?);
            Some(())
        }
        (b"client_max_window_bits", value) if offer.client_max_window_bits.is_none() => {
            let bits = value.map(|value| window_bits(value).ok_or(()));
            offer.client_max_window_bits = Some(bits.transpose().ok()?);
            Some(())
        }
        _ => None,
    }
}

fn once(flag: &mut bool) -> Option<()> {
    (!std::mem::replace(flag, true)).then_some(())
}

/// 8 to 15, in decimal and without leading zeros (RFC 7692 §7.1.2).
fn window_bits(value: &[u8]) -> Option<u8> {
    match value {
        [digit @ b'8'..=b'9'] => Some(digit - b'0'),
        [b'1', digit @ b'0'..=b'5'] => Some(10 + digit - b'0'),
        _ => None,
    }
}

/// Splits at `separator` outside of quotes.
fn split(value: &[u8], separator: u8) -> Result<Vec<&[u8]>, HandshakeError> {
    let mut quoted = false;
    let parts = value
        .split(|byte| {
            quoted ^= *byte == b'"';
            *byte == separator && !quoted
        })
        .collect();
    if quoted { Err(HandshakeError::Extensions) } else { Ok(parts) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::head::{HeadLimits, parse};

    fn of(values: &[&str]) -> Result<Vec<Offer>, HandshakeError> {
        let fields: String = values.iter().map(|value| format!("sec-websocket-extensions: {value}\r\n")).collect();
        let text = format!("GET / HTTP/1.1\r\n{fields}\r\n");
        let limits = HeadLimits { head_bytes_max: 65536, line_bytes_max: 8192, headers_max: 100 };
        let (_, head) = parse(text.as_bytes(), &limits).expect("a legal head").expect("a whole one");
        offers(&head)
    }

    #[test]
    fn all_four_parameters_are_read() {
        let none = Offer::default();
        assert_eq!(of(&[]), Ok(vec![]));
        assert_eq!(of(&["permessage-deflate"]), Ok(vec![none]));
        let all = "permessage-deflate; server_no_context_takeover;client_no_context_takeover ; \
                   server_max_window_bits=8 ;client_max_window_bits = \"15\"";
        let expected = Offer {
            server_no_context_takeover: true,
            client_no_context_takeover: true,
            server_max_window_bits: Some(8),
            client_max_window_bits: Some(Some(15)),
        };
        assert_eq!(of(&[all]), Ok(vec![expected]));
        let hint = Offer { client_max_window_bits: Some(None), ..none };
        assert_eq!(of(&["permessage-deflate; client_max_window_bits"]), Ok(vec![hint]));
    }

    #[test]
    fn offers_keep_their_order_over_elements_and_fields() {
        let first = Offer { server_max_window_bits: Some(10), ..Offer::default() };
        let values =
            ["x-other; a=\"b,c;d\"; e, permessage-deflate; server_max_window_bits=10", " , permessage-deflate,"];
        assert_eq!(of(&values[..1]), Err(HandshakeError::Extensions), "the quoted value is no token");
        let values = ["x-other; a=\"b\"; e, permessage-deflate; server_max_window_bits=10", " , permessage-deflate,"];
        assert_eq!(of(&values), Ok(vec![first, Offer::default()]));
    }

    #[test]
    fn offers_with_a_wrong_parameter_are_left_out() {
        // RFC 7692 §7: unknown, with an invalid value, or twice
        for parameters in [
            "unknown",
            "server_no_context_takeover=1",
            "client_no_context_takeover=true",
            "server_max_window_bits",
            "server_max_window_bits=7",
            "server_max_window_bits=16",
            "server_max_window_bits=08",
            "server_max_window_bits=1",
            "server_max_window_bits=100",
            "client_max_window_bits=7",
            "client_max_window_bits=15a",
            "server_no_context_takeover; server_no_context_takeover",
            "client_no_context_takeover; client_no_context_takeover",
            "server_max_window_bits=9; server_max_window_bits=9",
            "client_max_window_bits; client_max_window_bits=9",
        ] {
            let value = format!("permessage-deflate; {parameters}, permessage-deflate");
            assert_eq!(of(&[&value]), Ok(vec![Offer::default()]), "{parameters}");
        }
    }

    #[test]
    fn what_is_against_the_grammar_is_refused() {
        // RFC 6455 §9.1
        for value in ["a b", "permessage-deflate;", "; a", "a; =b", "a; b=", "a; b=\"c", "a; b=c d", "a; b=\"\"", "a=b"]
        {
            assert_eq!(of(&[value]), Err(HandshakeError::Extensions), "{value}");
        }
    }
}
