//! One value, or several of one name, from text: what a path parameter or a field of a query or form becomes.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::value::CowStrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess, Visitor};

/// A value as text; with more of them where the name was given repeatedly.
#[derive(Debug)]
pub(super) struct Text<'de> {
    first: Cow<'de, str>,
    more: Vec<Cow<'de, str>>,
}

impl<'de> Text<'de> {
    /// One value.
    pub(super) fn one(value: impl Into<Cow<'de, str>>) -> Self {
        Text { first: value.into(), more: Vec::new() }
    }

    /// One more value of the same name.
    pub(super) fn push(&mut self, value: Cow<'de, str>) {
        self.more.push(value);
    }

    /// The value, where there must be one.
    fn single(self) -> Result<Cow<'de, str>, TextError> {
        match self.more.len() {
            0 => Ok(self.first),
            more => Err(TextError::new(format!("given {} times, expected once", more + 1))),
        }
    }

    fn parse<T: FromStr>(self, expected: &str) -> Result<T, TextError> {
        let text = self.single()?;
        text.parse().map_err(|_| unexpected(expected, &text))
    }

    fn parse_bool(self) -> Result<bool, TextError> {
        match &*self.single()? {
            "true" | "1" | "on" => Ok(true),
            "false" | "0" | "off" => Ok(false),
            other => Err(unexpected("true or false", other)),
        }
    }
}

fn unexpected(expected: &str, found: &str) -> TextError {
    const SHOWN_CHARS_MAX: usize = 40;
    let shown: String = found.chars().take(SHOWN_CHARS_MAX).collect();
    let cut = if shown.len() < found.len() { "…" } else { "" };
    TextError::new(format!("expected {expected}, found {shown:?}{cut}"))
}

/// What is wrong with a value, and which one it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TextError {
    name: Option<String>,
    what: String,
    /// There is no value of that name.
    pub(super) is_missing: bool,
}

impl TextError {
    pub(super) fn new(what: String) -> Self {
        TextError { name: None, what, is_missing: false }
    }

    /// There is no such value, though the code that asks for it says there is.
    pub(super) fn missing(what: &str) -> Self {
        TextError { name: None, what: what.to_owned(), is_missing: true }
    }

    /// The same about the value called `name`.
    pub(super) fn of(mut self, name: &str) -> Self {
        self.name.get_or_insert_with(|| name.to_owned());
        self
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "`{name}`: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for TextError {}

impl de::Error for TextError {
    fn custom<T: fmt::Display>(what: T) -> Self {
        TextError::new(what.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        TextError::missing("missing").of(field)
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $ty:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
            visitor.$visit(self.parse::<$ty>(stringify!($ty))?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Text<'de> {
    type Error = TextError;

    parsed! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128,
        deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
        deserialize_char visit_char char,
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        visitor.visit_bool(self.parse_bool()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        match self.single()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        match self.single()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_bytes(text.as_bytes()),
            Cow::Owned(text) => visitor.visit_byte_buf(text.into_bytes()),
        }
    }

    /// Nothing between `=` and `&` is nothing: an input of a form that was left empty is sent that way.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        if self.first.is_empty() && self.more.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        if self.more.is_empty() { self.deserialize_str(visitor) } else { self.deserialize_seq(visitor) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        visitor.visit_seq(Each(Some(self.first).into_iter().chain(self.more)))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, TextError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, TextError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TextError> {
        visitor.visit_enum(CowStrDeserializer::new(self.single()?))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { unit unit_struct tuple_struct map struct }
}

/// The values of one name.
struct Each<I>(I);

impl<'de, I: Iterator<Item = Cow<'de, str>>> SeqAccess<'de> for Each<I> {
    type Error = TextError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, TextError> {
        self.0.next().map(|value| seed.deserialize(Text::one(value))).transpose()
    }
}
