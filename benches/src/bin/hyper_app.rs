//! The compared app by hyper on tokio, routed by hand.

use hop_benches::{app::User, tokio_server};
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::io;
use tokio::net::TcpStream;

fn main() -> io::Result<()> {
    tokio_server::serve("Serves the compared app with hyper on tokio.", serve)
}

async fn serve(stream: TcpStream) {
    let served =
        http1::Builder::new().pipeline_flush(true).serve_connection(TokioIo::new(stream), service_fn(answer)).await;
    // A client that resets its connection is an ordinary end here.
    drop(served);
}

async fn answer(request: Request<Incoming>) -> hyper::Result<Response<Full<Bytes>>> {
    let id = request.uri().path().strip_prefix("/users/").and_then(|id| id.parse().ok());
    Ok(match (request.method(), id, request.uri().path()) {
        (&Method::GET, Some(id), _) => {
            let user = serde_json::to_vec(&User::of(id)).expect("a user can be written");
            with_type("application/json", user.into())
        }
        (&Method::POST, None, "/length") => {
            let body = request.into_body().collect().await?.to_bytes();
            with_type("text/plain; charset=utf-8", body.len().to_string().into())
        }
        _ => {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    })
}

fn with_type(content_type: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
