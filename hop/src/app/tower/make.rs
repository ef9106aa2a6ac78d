//! A service for each client: makers that are given the client's address, as axum's `ConnectInfo` needs it.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_service::Service;

use super::call::called;
use super::mount::service;
use super::{BoxError, HttpService};
use crate::app::body::Body;
use crate::app::peer::Peer;
use crate::app::routes::Routes;

/// An app of the services that `make` makes, one for each request, from the client's address: [`service`] for what axum's
/// `into_make_service_with_connect_info::<SocketAddr>()` gives, so that `ConnectInfo<SocketAddr>` can be extracted.
///
/// ```ignore
/// let app = Router::new().route("/", get(|ConnectInfo(client): ConnectInfo<SocketAddr>| async move { client.to_string() }));
/// hop::listen_and_serve(address, hop::tower::make_service(app.into_make_service_with_connect_info::<SocketAddr>()))
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
