//! The parameters of a path: percent-decoded, and without an allocation unless something was encoded.

use std::borrow::Cow;

/// So many values need no allocation.
const INLINE: usize = 3;

/// What the parameters of a pattern stand for, in order, as it stands in the path: bytes, which become text when it is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values<'p> {
    /// The first ones; those behind `len` mean nothing.
    first: [&'p [u8]; INLINE],
    more: Vec<&'p [u8]>,
    len: usize,
}

impl<'p> Values<'p> {
    #[inline]
    pub(crate) fn push(&mut self, value: &'p [u8]) {
        match self.first.get_mut(self.len) {
            Some(place) => *place = value,
            None => self.more.push(value),
        }
        self.len += 1;
    }

    /// Forgets all but the first `len`.
    #[inline]
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.more.truncate(len.saturating_sub(INLINE));
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn at(&self, index: usize) -> Option<&'p [u8]> {
        let inline = self.first[..self.len.min(INLINE)].get(index);
        inline.or_else(|| self.more.get(index.checked_sub(INLINE)?)).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'p [u8]> {
        (0..self.len).filter_map(|index| self.at(index))
    }
}

/// A parameter's percent-encoding is malformed, or does not encode UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadEncoding;

/// The parameters of a path, percent-decoded. `%2F` has become a slash inside its parameter: it never splits one.
///
/// They are filled where they are: nothing of them is moved. Paths without parameters never have any, and cost one store.
#[derive(Debug, Default)]
pub(crate) struct PathParams<'r>(Option<Found<'r>>);

/// What a search among the patterns has found.
#[derive(Debug, Default)]
struct Found<'r> {
    names: &'r [Box<str>],
    raw: Values<'r>,
    /// All of them, where anything in the path was not plain; empty otherwise.
    decoded: Vec<Cow<'r, str>>,
}

impl<'r> PathParams<'r> {
    /// Where the router puts what it finds.
    #[inline]
    pub(crate) fn values(&mut self) -> &mut Values<'r> {
        &mut self.0.get_or_insert_default().raw
    }

    /// Gives the values that were found in `path` their names, and decodes them.
    pub(crate) fn complete(&mut self, names: &'r [Box<str>], path: &[u8]) -> Result<(), BadEncoding> {
        let found = self.0.get_or_insert_default();
        found.names = names;
        if is_plain(path) { Ok(()) } else { found.decode(path) }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |found| found.raw.len())
    }

    /// The value of the parameter at `index`, in the order of the pattern.
    pub(crate) fn at(&self, index: usize) -> Option<&str> {
        let found = self.0.as_ref()?;
        match found.decoded.get(index) {
            Some(value) => Some(value),
            None => found.raw.at(index).map(text),
        }
    }

    /// The name of the parameter at `index`.
    pub(crate) fn name_at(&self, index: usize) -> &'r str {
        self.names().get(index).map_or("", |name| name)
    }

    /// The last parameter as it stands in the path: of a `{*rest}`, with the slashes that the path has and no others.
    pub(crate) fn last_raw(&self) -> Option<&'r str> {
        self.0.as_ref()?.raw.at(self.len().checked_sub(1)?).map(text)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.at(self.names().iter().position(|known| **known == *name)?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.len()).filter_map(|index| Some((self.name_at(index), self.at(index)?)))
    }

    fn names(&self) -> &'r [Box<str>] {
        self.0.as_ref().map_or(&[], |found| found.names)
    }
}

impl Found<'_> {
    #[cold]
    fn decode(&mut self, path: &[u8]) -> Result<(), BadEncoding> {
        // Patterns are text, so that values are text where the path is.
        str::from_utf8(path).map_err(|_| BadEncoding)?;
        self.decoded = self.raw.iter().map(decoded).collect::<Result<_, _>>()?;
        Ok(())
    }
}

/// Whether a path is ASCII and nothing is encoded in it. Without a way out before the end, so that many bytes are looked at at once.
fn is_plain(path: &[u8]) -> bool {
    path.iter().fold(true, |plain, byte| plain & byte.is_ascii() & (*byte != b'%'))
}

/// A value as text, which it is: see [`Found::decode`].
fn text(value: &[u8]) -> &str {
    str::from_utf8(value).unwrap_or_default()
}

/// RFC 3986 §2.1: a `%` is followed by two hexadecimal digits. What they encode must be UTF-8.
fn decoded(value: &[u8]) -> Result<Cow<'_, str>, BadEncoding> {
    let mut rest = value;
    while let Some(at) = memchr::memchr(b'%', rest) {
        match rest[at..] {
            [_, high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest = &rest[at + 3..],
            _ => return Err(BadEncoding),
        }
    }
    percent_encoding::percent_decode(value).decode_utf8().map_err(|_| BadEncoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_undone_or_refused() {
        let good =
            [("a", "a"), ("a%20b", "a b"), ("%C3%A9", "é"), ("a%2fb", "a/b"), ("100%25", "100%"), ("a+b", "a+b")];
        for (value, expected) in good {
            assert_eq!(decoded(value.as_bytes()).as_deref(), Ok(expected), "{value}");
        }
        for value in ["%", "%2", "a%zz", "%+1", "%C3", "%FF", "%e9"] {
            assert_eq!(decoded(value.as_bytes()), Err(BadEncoding), "{value}");
        }
    }

    #[test]
    fn values_beyond_the_inline_ones_are_kept_and_forgotten() {
        let mut values = Values::default();
        [b"a", b"b", b"c", b"d", b"e"].into_iter().for_each(|value| values.push(value));
        assert_eq!(values.iter().collect::<Vec<_>>(), [b"a", b"b", b"c", b"d", b"e"]);
        values.truncate(4);
        assert_eq!((values.at(3), values.at(4)), (Some(&b"d"[..]), None));
        values.truncate(1);
        values.push(b"f");
        assert_eq!(values.iter().collect::<Vec<_>>(), [b"a", b"f"]);
    }

    #[test]
    fn nothing_is_copied_unless_something_was_encoded() {
        assert!(matches!(decoded(b"plain"), Ok(Cow::Borrowed("plain"))));
    }
}
