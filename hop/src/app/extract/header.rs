//! Header fields: all of them, or one by its type.

use std::fmt;

use http::{HeaderMap, StatusCode};

use super::FromRequest;
use super::rejection::HeaderRejection;
use crate::app::request::Request;

/// All header fields of the request, borrowed.
///
/// ```
/// use hop::{Headers, route, routes};
///
/// #[route("/trace")]
/// fn trace(headers: Headers<'_>) -> String {
///     let id = headers.get("x-request-id").unwrap_or("none");
///     format!("request {id} came over {} proxies", headers.all("via").count())
/// }
///
/// let app = routes![trace].build().unwrap();
/// ```
#[derive(Clone, Copy)]
pub struct Headers<'r>(&'r Request<'r>);

impl<'r> Headers<'r> {
    /// The first value of a field, its name in any case; `None` also where the value is no UTF-8.
    pub fn get(&self, name: &str) -> Option<&'r str> {
        str::from_utf8(self.0.header(name)?).ok()
    }

    /// The first value of a field, as bytes.
    pub fn bytes(&self, name: &str) -> Option<&'r [u8]> {
        self.0.header(name)
    }

    /// Whether there is such a field.
    pub fn has(&self, name: &str) -> bool {
        self.0.header(name).is_some()
    }

    /// All values of a field, in their order. One value may be a list itself.
    pub fn all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'r [u8]> + use<'r, 'n> {
        self.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All fields in their order, their names as they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&'r str, &'r [u8])> + use<'r> {
        self.0.headers()
    }

    /// A copy that may leave the callback.
    pub fn to_map(&self) -> HeaderMap {
        let pairs = self.iter().filter_map(|(name, value)| Some((name.parse().ok()?, value.try_into().ok()?)));
        let mut map = HeaderMap::new();
        pairs.for_each(|(name, value): (http::HeaderName, http::HeaderValue)| {
            map.append(name, value);
        });
        map
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, value.escape_ascii().to_string()))).finish()
    }
}

impl<'r> FromRequest<'r> for Headers<'r> {
    type Rejection = std::convert::Infallible;

    fn from_request(request: &'r Request<'r>) -> Result<Self, Self::Rejection> {
        Ok(Headers(request))
    }
}

/// A copy of all header fields.
impl<'r> FromRequest<'r> for HeaderMap {
    type Rejection = std::convert::Infallible;

    fn from_request(request: &'r Request<'r>) -> Result<Self, Self::Rejection> {
        Ok(Headers(request).to_map())
    }
}

/// What one header field holds: [`UserAgent`], [`Bearer`] and the like, or a type of your own.
///
/// ```
/// use hop::{FromHeader, Header, route, routes};
///
/// struct RequestId(u64);
///
/// impl FromHeader<'_> for RequestId {
///     const NAME: &'static str = "x-request-id";
///
///     fn from_header(value: &str) -> Result<Self, &'static str> {
///         value.parse().map(RequestId).map_err(|_| "expected a number")
///     }
/// }
///
/// #[route("/trace")]
/// fn trace(Header(RequestId(id)): Header<RequestId>) -> String {
///     format!("this was request {id}")
/// }
///
/// let app = routes![trace].build().unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a header field holds",
    label = "not a header",
    note = "use `UserAgent`, `Host`, `ContentType`, `Bearer`, `Origin`, `Referer` or `Accept`, or implement `hop::FromHeader`"
)]
pub trait FromHeader<'r>: Sized {
    /// The field's name, in lower case.
    const NAME: &'static str;

    /// What is answered where the field lacks, or is not as expected: 400. A 401 says `WWW-Authenticate: Bearer`.
    const REFUSAL: StatusCode = StatusCode::BAD_REQUEST;

    /// Reads the field's value, which has no white space around it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for the client.
    fn from_header(value: &'r str) -> Result<Self, &'static str>;
}

/// One header field, by its type: see [`FromHeader`]. One that lacks is answered 400; take an `Option` where it may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header<T>(pub T);

impl<'r, T: FromHeader<'r>> FromRequest<'r> for Header<T> {
    type Rejection = HeaderRejection;

    fn from_request(request: &'r Request<'r>) -> Result<Self, HeaderRejection> {
        let refused = |why| HeaderRejection::new(T::REFUSAL, format!("header `{}`: {why}", T::NAME));
        let value = request.header(T::NAME).ok_or_else(|| refused("missing"))?;
        let value = str::from_utf8(value).map_err(|_| refused("not UTF-8"))?;
        T::from_header(value).map(Header).map_err(refused)
    }
}

/// Fields whose value is text that means something to the application only.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident $header:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<'r>(pub &'r str);

        impl<'r> FromHeader<'r> for $name<'r> {
            const NAME: &'static str = $header;

            fn from_header(value: &'r str) -> Result<Self, &'static str> {
                Ok($name(value))
            }
        }
    )*};
}

texts! {
    /// `User-Agent` (RFC 9110 §10.1.5).
    UserAgent "user-agent";
    /// `Host` (RFC 9110 §7.2): host and perhaps port, valid. An absolute target names another one, which wins.
    Host "host";
    /// `Content-Type` (RFC 9110 §8.3), with its parameters.
    ContentType "content-type";
    /// `Accept` (RFC 9110 §12.5.1), the whole list.
    Accept "accept";
    /// `Origin` (RFC 6454 §7).
    Origin "origin";
    /// `Referer` (RFC 9110 §10.1.3).
    Referer "referer";
    /// `Cookie` (RFC 6265 §4.2), the whole list.
    Cookie "cookie";
}

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1); without one 401.
///
/// ```
/// use hop::{Bearer, Header, StatusCode, route, routes};
///
/// #[route("/secret")]
/// fn secret(Header(Bearer(token)): Header<Bearer<'_>>) -> Result<&'static str, StatusCode> {
///     if token == "xyzzy" { Ok("a hollow voice says: fool") } else { Err(StatusCode::FORBIDDEN) }
/// }
///
/// let app = routes![secret].build().unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer<'r>(pub &'r str);

impl<'r> FromHeader<'r> for Bearer<'r> {
    const NAME: &'static str = "authorization";
    const REFUSAL: StatusCode = StatusCode::UNAUTHORIZED;

    fn from_header(value: &'r str) -> Result<Self, &'static str> {
        match value.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
                Ok(Bearer(token.trim()))
            }
            _ => Err("expected a bearer token"),
        }
    }
}
