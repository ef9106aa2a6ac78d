//! One call of a service.

use std::future::{Future, poll_fn};
use std::task::Poll;

use http::{Method, StatusCode};
use tower_service::Service;

use super::{BoxError, response};
use crate::app::body::Body;
use crate::app::response::Response;

/// A service that hop can serve: any `tower::Service<http::Request<hop::Body>>` that can be cloned and shared, whose response has an
/// `http_body::Body`. Implemented for all of them; there is nothing to implement by hand.
///
/// Its futures need not be `Send`: they are polled by the worker of their connection and by no other thread.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tower service that hop can serve",
    note = "it needs `Service<http::Request<hop::Body>, Response = http::Response<impl http_body::Body + Send>>`, `Clone`, `Send` and `Sync`; an axum router needs its state (`.with_state(…)`), a boxed service is a `BoxCloneSyncService`"
)]
pub trait HttpService: Clone + Send + Sync + 'static + sealed::Sealed {
    /// Waits until the service is ready, calls it, and gives its answer.
    #[doc(hidden)]
    fn respond(self, request: http::Request<Body>) -> impl Future<Output = Response> + 'static;
}

mod sealed {
    pub trait Sealed {}
}

impl<S, B> sealed::Sealed for S
where
    S: Service<http::Request<Body>, Response = http::Response<B>>,
    B: http_body::Body,
{
}

impl<S, B> HttpService for S
where
    S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: 'static,
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    // Not `async fn`, and no `async` within: the future of each request is boxed, and would hold what it is given once more for each.
    fn respond(mut self, request: http::Request<Body>) -> impl Future<Output = Response> + 'static {
        // The answer to HEAD has no body: its source is not even asked.
        let wants_body = request.method() != Method::HEAD;
        async move {
            let called = match poll_fn(|cx| self.poll_ready(cx)).await {
                Ok(()) => self.call(request).await,
                Err(error) => Err(error),
            };
            match called {
                Ok(response) => {
                    let mut response = Some(response);
                    poll_fn(|cx| Poll::Ready(response.take().map(|it| response::answer(it, wants_body, cx)))).await
                }
                Err(error) => {
                    log::error!("a service failed ({}); answering 500", error.into());
                    None
                }
            }
            .unwrap_or_else(|| Response::new(StatusCode::INTERNAL_SERVER_ERROR))
        }
    }
}

/// The answer of a service, once it is ready.
pub(crate) async fn called<S, R>(service: &mut S, request: R) -> Result<S::Response, S::Error>
where
    S: Service<R>,
{
    poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(request).await
}
