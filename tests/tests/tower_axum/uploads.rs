//! Large uploads in bounded memory.

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Multipart};
use axum::routing::post;
use futures_util::StreamExt;
use hop_tests::upload::{self, Tally};

use crate::both::same;

fn app() -> Router {
    let routes = Router::new().route("/multipart", post(multipart)).route("/stream", post(streamed));
    routes.layer(DefaultBodyLimit::disable())
}

async fn multipart(mut form: Multipart) -> String {
    let mut tally = Tally::default();
    while let Some(mut field) = form.next_field().await.unwrap() {
        while let Some(chunk) = field.chunk().await.unwrap() {
            tally.add(&chunk);
        }
    }
    tally.text()
}

async fn streamed(body: Body) -> String {
    let mut tally = Tally::default();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        tally.add(&chunk.unwrap());
    }
    tally.text()
}

#[test]
fn a_multipart_file_of_100_mb() {
    assert_eq!(same(app, |address| upload::multipart(address, "/multipart")), upload::whole());
}

#[test]
fn a_stream_of_100_mb() {
    assert_eq!(same(app, |address| upload::stream(address, "/stream")), upload::whole());
}
