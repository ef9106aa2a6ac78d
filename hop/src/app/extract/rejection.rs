//! Why an extractor refuses a request: a status and a text for the client.

use std::borrow::Cow;
use std::fmt;

use http::StatusCode;

use crate::app::into_response::{IntoResponse, Plain};
use crate::app::response::{Response, TEXT};

/// What all rejections are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) status: StatusCode,
    pub(super) text: Cow<'static, str>,
}

impl Reason {
    pub(super) fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Box<Reason> {
        Box::new(Reason { status, text: text.into() })
    }
}

/// Makes a rejection type of its own for an extractor.
macro_rules! rejections {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(Box<Reason>);

        impl $name {
            pub(super) fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
                $name(Reason::new(status, text))
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
                Response::new(self.0.status).with_text(self.0.text.into_owned())
            }

            fn plain(&self) -> Option<Plain<'_>> {
                Some(Plain { status: self.0.status, content_type: Some(TEXT), body: self.0.text.as_bytes() })
            }
        }
    )*};
}

rejections! {
    /// The app has no such state: 500. An app that was built with this extractor in sight cannot answer it.
    StateRejection
    /// The body is not what was asked for: 400.
    BodyRejection
}
