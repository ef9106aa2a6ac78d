//! What a body is said to be (RFC 9110 §8.3).

use crate::app::request::Request;

/// The media type of the body, without parameters.
pub(crate) fn of<'r>(request: &Request<'r>) -> Option<&'r [u8]> {
    let value = request.header("content-type")?;
    let end = memchr::memchr(b';', value).unwrap_or(value.len());
    Some(value[..end].trim_ascii())
}

/// `application/x-www-form-urlencoded`
pub(crate) fn is_form(media: &[u8]) -> bool {
    media.eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

/// `application/json`, and what is JSON by its suffix (RFC 6839 §3.1): `application/problem+json`.
#[cfg(feature = "json")]
pub(crate) fn is_json(media: &[u8]) -> bool {
    let ends_with_json = || media.len() > 5 && media[media.len() - 5..].eq_ignore_ascii_case(b"+json");
    media.eq_ignore_ascii_case(b"application/json") || ends_with_json()
}

#[cfg(test)]
#[cfg(feature = "json")]
mod tests {
    use super::*;

    #[test]
    fn json_has_several_names() {
        for media in ["application/json", "Application/JSON", "application/problem+json", "application/vnd.api+JSON"] {
            assert!(is_json(media.as_bytes()), "{media}");
        }
        for media in ["", "json", "+json", "text/plain", "application/jsonp", "application/x-ndjson"] {
            assert!(!is_json(media.as_bytes()), "{media}");
        }
    }
}
