//! A poem endpoint as a tower service: poem has adapters from those, but none to them.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use hop::tower::HttpService;
use http_body_util::BodyExt;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, IntoEndpoint, Request};

/// What `hop::tower::service` takes.
pub fn service(endpoint: impl IntoEndpoint<Endpoint: 'static>) -> impl HttpService {
    let endpoint = Arc::new(endpoint.into_endpoint());
    tower::service_fn(move |request: http::Request<hop::Body>| {
        let endpoint = Arc::clone(&endpoint);
        async move {
            let (parts, body) = request.into_parts();
            let remote = match parts.extensions.get() {
                Some(hop::Peer::Tcp(address)) => Addr::SocketAddr(*address),
                _ => Addr::custom("unknown", ""),
            };
            let parts = (parts, LocalAddr::default(), RemoteAddr(remote), Scheme::HTTP).into();
            let request = Request::from_parts(parts, body.map_err(io::Error::other).boxed().into());
            let response: http::Response<_> = endpoint.get_response(request).await.into();
            Ok::<_, Infallible>(response)
        }
    })
}
