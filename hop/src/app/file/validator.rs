//! By what two versions of a file are told apart: its entity tag and its modification time (RFC 9110 §8.8).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// When a file was modified last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Modified {
    /// Seconds since 1970; negative before.
    pub(super) seconds: i64,
    /// Nanoseconds of that second.
    pub(super) nanoseconds: i64,
}

/// The validators of one representation of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Validators {
    /// A strong entity tag with its quotes: made of length, modification time in nanoseconds, and content coding. Two versions share
    /// it only when they have the same length and were written within one tick of the file system's clock.
    pub(super) etag: String,
    /// Seconds since 1970, never later than the answer's `Date` (RFC 9110 §8.8.2.1).
    pub(super) modified_unix_seconds: u64,
    /// Whether the file was not touched in the very second of the answer: only then does its date, whose unit is the second,
    /// stand for one version (RFC 9110 §8.8.2.2).
    pub(super) is_date_strong: bool,
}

impl Validators {
    /// `coding` is empty for the file as it is.
    pub(super) fn new(length_bytes: u64, modified: Modified, coding: &str, unix_seconds: u64) -> Self {
        let Modified { seconds, nanoseconds } = modified;
        let part = if coding.is_empty() { "" } else { "-" };
        let modified_unix_seconds = u64::try_from(seconds).unwrap_or(0);
        Validators {
            etag: format!("\"{length_bytes:x}-{seconds:x}.{nanoseconds:x}{part}{coding}\""),
            modified_unix_seconds: modified_unix_seconds.min(unix_seconds),
            is_date_strong: modified_unix_seconds < unix_seconds,
        }
    }

    /// The value of `Last-Modified`.
    pub(super) fn last_modified(&self) -> String {
        // The answer's own date bounds it, so it is before the year 10000, beyond which an HTTP date cannot be written.
        let seconds = self.modified_unix_seconds.min(LAST_SECOND);
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
    }

    /// Whether an HTTP date names exactly the second of the modification.
    pub(super) fn is_modified_at(&self, date: &[u8]) -> bool {
        unix_seconds(date) == Some(self.modified_unix_seconds)
    }

    /// Whether the file was modified after an HTTP date; `None` when it is no date.
    pub(super) fn is_modified_since(&self, date: &[u8]) -> Option<bool> {
        Some(self.modified_unix_seconds > unix_seconds(date)?)
    }

    /// Whether `*` or one of the tags in these lines names this version. The strong comparison takes no tag that is marked weak
    /// (RFC 9110 §8.8.3.2).
    pub(super) fn matches(&self, lines: &[&[u8]], comparison: Comparison) -> bool {
        lines.iter().any(|line| *line == b"*" || tags(line).any(|tag| self.is(tag, comparison)))
    }

    /// Whether this is the tag.
    pub(super) fn is(&self, tag: &[u8], comparison: Comparison) -> bool {
        match (tag.strip_prefix(b"W/"), comparison) {
            (Some(tag), Comparison::Weak) => tag == self.etag.as_bytes(),
            (Some(_), Comparison::Strong) => false,
            (None, _) => tag == self.etag.as_bytes(),
        }
    }
}

/// 9999-12-31 23:59:59.
const LAST_SECOND: u64 = 253_402_300_799;

/// How tags are compared (RFC 9110 §8.8.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// Equal bytes are promised.
    Strong,
    /// Equal meaning is enough.
    Weak,
}

/// The entity tags of a list (RFC 9110 §8.8.3), with quotes and mark; what follows a mistake is left out. Tags may hold commas.
fn tags(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let separator = |byte: &u8| !matches!(byte, b' ' | b'\t' | b',');
        rest = &rest[rest.iter().position(separator)?..];
        let open = if rest.starts_with(b"W/") { 2 } else { 0 };
        let close = match rest.get(open) {
            Some(b'"') => open + 2 + rest[open + 1..].iter().position(|&byte| byte == b'"')?,
            _ => return None,
        };
        let (tag, behind) = rest.split_at(close);
        rest = behind;
        Some(tag)
    })
}

/// The seconds since 1970 of an HTTP date in any of its three forms (RFC 9110 §5.6.7).
fn unix_seconds(date: &[u8]) -> Option<u64> {
    let time: SystemTime = httpdate::parse_http_date(str::from_utf8(date).ok()?).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODIFIED: Modified = Modified { seconds: 784_111_777, nanoseconds: 255 };

    fn validators() -> Validators {
        Validators::new(16, MODIFIED, "", u64::MAX)
    }

    #[test]
    fn the_tag_tells_length_time_and_coding_apart() {
        let tag = |length, modified, coding| Validators::new(length, modified, coding, 0).etag;
        let later = Modified { nanoseconds: 256, ..MODIFIED };
        assert_eq!(tag(16, MODIFIED, ""), "\"10-2ebc98a1.ff\"");
        assert_eq!(tag(16, MODIFIED, "br"), "\"10-2ebc98a1.ff-br\"");
        assert_ne!(tag(17, MODIFIED, ""), tag(16, MODIFIED, ""));
        assert_ne!(tag(16, later, ""), tag(16, MODIFIED, ""));
    }

    #[test]
    fn the_date_is_written_as_rfc_9110_wants_it_and_read_in_all_forms() {
        let validators = validators();
        assert_eq!(validators.last_modified(), "Sun, 06 Nov 1994 08:49:37 GMT");
        let forms: [&[u8]; 3] =
            [b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994"];
        assert!(forms.iter().all(|form| validators.is_modified_at(form)));
        assert!(!validators.is_modified_at(b"Sun, 06 Nov 1994 08:49:38 GMT"));
        assert_eq!(validators.is_modified_since(b"Sun, 06 Nov 1994 08:49:36 GMT"), Some(true));
        assert_eq!(validators.is_modified_since(b"Sun, 06 Nov 1994 08:49:37 GMT"), Some(false));
        assert_eq!(validators.is_modified_since(b"yesterday"), None);
    }

    #[test]
    fn a_date_never_lies_in_the_future_nor_before_1970() {
        let at = |seconds, now| Validators::new(0, Modified { seconds, nanoseconds: 0 }, "", now).modified_unix_seconds;
        assert_eq!(at(100, 50), 50);
        assert_eq!(at(-5, 50), 0);
        let far = Validators::new(0, Modified { seconds: i64::MAX, nanoseconds: 0 }, "", u64::MAX);
        assert_eq!(far.last_modified(), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn the_date_is_strong_only_after_its_second() {
        let strong = |now| Validators::new(0, MODIFIED, "", now).is_date_strong;
        assert!(!strong(784_111_777));
        assert!(strong(784_111_778));
    }

    #[test]
    fn lists_of_tags_are_read_with_commas_inside_and_up_to_a_mistake() {
        let list = |line: &'static str| -> Vec<String> {
            tags(line.as_bytes()).map(|tag| String::from_utf8_lossy(tag).into_owned()).collect()
        };
        assert_eq!(list(r#" "a,b" ,,W/"c", """#), [r#""a,b""#, r#"W/"c""#, r#""""#]);
        assert_eq!(list(r#""a", b, "c""#), [r#""a""#]);
        assert_eq!(list(r#""a"#), [""; 0]);
        assert_eq!(list("W/"), [""; 0]);
    }

    #[test]
    fn a_weak_tag_matches_only_weakly() {
        let validators = validators();
        let weak = format!("\"x\", W/{}", validators.etag);
        assert!(validators.matches(&[weak.as_bytes()], Comparison::Weak));
        assert!(!validators.matches(&[weak.as_bytes()], Comparison::Strong));
        assert!(validators.matches(&[b"\"x\"", validators.etag.as_bytes()], Comparison::Strong));
        assert!(validators.matches(&[b"*"], Comparison::Strong));
        assert!(!validators.matches(&[], Comparison::Weak));
    }
}
