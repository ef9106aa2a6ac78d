//! The media type of a file, by the end of its name.

use http::header::HeaderValue;

/// The media type for a name; `application/octet-stream` when nobody knows. Text is said to be UTF-8.
pub(super) fn content_type(name: &[u8]) -> HeaderValue {
    match mime_guess::from_ext(extension(name)).first_raw() {
        None => HeaderValue::from_static("application/octet-stream"),
        Some(text) if text.starts_with("text/") => {
            HeaderValue::try_from(format!("{text}; charset=utf-8")).expect("media types are visible ASCII")
        }
        Some(other) => HeaderValue::from_static(other),
    }
}

/// What follows the last dot, unless that begins the name. Empty, which no type is known for, when there is none or it is no text.
fn extension(name: &[u8]) -> &str {
    let file = &name[memchr::memrchr(b'/', name).map_or(0, |slash| slash + 1)..];
    match memchr::memrchr(b'.', file) {
        None | Some(0) => "",
        Some(dot) => str::from_utf8(&file[dot + 1..]).unwrap_or(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_by_the_name() {
        let cases = [
            ("a.html", "text/html; charset=utf-8"),
            ("a/b.CSS", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.svg", "image/svg+xml"),
            ("a.png", "image/png"),
            ("a.wasm", "application/wasm"),
            ("a.tar.gz", "application/gzip"),
            ("a", "application/octet-stream"),
            ("a.png/b", "application/octet-stream"),
            ("a.", "application/octet-stream"),
            (".html", "application/octet-stream"),
            ("a.unheard-of", "application/octet-stream"),
        ];
        for (name, expected) in cases {
            assert_eq!(content_type(name.as_bytes()), expected, "{name}");
        }
        assert_eq!(content_type(b"\xff.png"), "image/png");
    }
}
