//! JSON, as a request's body, as an answer's and as a message.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::extract::{FromRequest, JsonRejection, media};
use super::into_response::IntoResponse;
use super::live::message::{FromMessage, IntoMessage, Message, MessageError};
use super::needs::{BodyMode, Needs};
use super::request::Request;
use super::response::Response;
use crate::wire::close;

/// A body in JSON.
///
/// As an argument it takes the whole body, which must be said to be JSON (`application/json` or `…+json`; otherwise 415). What is no JSON
/// is answered 400, JSON that does not fit is answered 422; the text says where and why: `items[3].price: invalid type: string "x",
/// expected u32 at line 1 column 57`. A `&str` inside borrows from the body, which works for text without escapes.
///
/// As an answer it is `application/json`; a value that cannot be written as JSON is logged and answered 500.
///
/// ```
/// use hop::{Json, StatusCode, route, routes};
///
/// #[derive(serde::Deserialize, serde::Serialize)]
/// struct Item {
///     name: String,
///     price: u32,
/// }
///
/// #[route(POST, "/items")]
/// fn add(Json(item): Json<Item>) -> (StatusCode, Json<Item>) {
///     (StatusCode::CREATED, Json(item))
/// }
///
/// let app = routes![add].build().unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

const JSON: &str = "application/json";

impl<'r, T: Deserialize<'r>> FromRequest<'r> for Json<T> {
    type Rejection = JsonRejection;

    fn from_request(request: &'r Request<'r>) -> Result<Self, JsonRejection> {
        if !media::of(request).is_some_and(media::is_json) {
            let expected = "expected `content-type: application/json`";
            return Err(JsonRejection::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, expected));
        }
        serde_json::from_slice(request.body()).map(Json).map_err(|error| refusal::<T>(request.body(), &error))
    }

    fn needs(needs: &mut Needs) {
        needs.body(BodyMode::Whole);
    }
}

/// Reads once more, slowly, to tell where in the value it went wrong.
#[cold]
fn refusal<'r, T: Deserialize<'r>>(body: &'r [u8], error: &serde_json::Error) -> JsonRejection {
    if !error.is_data() {
        return JsonRejection::new(StatusCode::BAD_REQUEST, format!("the body is no JSON: {error}"));
    }
    let located = serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_slice(body)).err();
    let text = match located {
        Some(located) if located.path().iter().next().is_some() => {
            format!("{}: {}", located.path(), located.inner())
        }
        _ => error.to_string(),
    };
    JsonRejection::new(StatusCode::UNPROCESSABLE_ENTITY, text)
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(json) => Response::default().with_body(JSON, json),
            Err(error) => {
                log::error!("an answer of type {} is no JSON: {error}", std::any::type_name::<T>());
                Response::new(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

impl<J: Serialize> IntoMessage for Json<J> {
    fn lend<T>(self, use_it: impl FnOnce(Message<'_>) -> T) -> Option<T> {
        match serde_json::to_string(&self.0) {
            Ok(text) => Some(use_it(Message::of_text(&text))),
            Err(error) => {
                log::error!("a message of type {} is no JSON: {error}", std::any::type_name::<J>());
                None
            }
        }
    }
}

impl<'m, T: Deserialize<'m>> FromMessage<'m> for Json<T> {
    fn from_message(message: Message<'m>) -> Result<Self, MessageError> {
        let refused = |error: serde_json::Error| MessageError { code: close::INVALID, what: error.to_string() };
        serde_json::from_slice(message.as_bytes()).map(Json).map_err(refused)
    }
}
