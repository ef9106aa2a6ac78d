//! Why an extractor refuses a request: a status and a text for the client.

use std::borrow::Cow;
use std::fmt;

use http::{StatusCode, header};

use crate::app::into_response::{IntoResponse, Plain};
use crate::app::response::{Response, TEXT};

/// What all rejections are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reason {
    status: StatusCode,
    text: Cow<'static, str>,
}

impl Reason {
    fn plain(&self) -> Option<Plain<'_>> {
        let needs_headers = self.status == StatusCode::UNAUTHORIZED;
        let plain = Plain { status: self.status, content_type: Some(TEXT), body: self.text.as_bytes() };
        (!needs_headers).then_some(plain)
    }

    /// RFC 9110 §15.5.2: a 401 says how to authenticate.
    fn into_response(self) -> Response {
        let response = Response::new(self.status).with_text(self.text.into_owned());
        match self.status {
            StatusCode::UNAUTHORIZED => response.with_header(header::WWW_AUTHENTICATE, "Bearer"),
            _ => response,
        }
    }
}

/// Makes a rejection type of its own for an extractor.
macro_rules! rejections {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(Box<Reason>);

        impl $name {
            pub(in crate::app) fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
                $name(Box::new(Reason { status, text: text.into() }))
            }

            /// The status that is answered.
            pub fn status(&self) -> StatusCode {
                self.0.status
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0.text)
            }
        }

        impl std::error::Error for $name {}

        impl IntoResponse for $name {
            fn into_response(self) -> Response {
                self.0.into_response()
            }

            fn plain(&self) -> Option<Plain<'_>> {
                self.0.plain()
            }
        }
    )*};
}

rejections! {
    /// A path parameter is not what was asked for: 400.
    PathRejection
    /// The query is not what was asked for: 400.
    QueryRejection
    /// The body is no form (415), or not the one that was asked for (422).
    FormRejection
    /// The body is not what was asked for: 400.
    BodyRejection
    /// The target is not a valid URI: 400.
    UriRejection
    /// A header field is missing or not what was asked for: 400, or what [`FromHeader::REFUSAL`](crate::FromHeader::REFUSAL) says.
    HeaderRejection
    /// The app has no such state: 500. An app that was built with this extractor in sight cannot answer it.
    StateRejection
}

#[cfg(feature = "json")]
rejections! {
    /// The body is not said to be JSON (415), is no JSON (400), or not what was asked for (422).
    JsonRejection
}
