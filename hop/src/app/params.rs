//! The parameters of a path: percent-decoded, and without an allocation unless something was encoded.

use std::borrow::Cow;

use matchit::Params;

/// What the router found, as it stands in the path.
pub(crate) struct RawParams<'r> {
    names: &'r [Box<str>],
    values: Option<Params<'r, 'r>>,
    has_percent: bool,
}

impl<'r> RawParams<'r> {
    /// No parameters.
    #[inline]
    pub(crate) fn none() -> Self {
        RawParams { names: &[], values: None, has_percent: false }
    }

    /// The values that were found in `path`, to be called `names`.
    #[inline]
    pub(crate) fn new(names: &'r [Box<str>], values: Params<'r, 'r>, path: &str) -> Self {
        RawParams { names, values: Some(values), has_percent: memchr::memchr(b'%', path.as_bytes()).is_some() }
    }
}

/// A parameter's percent-encoding is malformed, or does not encode UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadEncoding;

/// The parameters of a path, percent-decoded. `%2F` has become a slash inside its parameter: it never splits one.
#[derive(Debug)]
pub struct PathParams<'r> {
    names: &'r [Box<str>],
    values: Values<'r>,
}

#[derive(Debug)]
enum Values<'r> {
    None,
    Plain(Params<'r, 'r>),
    Decoded { values: Vec<Cow<'r, str>>, last_raw: &'r str },
}

impl<'r> PathParams<'r> {
    #[inline]
    pub(crate) fn decode(raw: RawParams<'r>) -> Result<Self, BadEncoding> {
        let values = match raw.values {
            None => Values::None,
            Some(values) if raw.has_percent => Values::Decoded {
                last_raw: last(&values),
                values: values.iter().map(|(_, value)| decoded(value)).collect::<Result<_, _>>()?,
            },
            Some(values) => Values::Plain(values),
        };
        Ok(PathParams { names: raw.names, values })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match &self.values {
            Values::None => 0,
            Values::Plain(values) => values.len(),
            Values::Decoded { values, .. } => values.len(),
        }
    }

    /// The value of the parameter at `index`, in the order of the pattern.
    pub(crate) fn at(&self, index: usize) -> Option<&str> {
        match &self.values {
            Values::None => None,
            Values::Plain(values) => values.iter().nth(index).map(|(_, value)| value),
            Values::Decoded { values, .. } => values.get(index).map(|value| &**value),
        }
    }

    /// The name of the parameter at `index`.
    pub(crate) fn name_at(&self, index: usize) -> &'r str {
        self.names.get(index).map_or("", |name| name)
    }

    /// The last parameter as it stands in the path: of a `{*rest}`, with the slashes that the path has and no others.
    pub(crate) fn last_raw(&self) -> Option<&'r str> {
        match &self.values {
            Values::None => None,
            Values::Plain(values) => Some(last(values)),
            Values::Decoded { last_raw, .. } => Some(last_raw),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.at(self.names.iter().position(|known| **known == *name)?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.len()).filter_map(|index| Some((self.name_at(index), self.at(index)?)))
    }
}

fn last<'r>(values: &Params<'r, 'r>) -> &'r str {
    values.iter().last().map_or("", |(_, value)| value)
}

/// RFC 3986 §2.1: a `%` is followed by two hexadecimal digits. What they encode must be UTF-8.
fn decoded(value: &str) -> Result<Cow<'_, str>, BadEncoding> {
    let mut rest = value.as_bytes();
    while let Some(at) = memchr::memchr(b'%', rest) {
        match rest[at..] {
            [_, high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest = &rest[at + 3..],
            _ => return Err(BadEncoding),
        }
    }
    percent_encoding::percent_decode_str(value).decode_utf8().map_err(|_| BadEncoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_undone_or_refused() {
        let good =
            [("a", "a"), ("a%20b", "a b"), ("%C3%A9", "é"), ("a%2fb", "a/b"), ("100%25", "100%"), ("a+b", "a+b")];
        for (value, expected) in good {
            assert_eq!(decoded(value).as_deref(), Ok(expected), "{value}");
        }
        for value in ["%", "%2", "a%zz", "%+1", "%C3", "%FF", "%e9"] {
            assert_eq!(decoded(value), Err(BadEncoding), "{value}");
        }
    }

    #[test]
    fn nothing_is_copied_unless_something_was_encoded() {
        assert!(matches!(decoded("plain"), Ok(Cow::Borrowed("plain"))));
    }
}
