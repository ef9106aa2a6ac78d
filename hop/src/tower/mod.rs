//! Services of the tower ecosystem (axum, warp, poem, tower-http) as handlers of hop.
//!
//! [`service`] makes an app of a service, [`Routes::tower`](crate::Routes::tower) puts one below a prefix. How it compares with the
//! server that the service was written for: [`crate::manual::axum`].
//!
//! With the feature `hyper` upgrades work, such as axum's own WebSockets, and HTTP/2 does.
//!
//! ```no_run
//! # #[derive(Clone)]
//! # struct App;
//! # impl tower_service::Service<http::Request<hop::Body>> for App {
//! #     type Response = http::Response<hop::Body>;
//! #     type Error = std::convert::Infallible;
//! #     type Future = std::future::Ready<Result<Self::Response, Self::Error>>;
//! #     fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
//! #         std::task::Poll::Ready(Ok(()))
//! #     }
//! #     fn call(&mut self, request: http::Request<hop::Body>) -> Self::Future {
//! #         std::future::ready(Ok(http::Response::new(request.into_body())))
//! #     }
//! # }
//! # fn main() -> hop::Result {
//! # let app = App;
//! hop::listen_and_serve("127.0.0.1:8080", hop::tower::service(app))
//! # }
//! ```

mod call;
#[cfg(feature = "hyper")]
mod host;
mod layer;
mod make;
mod message;
mod mount;
mod reading;
mod service;

pub use self::call::{Answering, AppBody};
pub use self::make::make_service;
pub use self::mount::service;
pub use self::service::AppService;
pub use crate::app::tower::{BoxError, HttpService, OriginalUri};
