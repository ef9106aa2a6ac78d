//! How many path parameters a type takes, asked of the type itself: it is made from nothing, and what it asks for first tells.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// The number of parameters that `T` takes by their position; `None` where that cannot be told, as for a struct, which takes them by
/// their names.
pub(super) fn of<'r, T: Deserialize<'r>>() -> Option<usize> {
    let mut count = None;
    // There is nothing to make it from: it always fails.
    let _ = T::deserialize(Probe(&mut count));
    count
}

/// Notes what it is asked for.
struct Probe<'p>(&'p mut Option<usize>);

impl Probe<'_> {
    fn takes<T>(self, count: usize) -> Result<T, Nothing> {
        *self.0 = Some(count);
        Err(Nothing)
    }
}

/// There is nothing to make a value from.
#[derive(Debug)]
struct Nothing;

impl fmt::Display for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing to make a value from")
    }
}

impl std::error::Error for Nothing {}

impl de::Error for Nothing {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Nothing
    }
}

macro_rules! takes {
    ($count:expr, $($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Nothing> {
            self.takes($count)
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Nothing;

    takes! {
        1,
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_identifier
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Nothing> {
        self.takes(1)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, count: usize, _: V) -> Result<V::Value, Nothing> {
        self.takes(count)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        count: usize,
        _: V,
    ) -> Result<V::Value, Nothing> {
        self.takes(count)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Nothing> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Nothing> {
        Err(Nothing)
    }

    serde::forward_to_deserialize_any! { unit unit_struct option seq map struct ignored_any }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Id(#[allow(dead_code, reason = "only its shape is looked at")] u32);

    #[derive(Deserialize)]
    struct Named {
        #[allow(dead_code, reason = "only its shape is looked at")]
        id: u32,
    }

    #[test]
    fn types_tell_how_many_parameters_they_take() {
        assert_eq!(of::<u32>(), Some(1));
        assert_eq!(of::<&str>(), Some(1));
        assert_eq!(of::<String>(), Some(1));
        assert_eq!(of::<Id>(), Some(1));
        assert_eq!(of::<(u8, &str, Id)>(), Some(3));
        assert_eq!(of::<[u8; 4]>(), Some(4));
        assert_eq!(of::<std::net::Ipv4Addr>(), Some(1));
        assert_eq!(of::<Named>(), None);
        assert_eq!(of::<Vec<String>>(), None);
    }
}
