//! A service for each client: makers that are given the client's address, as axum's `ConnectInfo` needs it.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_service::Service;

use super::mount::service;
use crate::app::body::Body;
use crate::app::peer::Peer;
use crate::app::routes::Routes;
use crate::app::tower::{BoxError, HttpService, called};

/// An app of the services that `make` makes, one for each request, from the client's address: [`service`] for what axum's
/// `into_make_service_with_connect_info::<SocketAddr>()` gives, so that `ConnectInfo<SocketAddr>` can be extracted.
///
/// An example with axum is in [`crate::manual::axum`]. What it takes is any maker of services:
///
/// ```
/// use std::convert::Infallible;
/// use std::future::{Ready, ready};
/// use std::net::SocketAddr;
/// use std::task::{Context, Poll};
///
/// use tower_service::Service;
///
/// /// Answers with the client's address.
/// #[derive(Clone)]
/// struct Greeter(Option<SocketAddr>);
///
/// impl Service<SocketAddr> for Greeter {
///     type Response = Greeter;
///     type Error = Infallible;
///     type Future = Ready<Result<Greeter, Infallible>>;
///
///     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn call(&mut self, client: SocketAddr) -> Self::Future {
///         ready(Ok(Greeter(Some(client))))
///     }
/// }
///
/// impl Service<http::Request<hop::Body>> for Greeter {
///     type Response = http::Response<hop::Body>;
///     type Error = Infallible;
///     type Future = Ready<Result<Self::Response, Infallible>>;
///
///     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn call(&mut self, request: http::Request<hop::Body>) -> Self::Future {
///         let client = self.0.expect("it was made for a client").to_string();
///         ready(Ok(http::Response::builder().header("x-client", client).body(request.into_body()).unwrap()))
///     }
/// }
///
/// let app = hop::testing::App::new(hop::tower::make_service(Greeter(None)));
/// assert_eq!(app.get("/").expect(200).header("x-client"), Some("0.0.0.0:0"));
/// ```
///
/// A client without such an address, on a Unix socket or in memory, counts as `0.0.0.0:0`; [`Peer`] in the extensions tells more.
#[track_caller]
pub fn make_service<M>(make: M) -> Routes
where
    Made<M>: HttpService,
{
    service(Made { make })
}

/// What [`make_service`] serves: a service that has another one made for each request.
#[derive(Clone, Debug)]
#[doc(hidden)]
pub struct Made<M> {
    make: M,
}

impl<M, S> Service<http::Request<Body>> for Made<M>
where
    M: Service<SocketAddr, Response = S> + Clone + 'static,
    M::Error: Into<BoxError>,
    S: Service<http::Request<Body>> + 'static,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.make.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let made = self.make.call(address(&request));
        Box::pin(async move {
            let mut service = made.await.map_err(Into::into)?;
            called(&mut service, request).await.map_err(Into::into)
        })
    }
}

fn address(request: &http::Request<Body>) -> SocketAddr {
    match request.extensions().get::<Peer>() {
        Some(Peer::Tcp(address)) => *address,
        _ => (Ipv4Addr::UNSPECIFIED, 0).into(),
    }
}
