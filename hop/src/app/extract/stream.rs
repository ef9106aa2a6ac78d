//! The body as it comes.

use std::convert::Infallible;

use super::FromRequest;
use crate::app::body::Body;
use crate::app::needs::{BodyMode, Needs};
use crate::app::request::Request;

/// The body as it comes; the callback runs before it does. Only one argument can take it; it is empty where the request has none.
impl<'r> FromRequest<'r> for Body {
    type Rejection = Infallible;

    fn from_request(request: &'r Request<'r>) -> Result<Self, Infallible> {
        Ok(request.take_stream().unwrap_or_else(Body::empty))
    }

    fn needs(needs: &mut Needs) {
        needs.body(BodyMode::Streamed);
    }
}
