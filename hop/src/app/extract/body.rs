//! The body, whole: as bytes or as text.

use std::convert::Infallible;

use bytes::Bytes;
use http::StatusCode;

use super::FromRequest;
use super::rejection::BodyRejection;
use crate::app::needs::{BodyMode, Needs};
use crate::app::request::Request;

/// Bytes in whatever form: they are taken as they came.
macro_rules! bytes {
    ($($(#[$doc:meta])* $bytes:ty = $from:expr;)*) => {$(
        $(#[$doc])*
        impl<'r> FromRequest<'r> for $bytes {
            type Rejection = Infallible;

            fn from_request(request: &'r Request<'r>) -> Result<Self, Infallible> {
                Ok($from(request.body()))
            }

            fn needs(needs: &mut Needs) {
                needs.body(BodyMode::Whole);
            }
        }
    )*};
}

bytes! {
    /// The body, borrowed from the input.
    &'r [u8] = std::convert::identity;
    /// A copy of the body.
    Vec<u8> = <[u8]>::to_vec;
    /// A copy of the body.
    Bytes = Bytes::copy_from_slice;
}

/// The body, which must be UTF-8.
impl<'r> FromRequest<'r> for &'r str {
    type Rejection = BodyRejection;

    fn from_request(request: &'r Request<'r>) -> Result<Self, BodyRejection> {
        simdutf8::basic::from_utf8(request.body())
            .map_err(|_| BodyRejection::new(StatusCode::BAD_REQUEST, "the body is not UTF-8"))
    }

    fn needs(needs: &mut Needs) {
        needs.body(BodyMode::Whole);
    }
}

/// A copy of the body, which must be UTF-8.
impl<'r> FromRequest<'r> for String {
    type Rejection = BodyRejection;

    fn from_request(request: &'r Request<'r>) -> Result<Self, BodyRejection> {
        <&str>::from_request(request).map(str::to_owned)
    }

    fn needs(needs: &mut Needs) {
        needs.body(BodyMode::Whole);
    }
}
