//! Extractors: what a route's arguments can be.

mod arity;
mod body;
mod fields;
mod header;
mod line;
pub(super) mod media;
mod path;
mod query;
mod rejection;
mod state;
mod stream;
mod text;

pub use self::header::{
    Accept, Bearer, ContentType, Cookie, FromHeader, Header, Headers, Host, Origin, Referer, UserAgent,
};
pub use self::path::Path;
pub use self::query::{Form, Query};
#[cfg(feature = "json")]
pub use self::rejection::JsonRejection;
pub use self::rejection::{
    BodyRejection, FormRejection, HeaderRejection, PathRejection, QueryRejection, StateRejection, UriRejection,
};
pub use self::state::{State, StateRef};

use std::convert::Infallible;

use super::into_response::IntoResponse;
use super::needs::Needs;
use super::request::Request;

/// What can be an argument of a route: made from the request, and allowed to borrow from it.
///
/// ```
/// use hop::{FromRequest, Request, StatusCode};
///
/// /// The first language that the client asks for.
/// struct Language<'r>(&'r str);
///
/// impl<'r> FromRequest<'r> for Language<'r> {
///     type Rejection = StatusCode;
///
///     fn from_request(request: &'r Request<'r>) -> Result<Self, StatusCode> {
///         let accepted = request.header("accept-language").ok_or(StatusCode::BAD_REQUEST)?;
///         let accepted = str::from_utf8(accepted).map_err(|_| StatusCode::BAD_REQUEST)?;
///         Ok(Language(accepted.split([',', ';']).next().unwrap_or_default().trim()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be extracted from a request",
    label = "not an extractor",
    note = "take `Path`, `Query`, `Json`, `Form`, `State`, `Header`, `Headers`, `Method`, `Uri`, `Peer`, `&Request<'_>`, the body as `&str`, `&[u8]`, `String`, `Bytes` or `Body`, an `Option` or `Result` of them, or implement `hop::FromRequest`"
)]
pub trait FromRequest<'r>: Sized {
    /// The answer to a request from which it cannot be made.
    type Rejection: IntoResponse;

    /// Makes it, or says what the request lacks.
    fn from_request(request: &'r Request<'r>) -> Result<Self, Self::Rejection>;

    /// Adds what it needs: asked once, when its route is registered.
    fn needs(needs: &mut Needs) {
        let _ = needs;
    }
}

/// The request itself.
impl<'r> FromRequest<'r> for &'r Request<'r> {
    type Rejection = Infallible;

    fn from_request(request: &'r Request<'r>) -> Result<Self, Infallible> {
        Ok(request)
    }

    fn needs(needs: &mut Needs) {
        needs.request();
    }
}

/// `None` where `T` would have been rejected, for whatever reason.
impl<'r, T: FromRequest<'r>> FromRequest<'r> for Option<T> {
    type Rejection = Infallible;

    fn from_request(request: &'r Request<'r>) -> Result<Self, Infallible> {
        Ok(T::from_request(request).ok())
    }

    fn needs(needs: &mut Needs) {
        optional::<T>(needs);
    }
}

/// `Err` where `T` would have been rejected: the handler decides what to answer.
impl<'r, T: FromRequest<'r>> FromRequest<'r> for Result<T, T::Rejection> {
    type Rejection = Infallible;

    fn from_request(request: &'r Request<'r>) -> Result<Self, Infallible> {
        Ok(T::from_request(request))
    }

    fn needs(needs: &mut Needs) {
        optional::<T>(needs);
    }
}

fn optional<'r, T: FromRequest<'r>>(needs: &mut Needs) {
    let mut inner = Needs::default();
    T::needs(&mut inner);
    needs.optional(&inner);
}
