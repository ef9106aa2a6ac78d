//! What the request line says, and where it came from.

use std::convert::Infallible;

use http::{Method, StatusCode, Uri, Version};

use super::FromRequest;
use super::rejection::UriRejection;
use crate::app::peer::Peer;
use crate::app::request::Request;

macro_rules! always {
    ($($(#[$doc:meta])* $ty:ty = $from:expr;)*) => {$(
        $(#[$doc])*
        impl<'r> FromRequest<'r> for $ty {
            type Rejection = Infallible;

            fn from_request(request: &'r Request<'r>) -> Result<Self, Infallible> {
                Ok($from(request))
            }
        }
    )*};
}

always! {
    /// The method.
    Method = Request::method;
    /// The address of the client.
    Peer = Request::peer;
    /// HTTP/1.0 or HTTP/1.1.
    Version = version;
}

fn version(request: &Request<'_>) -> Version {
    if request.is_http10() { Version::HTTP_10 } else { Version::HTTP_11 }
}

/// The target, parsed.
impl<'r> FromRequest<'r> for Uri {
    type Rejection = UriRejection;

    fn from_request(request: &'r Request<'r>) -> Result<Self, UriRejection> {
        request.uri().ok_or_else(|| UriRejection::new(StatusCode::BAD_REQUEST, "the target is not a valid URI"))
    }
}
