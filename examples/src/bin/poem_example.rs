//! A poem app, served by hop. poem has adapters from tower services, but none to them; here is one, in twenty lines.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use hop::tower::HttpService;
use hop_examples::{BODY, Options, listening};
use http_body_util::BodyExt;
use poem::http::uri::Scheme;
use poem::web::{Json, LocalAddr, Path, RemoteAddr};
use poem::{Addr, Endpoint, IntoEndpoint, Request, Route, get, handler, post};
use serde::{Deserialize, Serialize};

#[handler]
fn index() -> &'static str {
    BODY
}

#[handler]
fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!")
}

#[derive(Deserialize, Serialize)]
struct Note {
    text: String,
}

#[handler]
fn echo(Json(note): Json<Note>) -> Json<Note> {
    Json(note)
}

/// A poem endpoint as a tower service.
fn service(endpoint: impl IntoEndpoint<Endpoint: 'static>) -> impl HttpService {
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

fn main() -> hop::Result {
    let options = Options::from_args("Serves a poem app by hop.");
    let app = Route::new().at("/", get(index)).at("/hello/:name", get(hello)).at("/echo", post(echo));
    let server = hop::Builder::from(hop::tower::service(service(app))).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
