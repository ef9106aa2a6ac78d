//! What the app was built with.

use std::any::{Any, type_name};
use std::ops::Deref;

use http::StatusCode;

use super::FromRequest;
use super::rejection::StateRejection;
use crate::app::needs::Needs;
use crate::app::request::Request;

/// A clone of the state of type `T` that was given to [`Routes::state`](crate::Routes::state): the one of the innermost group that has one.
///
/// ```
/// use std::sync::Arc;
/// use hop::{Routes, State, route, routes};
///
/// #[route("/greet")]
/// fn greet(State(greeting): State<Arc<str>>) -> String {
///     format!("{greeting}!")
/// }
///
/// let greeting: Arc<str> = "Hello".into();
/// let app = routes![greet].state(greeting).build().unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct State<T>(pub T);

impl<'r, T: Any + Clone + Send + Sync> FromRequest<'r> for State<T> {
    type Rejection = StateRejection;

    fn from_request(request: &'r Request<'r>) -> Result<Self, StateRejection> {
        StateRef::<T>::from_request(request).map(|state| State(state.0.clone()))
    }

    fn needs(needs: &mut Needs) {
        needs.state::<T>();
    }
}

/// The state of type `T`, borrowed instead of cloned.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use hop::{StateRef, route, routes};
///
/// #[route("/count")]
/// fn count(hits: StateRef<'_, AtomicU64>) -> String {
///     hits.fetch_add(1, Ordering::Relaxed).to_string()
/// }
///
/// let app = routes![count].state(AtomicU64::new(0)).build().unwrap();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StateRef<'r, T>(pub &'r T);

impl<T> Deref for StateRef<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0
    }
}

impl<'r, T: Any + Send + Sync> FromRequest<'r> for StateRef<'r, T> {
    type Rejection = StateRejection;

    fn from_request(request: &'r Request<'r>) -> Result<Self, StateRejection> {
        request.state().map(StateRef).ok_or_else(|| {
            log::error!("no state of type {} for {request:?}", type_name::<T>());
            StateRejection::new(StatusCode::INTERNAL_SERVER_ERROR, "internal server error")
        })
    }

    fn needs(needs: &mut Needs) {
        needs.state::<T>();
    }
}
