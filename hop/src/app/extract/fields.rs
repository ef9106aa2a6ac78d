//! A query or a form: named values, in any order, some of them repeated.

use std::borrow::Cow;
use std::iter::Peekable;
use std::vec::IntoIter;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::text::{Text, TextError};

type Pair<'de> = (Cow<'de, str>, Cow<'de, str>);

/// Reads `a=1&b=2` as the URL standard has it: `+` is a space, and bytes that are no UTF-8 become U+FFFD.
///
/// Time is n log n in the number of pairs, because a peer chooses it.
pub(super) fn read<'de, T: Deserialize<'de>>(encoded: &'de [u8]) -> Result<T, TextError> {
    let mut pairs: Vec<Pair<'de>> = form_urlencoded::parse(encoded).collect();
    // Stable: the values of one name stay in their order.
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    T::deserialize(Fields { pairs: pairs.into_iter().peekable(), name: Cow::Borrowed("") })
}

/// The pairs, sorted by name.
struct Fields<'de> {
    pairs: Peekable<IntoIter<Pair<'de>>>,
    /// The name of the value that comes next.
    name: Cow<'de, str>,
}

impl<'de> Deserializer<'de> for Fields<'de> {
    type Error = TextError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        visitor.visit_map(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, TextError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, TextError> {
        if self.pairs.peek().is_none() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit_struct seq tuple tuple_struct map
        struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = TextError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, TextError> {
        let Some((name, _)) = self.pairs.peek() else { return Ok(None) };
        self.name = name.clone();
        seed.deserialize(Text::one(self.name.clone())).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, TextError> {
        let mut values = None;
        while let Some((_, value)) = self.pairs.next_if(|(name, _)| *name == self.name) {
            match &mut values {
                None => values = Some(Text::one(value)),
                Some(values) => values.push(value),
            }
        }
        let values = values.unwrap_or_else(|| Text::one(""));
        seed.deserialize(values).map_err(|error| error.of(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Search<'q> {
        text: &'q str,
        page: Option<u32>,
        tag: Vec<String>,
        exact: bool,
        order: Order,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Order {
        #[default]
        Up,
        Down,
    }

    fn message<'de, T: Deserialize<'de> + std::fmt::Debug>(encoded: &'de str) -> String {
        read::<T>(encoded.as_bytes()).expect_err(encoded).to_string()
    }

    #[test]
    fn fields_come_in_any_order_and_repeated_ones_in_theirs() {
        let search: Search<'_> = read(b"tag=b&page=7&text=hop&tag=a%20c&exact=on&order=down").unwrap();
        let tag = vec!["b".to_owned(), "a c".to_owned()];
        assert_eq!(search, Search { text: "hop", page: Some(7), tag, exact: true, order: Order::Down });
    }

    #[test]
    fn an_empty_value_is_no_value_where_one_may_lack() {
        assert_eq!(read(b"page=&other=x"), Ok(Search::default()));
        assert_eq!(read::<Search<'_>>(b""), Ok(Search::default()));
    }

    #[test]
    fn what_is_wrong_is_said_with_the_name_of_the_field() {
        assert_eq!(message::<Search<'_>>("page=x"), "`page`: expected u32, found \"x\"");
        assert_eq!(message::<Search<'_>>("page=-1"), "`page`: expected u32, found \"-1\"");
        assert_eq!(message::<Search<'_>>("page=1&page=2"), "`page`: given 2 times, expected once");
        assert_eq!(message::<Search<'_>>("exact=maybe"), "`exact`: expected true or false, found \"maybe\"");
        assert_eq!(message::<Search<'_>>("order=in"), "`order`: unknown variant `in`, expected `up` or `down`");
        assert!(message::<Search<'_>>("text=a+b").contains("expected a borrowed string"));
        assert_eq!(message::<Needed>("n="), "`n`: expected u8, found \"\"");
        assert_eq!(message::<Needed>("m=1"), "`n`: missing");
    }

    #[derive(Debug, Deserialize)]
    struct Needed {
        #[allow(dead_code, reason = "only its absence is looked at")]
        n: u8,
    }

    #[test]
    fn a_map_takes_fields_of_any_name() {
        let map: HashMap<String, String> = read(b"a=1&b=%C3%A9").unwrap();
        assert_eq!((map["a"].as_str(), map["b"].as_str()), ("1", "é"));
        let lists: HashMap<&str, Vec<u8>> = read(b"a=1&b=3&a=2").unwrap();
        assert_eq!((lists["a"].as_slice(), lists["b"].as_slice()), (&[1, 2][..], &[3][..]));
    }

    #[test]
    fn a_long_value_is_cut_in_the_message() {
        let long = format!("page={}", "é".repeat(10_000));
        assert!(message::<Search<'_>>(&long).len() < 200);
    }
}
