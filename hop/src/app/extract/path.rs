//! The parameters of the path, as values.

use std::any::type_name;
use std::ops::Range;

use http::StatusCode;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::FromRequest;
use super::arity;
use super::rejection::PathRejection;
use super::text::{Text, TextError};
use crate::app::needs::Needs;
use crate::app::params::PathParams;
use crate::app::request::Request;

/// The path's parameters, percent-decoded: one value, a tuple of values in the order of the path, or a struct by their names.
///
/// Values are numbers, `bool`, `char`, `&str`, `String`, enums of plain variants, and whatever else `serde` makes of text. A value that
/// does not fit is answered 400. One value and tuples are those of the route's own pattern, also below a prefix with
/// parameters of its own; how many there are is checked when the app is built.
///
/// ```
/// use hop::{Path, route, routes};
///
/// #[derive(serde::Deserialize)]
/// struct Place<'r> {
///     country: &'r str,
///     zip: u32,
/// }
///
/// #[route("/hello/{name}")]
/// fn hello(Path(name): Path<&str>) -> String {
///     format!("Hello, {name}!")
/// }
///
/// #[route("/add/{a}/{b}")]
/// fn add(Path((a, b)): Path<(u32, u32)>) -> String {
///     (a + b).to_string()
/// }
///
/// #[route("/places/{country}/{zip}")]
/// fn place(Path(place): Path<Place<'_>>) -> String {
///     format!("{}-{}", place.country, place.zip)
/// }
///
/// let app = routes![hello, add, place].build().unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<'r, T: Deserialize<'r>> FromRequest<'r> for Path<T> {
    type Rejection = PathRejection;

    fn from_request(request: &'r Request<'r>) -> Result<Self, PathRejection> {
        T::deserialize(Params(request.params)).map(Path).map_err(|error| rejection::<T>(&error, request))
    }

    fn needs(needs: &mut Needs) {
        if let Some(count) = arity::of::<T>() {
            needs.path(count);
        }
    }
}

#[cold]
fn rejection<T>(error: &TextError, request: &Request<'_>) -> PathRejection {
    if !error.is_missing {
        return PathRejection::new(StatusCode::BAD_REQUEST, format!("path parameter {error}"));
    }
    log::error!("the path of {request:?} lacks what Path<{}> takes: {error}", type_name::<T>());
    PathRejection::new(StatusCode::INTERNAL_SERVER_ERROR, "internal server error")
}

/// All parameters.
struct Params<'r>(&'r PathParams<'r>);

impl<'r> Params<'r> {
    /// The last parameter, for one value.
    fn last(&self) -> Result<(&'r str, Text<'r>), TextError> {
        let index = self.0.len().checked_sub(1).ok_or_else(too_few)?;
        self.at(index)
    }

    fn at(&self, index: usize) -> Result<(&'r str, Text<'r>), TextError> {
        let value = self.0.at(index).ok_or_else(too_few)?;
        Ok((self.0.name_at(index), Text::one(value)))
    }

    /// The last `count` parameters.
    fn each(self, count: usize) -> Each<'r> {
        let len = self.0.len();
        Each { left: len.saturating_sub(count)..len, params: self }
    }
}

fn too_few() -> TextError {
    TextError::missing("too few path parameters")
}

macro_rules! by_last {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
            let (name, value) = self.last()?;
            value.$method(visitor).map_err(|error| error.of(name))
        }
    )*};
}

impl<'de> Deserializer<'de> for Params<'de> {
    type Error = TextError;

    by_last! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_identifier
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TextError> {
        let (parameter, value) = self.last()?;
        value.deserialize_enum(name, variants, visitor).map_err(|error| error.of(parameter))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value, TextError> {
        if self.0.len() < count { Err(too_few()) } else { visitor.visit_seq(self.each(count)) }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, TextError> {
        self.deserialize_tuple(count, visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        let count = self.0.len();
        visitor.visit_seq(self.each(count))
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        let count = self.0.len();
        visitor.visit_map(self.each(count))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, TextError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        if self.0.len() == 0 { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TextError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { unit_struct map struct ignored_any }
}

/// Parameters one after the other.
struct Each<'r> {
    params: Params<'r>,
    left: Range<usize>,
}

impl<'r> SeqAccess<'r> for Each<'r> {
    type Error = TextError;

    fn next_element_seed<S: DeserializeSeed<'r>>(&mut self, seed: S) -> Result<Option<S::Value>, TextError> {
        let Some(index) = self.left.next() else { return Ok(None) };
        let (name, value) = self.params.at(index)?;
        seed.deserialize(value).map(Some).map_err(|error| error.of(name))
    }
}

impl<'r> MapAccess<'r> for Each<'r> {
    type Error = TextError;

    fn next_key_seed<S: DeserializeSeed<'r>>(&mut self, seed: S) -> Result<Option<S::Value>, TextError> {
        if self.left.is_empty() {
            return Ok(None);
        }
        seed.deserialize(Text::one(self.params.0.name_at(self.left.start))).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'r>>(&mut self, seed: S) -> Result<S::Value, TextError> {
        let index = self.left.next().ok_or_else(too_few)?;
        let (name, value) = self.params.at(index)?;
        seed.deserialize(value).map_err(|error| error.of(name))
    }
}
