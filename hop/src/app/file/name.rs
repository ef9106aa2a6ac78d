//! From the raw path of a request to the name of a file below the root. Decoded once; whatever could mean another place is refused here,
//! before the file system is asked, which refuses it again (see `open`).

use http::StatusCode;

/// A name below the root.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// Segments between single slashes, neither first nor last a slash; no segment is empty, `.` or `..`. Empty for the root.
    pub(super) path: Vec<u8>,
    /// It was asked for with a slash at the end, or is the root: only a directory can be meant.
    pub(super) is_directory: bool,
    /// A byte was encoded that could stand plainly: the same name has a plainer path.
    pub(super) is_overencoded: bool,
}

/// Reads the part of a raw request path behind the root's place, without its first slash.
///
/// # Errors
/// 400 for an invalid percent-encoding, 404 for a name that no file below the root can have, or that is hidden and shall be.
pub(super) fn parse(raw: &str, shows_hidden: bool) -> Result<Name, StatusCode> {
    let (segments, is_directory) = match raw.strip_suffix('/') {
        Some(segments) => (segments, true),
        None => (raw, raw.is_empty()),
    };
    let mut path = Vec::with_capacity(segments.len());
    let mut is_overencoded = false;
    if raw.is_empty() {
        return Ok(Name { path, is_directory, is_overencoded });
    }
    for (count, segment) in segments.split('/').enumerate() {
        if count > 0 {
            path.push(b'/');
        }
        let start = path.len();
        is_overencoded |= decode(segment, &mut path)?;
        check(&path[start..], shows_hidden || (count == 0 && &path[start..] == WELL_KNOWN))?;
    }
    Ok(Name { path, is_directory, is_overencoded })
}

/// RFC 8615: hidden for the file system's users only.
const WELL_KNOWN: &[u8] = b".well-known";

/// Percent-decodes a segment (RFC 3986 §2.1). Whether a byte of it was encoded that need not be.
fn decode(segment: &str, into: &mut Vec<u8>) -> Result<bool, StatusCode> {
    if !segment.contains('%') {
        into.extend_from_slice(segment.as_bytes());
        return Ok(false);
    }
    let mut is_overencoded = false;
    for part in parts(segment.as_bytes()) {
        let (byte, written) = part?;
        is_overencoded |= written.len() > 1 && may_be_plain(byte);
        into.push(byte);
    }
    Ok(is_overencoded)
}

/// A raw path that was parsed, with nothing encoded that may stand plainly. What else is encoded stays as it is.
pub(super) fn plain(raw: &str) -> Vec<u8> {
    let mut plain = Vec::with_capacity(raw.len());
    for (byte, written) in parts(raw.as_bytes()).flatten() {
        match may_be_plain(byte) {
            true => plain.push(byte),
            false => plain.extend_from_slice(written),
        }
    }
    plain
}

/// Each byte, and how it is written.
fn parts(mut raw: &[u8]) -> impl Iterator<Item = Result<(u8, &[u8]), StatusCode>> {
    std::iter::from_fn(move || {
        let len = if *raw.first()? == b'%' { 3 } else { 1 };
        let (written, left) = raw.split_at(len.min(raw.len()));
        raw = left;
        Some(decoded(written).map(|byte| (byte, written)).ok_or(StatusCode::BAD_REQUEST))
    })
}

fn decoded(written: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    match written {
        [b'%', high, low] => Some((digit(high)? * 16 + digit(low)?) as u8),
        [byte] if *byte != b'%' => Some(*byte),
        _ => None,
    }
}

/// RFC 3986 §3.3: what a segment may hold as it is.
fn may_be_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

/// A backslash separates on other systems, and names that hold one are hardly ever meant: refused like an encoded slash.
fn check(segment: &[u8], may_be_hidden: bool) -> Result<(), StatusCode> {
    let names_one_file = !matches!(segment, b"" | b"." | b"..") && !segment.iter().any(|byte| b"/\\\0".contains(byte));
    let is_hidden = segment.starts_with(b".");
    if names_one_file && (may_be_hidden || !is_hidden) { Ok(()) } else { Err(StatusCode::NOT_FOUND) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(raw: &str) -> Result<(String, bool), u16> {
        let read = parse(raw, false).map_err(|status| status.as_u16())?;
        Ok((String::from_utf8_lossy(&read.path).into_owned(), read.is_directory))
    }

    fn file(path: &str) -> Result<(String, bool), u16> {
        Ok((path.to_owned(), false))
    }

    fn directory(path: &str) -> Result<(String, bool), u16> {
        Ok((path.to_owned(), true))
    }

    #[test]
    fn names_are_decoded_once() {
        assert_eq!(name("a/b%20c.txt"), file("a/b c.txt"));
        assert_eq!(name("%61%2Ehtml"), file("a.html"));
        assert_eq!(name("100%25%32%35"), file("100%25"));
        assert_eq!(name("a..b/..c".trim_end_matches("/..c")), file("a..b"));
    }

    #[test]
    fn what_is_encoded_without_need_is_seen() {
        let is_overencoded = |raw| parse(raw, false).map(|name| name.is_overencoded);
        for raw in ["%61", "a/b%2Ec", "%7euser", "a%40b", "a%20%2b", "%21%24%26%27%28%29%2a%2c%3b%3d%3a"] {
            assert_eq!(is_overencoded(raw), Ok(true), "{raw}");
        }
        for raw in ["", "a", "a%20b", "%c3%a9", "%22%23%25%3c%3e%3f%5b%5d%5e%60%7b%7c%7d/", "100%2561"] {
            assert_eq!(is_overencoded(raw), Ok(false), "{raw}");
            assert_eq!(plain(raw), raw.as_bytes());
        }
        assert_eq!(plain("%61/%20%2B%7E%2561%c3"), b"a/%20+~%2561%c3");
    }

    #[test]
    fn a_slash_at_the_end_means_a_directory() {
        assert_eq!(name(""), directory(""));
        assert_eq!(name("a/"), directory("a"));
        assert_eq!(name("a/b/"), directory("a/b"));
    }

    #[test]
    fn whatever_could_lead_elsewhere_is_not_found() {
        let escapes = [
            "..",
            "../a",
            "a/..",
            "a/../b",
            "a/../",
            "%2e%2e",
            "%2E./a",
            ".%2e/a",
            "a/%2e%2E/b",
            ".",
            "./a",
            "a/./b",
            "a/.",
            "%2e",
            "/",
            "//",
            "/etc/passwd",
            "a//b",
            "a//",
            "//a",
            "%2fetc",
            "a%2Fb",
            "a%2f..%2fb",
            "%2e%2e%2f",
            "a\\b",
            "a%5Cb",
            "..%5c",
            "a%00",
            "%00",
            "a%00.html",
        ];
        for escape in escapes {
            assert_eq!(parse(escape, true), Err(StatusCode::NOT_FOUND), "{escape}");
        }
    }

    #[test]
    fn double_encoding_stays_a_name() {
        assert_eq!(name("%252e%252e%252fa"), file("%2e%2e%2fa"));
    }

    #[test]
    fn invalid_encodings_are_400() {
        for raw in ["%", "a%2", "%zz", "%+1", "a/%g0", "%%41"] {
            assert_eq!(name(raw), Err(400), "{raw}");
        }
    }

    #[test]
    fn hidden_files_are_not_there_but_for_well_known_ones() {
        for raw in [".git/config", "a/.env", ".a", "%2ehtaccess", "a/.well-known/b", ".well-known/.a"] {
            assert_eq!(name(raw), Err(404), "{raw}");
        }
        assert_eq!(name(".well-known/acme"), file(".well-known/acme"));
        assert!(parse(".git/config", true).is_ok());
    }

    #[test]
    fn bytes_that_are_no_text_can_name_files() {
        assert_eq!(parse("%ff", false).unwrap().path, [0xff]);
    }
}
