//! The query of the target, and forms, which are coded in the same way.

use http::StatusCode;
use serde::Deserialize;

use super::rejection::{FormRejection, QueryRejection};
use super::{FromRequest, fields, media};
use crate::app::needs::{BodyMode, Needs};
use crate::app::request::Request;

/// The query, as a struct or a map: `?page=2&tag=a&tag=b`.
///
/// A field that is `Option`, or has `#[serde(default)]`, may lack; an `Option` is `None` for an empty value, too. A name that is repeated
/// becomes a `Vec`. A `&str` borrows from the request, which works for values that are not encoded; a `Cow<str>` with
/// `#[serde(borrow)]`, or a `String`, takes any. What does not fit is answered 400.
///
/// ```
/// use hop::{Query, route, routes};
///
/// #[derive(serde::Deserialize)]
/// struct Search {
///     text: String,
///     page: Option<u32>,
///     #[serde(default)]
///     tag: Vec<String>,
/// }
///
/// #[route("/search")]
/// fn search(Query(search): Query<Search>) -> String {
///     format!("{} on page {}, with {} tags", search.text, search.page.unwrap_or(1), search.tag.len())
/// }
///
/// let app = routes![search].build().unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<'r, T: Deserialize<'r>> FromRequest<'r> for Query<T> {
    type Rejection = QueryRejection;

    fn from_request(request: &'r Request<'r>) -> Result<Self, QueryRejection> {
        let query = request.query().unwrap_or_default();
        let refused = |error| QueryRejection::new(StatusCode::BAD_REQUEST, format!("query parameter {error}"));
        fields::read(query.as_bytes()).map(Query).map_err(refused)
    }
}

/// A form that was sent as the body: `application/x-www-form-urlencoded`, otherwise 415. Its fields are those of [`Query`];
/// what does not fit is answered 422.
///
/// ```
/// use hop::{Form, route, routes};
///
/// #[derive(serde::Deserialize)]
/// struct Login<'r> {
///     name: &'r str,
///     password: String,
/// }
///
/// #[route(POST, "/login")]
/// fn login(Form(login): Form<Login<'_>>) -> String {
///     format!("Hello, {}!", login.name)
/// }
///
/// let app = routes![login].build().unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form<T>(pub T);

impl<'r, T: Deserialize<'r>> FromRequest<'r> for Form<T> {
    type Rejection = FormRejection;

    fn from_request(request: &'r Request<'r>) -> Result<Self, FormRejection> {
        if !media::of(request).is_some_and(media::is_form) {
            let expected = "expected `content-type: application/x-www-form-urlencoded`";
            return Err(FormRejection::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, expected));
        }
        let refused = |error| FormRejection::new(StatusCode::UNPROCESSABLE_ENTITY, format!("form field {error}"));
        fields::read(request.body()).map(Form).map_err(refused)
    }

    fn needs(needs: &mut Needs) {
        needs.body(BodyMode::Whole);
    }
}
