//! Answers with a meaning of their own: HTML, redirects, and answers with a status and headers before them.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::into_response::{IntoResponse, Plain};
use super::response::Response;

const HTML: &str = "text/html; charset=utf-8";

/// Text that is HTML: `Content-Type: text/html; charset=utf-8`. Nothing is escaped.
///
/// ```
/// use hop::{Html, IntoResponse};
///
/// let page = Html("<h1>Hello</h1>").into_response();
/// assert_eq!(page.status(), 200);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Html<T>(pub T);

impl<T: IntoResponse> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.head.content_type = Some(HTML);
        response
    }

    fn plain(&self) -> Option<Plain<'_>> {
        self.0.plain().map(|plain| Plain { content_type: Some(HTML), ..plain })
    }
}

/// Sends the client elsewhere (RFC 9110 §15.4).
///
/// A target with a character that no header may hold is logged and answered 500. What is percent-encoded stays so.
///
/// ```
/// use hop::{IntoResponse, Redirect};
///
/// let answer = Redirect::see_other("/items/7").into_response();
/// assert_eq!(answer.status(), 303);
/// assert_eq!(answer.headers()["location"], "/items/7");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    status: StatusCode,
    to: String,
}

impl Redirect {
    /// 302 Found: elsewhere for now; most clients turn a POST into a GET.
    pub fn to(target: impl Into<String>) -> Self {
        Redirect { status: StatusCode::FOUND, to: target.into() }
    }

    /// 303 See Other: the answer is there, by GET. What to answer to a POST of a form.
    pub fn see_other(target: impl Into<String>) -> Self {
        Redirect { status: StatusCode::SEE_OTHER, to: target.into() }
    }

    /// 307 Temporary Redirect: elsewhere for now, by the same method.
    pub fn temporary(target: impl Into<String>) -> Self {
        Redirect { status: StatusCode::TEMPORARY_REDIRECT, to: target.into() }
    }

    /// 308 Permanent Redirect: elsewhere for good, by the same method.
    pub fn permanent(target: impl Into<String>) -> Self {
        Redirect { status: StatusCode::PERMANENT_REDIRECT, to: target.into() }
    }
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        Response::new(self.status).with_header(header::LOCATION, self.to)
    }
}

/// What may stand before an answer in a tuple: a status, or headers. Each is applied to the answer behind it, and replaces
/// what that has under the same name.
///
/// ```
/// use hop::{IntoResponse, StatusCode, header};
///
/// let answer = (StatusCode::CREATED, [(header::LOCATION, "/items/7")], "made").into_response();
/// assert_eq!(answer.status(), 201);
/// assert_eq!(answer.headers()["location"], "/items/7");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand before an answer",
    label = "neither a status nor headers",
    note = "write `(StatusCode, answer)`, `([(name, value)], answer)`, `(HeaderMap, answer)` or `(StatusCode, headers, answer)`"
)]
pub trait HeadPart {
    /// The answer with this part applied to its head.
    fn apply(self, response: Response) -> Response;

    /// The plain answer with this part applied, where it stays plain.
    fn apply_plain<'p>(&self, plain: Plain<'p>) -> Option<Plain<'p>> {
        let _ = plain;
        None
    }
}

impl HeadPart for StatusCode {
    fn apply(self, response: Response) -> Response {
        response.with_status(self)
    }

    fn apply_plain<'p>(&self, plain: Plain<'p>) -> Option<Plain<'p>> {
        Some(Plain { status: *self, ..plain })
    }
}

/// Header fields; a name that appears several times is sent so often.
impl HeadPart for HeaderMap {
    fn apply(self, mut response: Response) -> Response {
        for name in self.keys() {
            response.headers_mut().remove(name);
        }
        response.headers_mut().extend(self);
        response
    }
}

/// Header fields. One that HTTP does not allow makes the answer a 500 and is logged.
impl<N, V, const COUNT: usize> HeadPart for [(N, V); COUNT]
where
    N: TryInto<HeaderName>,
    V: TryInto<HeaderValue>,
{
    fn apply(self, response: Response) -> Response {
        self.into_iter().fold(response, |response, (name, value)| response.with_header(name, value))
    }
}

/// The part, if there is one.
impl<P: HeadPart> HeadPart for Option<P> {
    fn apply(self, response: Response) -> Response {
        match self {
            Some(part) => part.apply(response),
            None => response,
        }
    }

    fn apply_plain<'p>(&self, plain: Plain<'p>) -> Option<Plain<'p>> {
        self.as_ref().map_or(Some(plain), |part| part.apply_plain(plain))
    }
}

/// An answer with a status or headers of its own.
impl<P: HeadPart, T: IntoResponse> IntoResponse for (P, T) {
    fn into_response(self) -> Response {
        self.0.apply(self.1.into_response())
    }

    fn plain(&self) -> Option<Plain<'_>> {
        self.0.apply_plain(self.1.plain()?)
    }
}

/// An answer with a status and headers of its own.
impl<P: HeadPart, Q: HeadPart, T: IntoResponse> IntoResponse for (P, Q, T) {
    fn into_response(self) -> Response {
        self.0.apply(self.1.apply(self.2.into_response()))
    }

    fn plain(&self) -> Option<Plain<'_>> {
        self.0.apply_plain(self.1.apply_plain(self.2.plain()?)?)
    }
}
