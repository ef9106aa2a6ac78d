//! Field lines: those of a request's head and those of a trailer section (RFC 9112 §5).
//!
//! They are read by hand, in one strict pass that hands out each field as it goes by. httparse wants room for all of them beforehand,
//! and takes bare LF for a line's end, so that its result has to be looked at again. But for bare LF the same input is accepted here:
//! a fuzz target compares the two.

use super::ascii::{TEXT, TOKEN, span, trim};
use super::head_error::HeadError;
use super::words::{name_bytes, value_bytes};

/// A section of valid field lines, in their order. Borrowed from the input: the lines are read again by whoever looks for a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields<'b> {
    /// Each with its CRLF.
    lines: &'b [u8],
    count: usize,
}

impl<'b> Fields<'b> {
    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Names and values. Names are tokens in the case in which they came; values are trimmed and free of control characters except
    /// HTAB, but may hold obs-text (bytes from 0x80).
    pub fn iter(&self) -> impl Iterator<Item = (&'b str, &'b [u8])> + use<'b> {
        self.raw().map(|(name, value)| (str::from_utf8(name).expect("a token is ASCII"), value))
    }

    /// As [`Fields::iter`]; names are not made text.
    pub fn raw(&self) -> impl Iterator<Item = (&'b [u8], &'b [u8])> + use<'b> {
        let mut rest = self.lines;
        std::iter::from_fn(move || {
            let line = next_line(rest)?;
            rest = &rest[line.bytes..];
            Some((line.name, line.value))
        })
    }

    /// The lines as they came, each with its CRLF.
    pub fn lines(&self) -> &'b [u8] {
        self.lines
    }

    /// The same fields in a copy of their lines.
    #[cfg(feature = "tower")]
    pub(crate) fn in_copy<'c>(&self, lines: &'c [u8]) -> Fields<'c> {
        debug_assert_eq!(self.lines, lines);
        Fields { lines, count: self.count }
    }

    /// The values of all fields called `name`, compared without case, in their order.
    pub fn named<'n>(&self, name: &'n str) -> impl Iterator<Item = &'b [u8]> + use<'b, 'n> {
        self.raw().filter(move |(known, _)| known.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }
}

/// The fields at the beginning of `input` up to the empty line behind them, and how many bytes they take with it; `None` while that
/// line has not come. `each` is given every field in passing; there may be `fields_max` of them.
#[inline(always)]
pub(super) fn read<'b, E: From<HeadError>>(
    input: &'b [u8],
    fields_max: usize,
    mut each: impl FnMut(&'b [u8], &'b [u8]) -> Result<(), E>,
) -> Result<Option<(usize, Fields<'b>)>, E> {
    let mut at = 0;
    let mut count = 0;
    loop {
        let rest = &input[at..];
        let line = match usual_line(rest) {
            Some(line) => line,
            None if rest.starts_with(b"\r\n") => break,
            None => match any_line(rest)? {
                Some(line) => line,
                None => return Ok(None),
            },
        };
        if count == fields_max {
            return Err(HeadError::TooManyFields.into());
        }
        each(line.name, line.value)?;
        at += line.bytes;
        count += 1;
    }
    Ok(Some((at + 2, Fields { lines: &input[..at], count })))
}

/// The lines of a whole section, if there is nothing else in it.
pub(super) fn section(lines: &[u8]) -> Option<Fields<'_>> {
    let mut at = 0;
    let mut count = 0;
    while at < lines.len() {
        at += next_line(&lines[at..])?.bytes;
        count += 1;
    }
    Some(Fields { lines, count })
}

/// The line at the beginning of lines that were read before; `None` where there is none.
#[inline(never)]
fn next_line(lines: &[u8]) -> Option<Line<'_>> {
    usual_line(lines).or_else(|| any_line(lines).ok().flatten())
}

struct Line<'b> {
    name: &'b [u8],
    value: &'b [u8],
    /// With its CRLF.
    bytes: usize,
}

impl<'b> Line<'b> {
    #[inline(always)]
    fn new(name: &'b [u8], value: &'b [u8]) -> Line<'b> {
        Line { name, value: trim(value), bytes: name.len() + 1 + value.len() + 2 }
    }
}

/// The field line at the beginning of `input`, if it is whole and of usual bytes: what [`any_line`] gives, sooner.
#[inline(always)]
fn usual_line(input: &[u8]) -> Option<Line<'_>> {
    let (name, [b':', rest @ ..]) = input.split_at_checked(name_bytes(input))? else { return None };
    let (value, [b'\r', b'\n', ..]) = rest.split_at_checked(value_bytes(rest))? else { return None };
    if name.is_empty() { None } else { Some(Line::new(name, value)) }
}

/// The field line at the beginning of `input`; `None` while it is not whole.
#[inline(never)]
fn any_line(input: &[u8]) -> Result<Option<Line<'_>>, HeadError> {
    let (name, rest) = input.split_at(span(TOKEN, input));
    let [b':', rest @ ..] = rest else { return no_colon(input, rest) };
    let (value, rest) = rest.split_at(span(TEXT, rest));
    match rest {
        _ if name.is_empty() => Err(HeadError::FieldName),
        [b'\r', b'\n', ..] => Ok(Some(Line::new(name, value))),
        [] | [b'\r'] => Ok(None),
        [b'\n', ..] => Err(HeadError::LineEnd),
        _ => Err(HeadError::FieldValue),
    }
}

/// Of a line in which something else than a colon follows the name.
fn no_colon<'b>(line: &[u8], rest: &[u8]) -> Result<Option<Line<'b>>, HeadError> {
    match line {
        // Of the empty line, perhaps.
        [] | [b'\r'] => Ok(None),
        // RFC 9112 §2.2: a recipient MAY take a bare LF for a line's end; hop does not, for where parsers differ requests are smuggled.
        [b'\r' | b'\n', ..] => Err(HeadError::LineEnd),
        _ if rest.is_empty() => Ok(None),
        _ => Err(HeadError::FieldName),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name_in_any_case() {
        let (used, fields) =
            read::<HeadError>(b"A: 1\r\nb:2\r\nA:\t3 \r\n\r\nA: 4\r\n", 3, |_, _| Ok(())).unwrap().unwrap();
        assert_eq!((used, fields.len()), (20, 3));
        assert_eq!(fields.named("a").collect::<Vec<_>>(), [b"1", b"3"]);
        assert_eq!(fields.iter().collect::<Vec<_>>(), [("A", &b"1"[..]), ("b", b"2"), ("A", b"3")]);
        assert_eq!(fields.named("B").collect::<Vec<_>>(), [b"2"]);
        assert_eq!(fields.named("c").next(), None);
    }

    #[test]
    fn a_usual_line_is_read_as_any_line_is() {
        let names = ["", "a", "Accept", "Sec-Fetch-Destination", "X_1", "a b"];
        let values = [
            "",
            "1",
            " 1",
            "  two words ",
            "\ttab",
            "caf\u{e9}",
            "a long one of more than two blocks of bytes",
            "\u{7f}",
        ];
        let mut usual = 0;
        for (name, value) in names.into_iter().flat_map(|name| values.map(|value| (name, value))) {
            let text = format!("{name}:{value}\r\nNext: 1\r\n\r\n");
            for input in (0..=text.len()).map(|end| &text.as_bytes()[..end]) {
                let Some(line) = usual_line(input) else { continue };
                let Ok(Some(any)) = any_line(input) else { panic!("{}", input.escape_ascii()) };
                assert_eq!((line.name, line.value, line.bytes), (any.name, any.value, any.bytes));
                usual += 1;
            }
        }
        assert!(usual > 0);
    }

    #[test]
    fn each_field_is_handed_out_in_passing_until_one_is_refused() {
        let mut seen = Vec::new();
        let result = read(b"A: 1\r\nB: 2\r\nC: \0", 3, |name, _| {
            seen.push(name);
            if name == b"B" { Err(HeadError::TooManyFields) } else { Ok(()) }
        });
        assert_eq!((result, seen), (Err(HeadError::TooManyFields), vec![&b"A"[..], b"B"]));
    }
}
