//! What can be an answer.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;

use super::response::{OCTETS, Response, TEXT};

/// What can be an answer. An error type of your own implements it, too, so that routes can return `Result<T, MyError>`:
///
/// ```
/// use hop::{IntoResponse, Response, StatusCode};
///
/// enum AppError {
///     NoSuchItem(u32),
///     Busy,
/// }
///
/// impl IntoResponse for AppError {
///     fn into_response(self) -> Response {
///         match self {
///             AppError::NoSuchItem(id) => (StatusCode::NOT_FOUND, format!("no item {id}")).into_response(),
///             AppError::Busy => StatusCode::SERVICE_UNAVAILABLE.into_response(),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an answer",
    note = "return text, bytes, a `StatusCode`, `Json`, `Html`, a `Response`, a tuple `(StatusCode, headers, body)`, or a `Result` of them"
)]
pub trait IntoResponse {
    /// The answer as a value.
    fn into_response(self) -> Response;

    /// The answer as a view of this value, for answers so plain that they can be written at once, without making a [`Response`].
    /// It must be the same answer.
    fn plain(&self) -> Option<Plain<'_>> {
        None
    }

    /// For generated code: gives the answer to where it belongs, in its plain form if it has one.
    #[doc(hidden)]
    fn reply<S: Sink>(self, sink: S) -> S::Done
    where
        Self: Sized,
    {
        match self.plain() {
            Some(plain) => sink.plain(plain),
            None => sink.response(self.into_response()),
        }
    }
}

/// Where an answer goes.
#[doc(hidden)]
pub trait Sink {
    /// Proof that the answer was given.
    type Done;
    /// Takes an answer in its plain form.
    fn plain(self, answer: Plain<'_>) -> Self::Done;
    /// Takes an answer.
    fn response(self, answer: Response) -> Self::Done;
}

/// An answer without headers of its own, whose body is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain<'a> {
    /// The status.
    pub status: StatusCode,
    /// The `Content-Type`, where the body has one.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: &'a [u8],
}

/// Owned bodies up to this size are copied to the output and dropped; longer ones are handed on as they are.
const COPIED_BYTES_MAX: usize = 16 * 1024;

impl<'a> Plain<'a> {
    fn new(status: StatusCode, content_type: &'static str, body: &'a [u8]) -> Option<Self> {
        Some(Plain { status, content_type: Some(content_type), body })
    }

    fn empty(status: StatusCode) -> Option<Self> {
        Some(Plain { status, content_type: None, body: b"" })
    }

    fn of_owned(content_type: &'static str, body: &'a [u8]) -> Option<Self> {
        if body.len() <= COPIED_BYTES_MAX { Plain::new(StatusCode::OK, content_type, body) } else { None }
    }
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

/// 200 without a body.
impl IntoResponse for () {
    fn into_response(self) -> Response {
        Response::new(StatusCode::OK)
    }

    fn plain(&self) -> Option<Plain<'_>> {
        Plain::empty(StatusCode::OK)
    }
}

/// The status without a body.
impl IntoResponse for StatusCode {
    fn into_response(self) -> Response {
        Response::new(self)
    }

    fn plain(&self) -> Option<Plain<'_>> {
        Plain::empty(*self)
    }
}

impl IntoResponse for Infallible {
    fn into_response(self) -> Response {
        match self {}
    }
}

/// Text that is borrowed: copied into the output, never allocated.
macro_rules! borrowed {
    ($($ty:ty, $content_type:ident, $bytes:ident, [$($generics:tt)*];)*) => {$(
        impl<$($generics)*> IntoResponse for $ty {
            fn into_response(self) -> Response {
                Response::default().with_body($content_type, Bytes::copy_from_slice(self.$bytes()))
            }

            fn plain(&self) -> Option<Plain<'_>> {
                Plain::new(StatusCode::OK, $content_type, self.$bytes())
            }
        }
    )*};
}

borrowed! {
    &str, TEXT, as_bytes, [];
    &String, TEXT, as_bytes, [];
    Arc<str>, TEXT, as_bytes, [];
    &[u8], OCTETS, as_ref, [];
    &Vec<u8>, OCTETS, as_ref, [];
    &[u8; N], OCTETS, as_ref, [const N: usize];
    [u8; N], OCTETS, as_ref, [const N: usize];
    Arc<[u8]>, OCTETS, as_ref, [];
}

/// Bodies that are owned: small ones are copied into the output, large ones are handed on.
macro_rules! owned {
    ($($ty:ty, $content_type:ident, $bytes:ident, $into:expr;)*) => {$(
        impl IntoResponse for $ty {
            fn into_response(self) -> Response {
                Response::default().with_body($content_type, $into(self))
            }

            fn plain(&self) -> Option<Plain<'_>> {
                Plain::of_owned($content_type, self.$bytes())
            }
        }
    )*};
}

owned! {
    String, TEXT, as_bytes, Bytes::from;
    Box<str>, TEXT, as_bytes, |text: Box<str>| Bytes::from(String::from(text));
    Vec<u8>, OCTETS, as_ref, Bytes::from;
    Box<[u8]>, OCTETS, as_ref, Bytes::from;
    Bytes, OCTETS, as_ref, std::convert::identity;
}

impl IntoResponse for Cow<'_, str> {
    fn into_response(self) -> Response {
        Response::text(self.into_owned())
    }

    fn plain(&self) -> Option<Plain<'_>> {
        Plain::of_owned(TEXT, self.as_bytes())
    }
}

impl IntoResponse for Cow<'_, [u8]> {
    fn into_response(self) -> Response {
        Response::default().with_bytes(self.into_owned())
    }

    fn plain(&self) -> Option<Plain<'_>> {
        Plain::of_owned(OCTETS, self)
    }
}

/// Either answer.
impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(answer) => answer.into_response(),
            Err(error) => error.into_response(),
        }
    }

    fn plain(&self) -> Option<Plain<'_>> {
        match self {
            Ok(answer) => answer.plain(),
            Err(error) => error.plain(),
        }
    }
}

/// The answer, or 404.
impl<T: IntoResponse> IntoResponse for Option<T> {
    fn into_response(self) -> Response {
        self.map_or_else(|| Response::new(StatusCode::NOT_FOUND), T::into_response)
    }

    fn plain(&self) -> Option<Plain<'_>> {
        match self {
            Some(answer) => answer.plain(),
            None => Plain::empty(StatusCode::NOT_FOUND),
        }
    }
}

/// An answer that was made for another library: its status, version-independent head and body.
impl<T: IntoResponse> IntoResponse for http::Response<T> {
    fn into_response(self) -> Response {
        let (parts, body) = self.into_parts();
        let mut response = body.into_response().with_status(parts.status);
        for name in parts.headers.keys() {
            response.headers_mut().remove(name);
        }
        response.headers_mut().extend(parts.headers);
        response
    }
}
