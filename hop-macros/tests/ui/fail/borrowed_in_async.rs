//! A future outlives the callback: what it takes must be its own.
#![allow(unused)]
use hop::prelude::*;

#[route(POST, "/text")]
async fn text(body: &str) -> String {
    body.to_owned()
}

#[route(POST, "/bytes")]
async fn bytes(body: &[u8]) -> usize {
    body.len()
}

#[route("/{name}")]
async fn parameter(Path(name): Path<&str>) -> String {
    name.to_owned()
}

#[route("/{shop}/{name}")]
async fn in_a_tuple(Path((shop, name)): Path<(u32, &str)>) -> String {
    format!("{shop} {name}")
}

#[route("/request")]
async fn request(request: &Request<'_>) -> String {
    request.path().to_owned()
}

fn main() {}
