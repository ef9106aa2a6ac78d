//! Which bytes of a file a `Range` field asks for (RFC 9110 §14).

/// More ranges than this in one field are an attack or a mistake: the field is ignored and the whole file is sent (RFC 9110 §14.2).
pub(super) const RANGES_MAX: usize = 16;

/// Bytes of a file: `start..end`, never empty, within the file.
pub(super) type Range = std::ops::Range<u64>;

/// What a `Range` field comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of the file: the field cannot be understood, or asks for too many ranges.
    Whole,
    /// These parts, in the order in which they were asked for; at least one. They neither overlap nor touch.
    Parts(Vec<Range>),
    /// No byte of what is asked for exists: 416.
    Nothing,
}

/// Reads a `Range` field for a file of this length. An empty file has no ranges: it is sent whole.
pub(super) fn wanted(field: &[u8], length_bytes: u64) -> Wanted {
    let Some(ranges) = ranges(field).filter(|_| length_bytes > 0) else { return Wanted::Whole };
    let mut parts = Vec::new();
    for (count, range) in ranges.enumerate() {
        let Some(spec) = range.filter(|_| count < RANGES_MAX) else { return Wanted::Whole };
        if let Some(part) = spec.within(length_bytes) {
            join(&mut parts, part);
        }
    }
    if parts.is_empty() { Wanted::Nothing } else { Wanted::Parts(parts) }
}

/// RFC 9110 §14.4: the last position is part of the range.
pub(super) fn content_range(part: &Range, length_bytes: u64) -> String {
    format!("bytes {}-{}/{length_bytes}", part.start, part.end - 1)
}

/// One range as it was asked for.
#[derive(Clone, Copy, Debug)]
enum Spec {
    /// `first-last` or `first-`
    From(u64, Option<u64>),
    /// `-count`
    Last(u64),
}

impl Spec {
    fn within(self, length_bytes: u64) -> Option<Range> {
        let range = match self {
            Spec::From(first, last) => {
                first..last.map_or(length_bytes, |last| last.saturating_add(1).min(length_bytes))
            }
            Spec::Last(count) => length_bytes.saturating_sub(count)..length_bytes,
        };
        (!range.is_empty()).then_some(range)
    }
}

/// The ranges of the field; `None` in it is a mistake. Units other than bytes are nobody's (RFC 9110 §14.1).
fn ranges(field: &[u8]) -> Option<impl Iterator<Item = Option<Spec>>> {
    let (unit, set) = str::from_utf8(field).ok()?.split_once('=')?;
    let specs = set.split(',').map(|spec| spec.trim_matches([' ', '\t'])).filter(|spec| !spec.is_empty()).map(spec);
    let mut specs = specs.peekable();
    (unit.eq_ignore_ascii_case("bytes") && specs.peek().is_some()).then_some(specs)
}

fn spec(text: &str) -> Option<Spec> {
    match text.split_once('-')? {
        ("", count) => Some(Spec::Last(number(count)?)),
        (first, "") => Some(Spec::From(number(first)?, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Spec::From(first, Some(last)))
        }
    }
}

/// Digits only; more than fit are as good as the largest number, because no file is that long.
fn number(digits: &str) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// Adds a part; parts that overlap or touch become one, at the place of the first (RFC 9110 §15.3.7.2).
/// So the answer is never longer than the file, however often the same bytes are asked for.
fn join(parts: &mut Vec<Range>, mut part: Range) {
    let mut place = parts.len();
    while let Some(at) = parts.iter().position(|other| other.start <= part.end && part.start <= other.end) {
        let other = parts.remove(at);
        part = part.start.min(other.start)..part.end.max(other.end);
        place = at.min(place);
    }
    parts.insert(place.min(parts.len()), part);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_ten(field: &str) -> Wanted {
        wanted(field.as_bytes(), 10)
    }

    fn parts<const N: usize>(parts: [(u64, u64); N]) -> Wanted {
        Wanted::Parts(parts.into_iter().map(|(start, end)| start..end).collect())
    }

    #[test]
    fn one_range_in_its_three_forms() {
        assert_eq!(of_ten("bytes=0-0"), parts([(0, 1)]));
        assert_eq!(of_ten("bytes=2-5"), parts([(2, 6)]));
        assert_eq!(of_ten("Bytes= 7-"), parts([(7, 10)]));
        assert_eq!(of_ten("bytes=-3"), parts([(7, 10)]));
    }

    #[test]
    fn what_lies_behind_the_end_is_cut_off() {
        assert_eq!(of_ten("bytes=9-10"), parts([(9, 10)]));
        assert_eq!(of_ten("bytes=0-18446744073709551615"), parts([(0, 10)]));
        assert_eq!(of_ten("bytes=0-99999999999999999999999"), parts([(0, 10)]));
        assert_eq!(of_ten("bytes=-11"), parts([(0, 10)]));
    }

    #[test]
    fn ranges_without_a_byte_are_416_unless_another_has_one() {
        for field in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999999-", "bytes=12-13,-0"] {
            assert_eq!(of_ten(field), Wanted::Nothing, "{field}");
        }
        assert_eq!(of_ten("bytes=10-12,1-2"), parts([(1, 3)]));
    }

    #[test]
    fn what_is_no_range_is_ignored() {
        let mistakes = [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-2",
            "bytes=+1-2",
            "bytes=1-2-3",
            "bytes=1",
            "bytes=0-1,x",
            "bytes=0x1-2",
            "lines=1-2",
            "bytes =0-1",
            "bytes=0 -1",
        ];
        for mistake in mistakes {
            assert_eq!(of_ten(mistake), Wanted::Whole, "{mistake}");
        }
        assert_eq!(wanted(b"bytes=\xff-", 10), Wanted::Whole);
    }

    #[test]
    fn an_empty_file_is_sent_whole() {
        assert_eq!(wanted(b"bytes=0-", 0), Wanted::Whole);
        assert_eq!(wanted(b"bytes=-1", 0), Wanted::Whole);
    }

    #[test]
    fn several_ranges_keep_their_order() {
        assert_eq!(of_ten("bytes=8-9, 0-1 ,,4-4"), parts([(8, 10), (0, 2), (4, 5)]));
    }

    #[test]
    fn ranges_that_overlap_or_touch_become_one_at_the_first_place() {
        assert_eq!(of_ten("bytes=0-3,2-5"), parts([(0, 6)]));
        assert_eq!(of_ten("bytes=0-1,2-3"), parts([(0, 4)]));
        assert_eq!(of_ten("bytes=8-9,0-1,4-5,1-4"), parts([(8, 10), (0, 6)]));
        assert_eq!(of_ten("bytes=0-,0-,0-,0-"), parts([(0, 10)]));
    }

    #[test]
    fn too_many_ranges_are_ignored() {
        let field = |count: usize| format!("bytes={}", vec!["0-0"; count].join(","));
        assert_eq!(of_ten(&field(RANGES_MAX)), parts([(0, 1)]));
        assert_eq!(of_ten(&field(RANGES_MAX + 1)), Wanted::Whole);
    }

    #[test]
    fn joined_parts_never_overlap_whatever_is_asked_for() {
        for seed in 0..2000_u64 {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut below = |n: u64| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state % n
            };
            let mut bytes = [false; 40];
            let mut parts = Vec::new();
            for _ in 0..6 {
                let start = below(39);
                let end = start + 1 + below(40 - start);
                bytes[start as usize..end as usize].fill(true);
                join(&mut parts, start..end);
            }
            let covered: u64 = parts.iter().map(|part| part.end - part.start).sum();
            assert_eq!(covered, bytes.iter().filter(|&&byte| byte).count() as u64, "seed {seed}: {parts:?}");
            assert!(parts.iter().flat_map(Clone::clone).all(|byte| bytes[byte as usize]), "seed {seed}: {parts:?}");
        }
    }
}
