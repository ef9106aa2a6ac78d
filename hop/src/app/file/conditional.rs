//! Conditional requests: the precedence of RFC 9110 §13.2.2, for a file that exists and a method that reads.

use http::StatusCode;

use super::asked::Asked;
use super::validator::{Comparison, Validators};

/// The status that ends the request because of its conditions: 304, 412, or none.
pub(super) fn refusal(asked: &Asked<'_>, validators: &Validators) -> Option<StatusCode> {
    if has_changed(asked, validators) {
        return Some(StatusCode::PRECONDITION_FAILED);
    }
    is_fresh(asked, validators).then_some(StatusCode::NOT_MODIFIED)
}

/// Steps 1 and 2: the client wants one version only, and this is another. A date that is none is no condition.
fn has_changed(asked: &Asked<'_>, validators: &Validators) -> bool {
    if !asked.if_match.is_empty() {
        return !validators.matches(&asked.if_match, Comparison::Strong);
    }
    asked.if_unmodified_since.and_then(|date| validators.is_modified_since(date)).unwrap_or(false)
}

/// Steps 3 and 4: the client has this version already. `If-None-Match` silences the date.
fn is_fresh(asked: &Asked<'_>, validators: &Validators) -> bool {
    if !asked.if_none_match.is_empty() {
        return validators.matches(&asked.if_none_match, Comparison::Weak);
    }
    asked.if_modified_since.and_then(|date| validators.is_modified_since(date)) == Some(false)
}

/// Step 5: the `Range` that counts; none when it asks for a part of another version (RFC 9110 §13.1.5).
pub(super) fn range<'r>(asked: &Asked<'r>, validators: &Validators) -> Option<&'r [u8]> {
    let range = asked.range.filter(|_| !asked.head_only)?;
    let same = match asked.if_range {
        None => true,
        Some(tag) if tag.ends_with(b"\"") => validators.is(tag, Comparison::Strong),
        Some(date) => validators.is_date_strong && validators.is_modified_at(date),
    };
    same.then_some(range)
}

#[cfg(test)]
mod tests {
    use super::super::validator::Modified;
    use super::*;

    const TAG: &[u8] = b"\"1-2ebc98a1.0\"";
    const WEAK: &[u8] = b"W/\"1-2ebc98a1.0\"";
    const OTHER: &[u8] = b"\"other\"";
    const BEFORE: &[u8] = b"Sun, 06 Nov 1994 08:49:36 GMT";
    const AT: &[u8] = b"Sun, 06 Nov 1994 08:49:37 GMT";

    fn validators() -> Validators {
        Validators::new(1, Modified { seconds: 784_111_777, nanoseconds: 0 }, "", u64::MAX)
    }

    fn asked<'r>(fields: &[(&'r str, &'r [u8])]) -> Asked<'r> {
        Asked::new(false, fields.iter().copied(), u64::MAX)
    }

    fn status(fields: &[(&str, &[u8])]) -> u16 {
        refusal(&asked(fields), &validators()).map_or(200, |status| status.as_u16())
    }

    #[test]
    fn each_condition_alone() {
        let cases: [(&str, &[u8], u16); 14] = [
            ("if-match", TAG, 200),
            ("if-match", b"*", 200),
            ("if-match", OTHER, 412),
            ("if-match", WEAK, 412),
            ("if-unmodified-since", AT, 200),
            ("if-unmodified-since", BEFORE, 412),
            ("if-unmodified-since", b"never", 200),
            ("if-none-match", TAG, 304),
            ("if-none-match", WEAK, 304),
            ("if-none-match", b"*", 304),
            ("if-none-match", OTHER, 200),
            ("if-modified-since", AT, 304),
            ("if-modified-since", BEFORE, 200),
            ("if-modified-since", b"now", 200),
        ];
        for (name, value, expected) in cases {
            assert_eq!(status(&[(name, value)]), expected, "{name}: {}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn tags_silence_dates_and_what_must_hold_comes_first() {
        assert_eq!(status(&[("if-match", TAG), ("if-unmodified-since", BEFORE)]), 200);
        assert_eq!(status(&[("if-none-match", OTHER), ("if-modified-since", AT)]), 200);
        assert_eq!(status(&[("if-none-match", TAG), ("if-modified-since", BEFORE)]), 304);
        assert_eq!(status(&[("if-match", OTHER), ("if-none-match", TAG)]), 412);
        assert_eq!(status(&[("if-match", TAG), ("if-none-match", TAG)]), 304);
        assert_eq!(status(&[("if-unmodified-since", BEFORE), ("if-modified-since", AT)]), 412);
    }

    #[test]
    fn a_range_counts_only_for_this_version() {
        let counts = |if_range: &[u8], now| {
            let asked = asked(&[("range", b"bytes=0-0"), ("if-range", if_range)]);
            let validators = Validators::new(1, Modified { seconds: 784_111_777, nanoseconds: 0 }, "", now);
            range(&asked, &validators).is_some()
        };
        assert!(counts(TAG, u64::MAX));
        assert!(!counts(WEAK, u64::MAX));
        assert!(!counts(OTHER, u64::MAX));
        assert!(counts(AT, u64::MAX));
        assert!(!counts(BEFORE, u64::MAX));
        assert!(!counts(AT, 784_111_777), "the file may still change within the second");
        assert!(range(&asked(&[("range", b"bytes=0-0")]), &validators()).is_some());
    }

    #[test]
    fn head_has_no_ranges() {
        let asked = Asked { head_only: true, range: Some(b"bytes=0-0"), ..Asked::default() };
        assert_eq!(range(&asked, &validators()), None);
    }
}
