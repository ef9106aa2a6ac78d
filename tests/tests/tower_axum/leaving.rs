//! Clients that leave: the future and the bodies of their requests are dropped.

use std::convert::Infallible;
use std::sync::mpsc::{Sender, channel};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::routing::{get, post};
use futures_util::stream;
use hop_tests::dial::{Dial, request};

use crate::both;
use crate::reference::checks::{self, Guard};

type Told = Sender<&'static str>;

fn app(told: Told) -> Router {
    let routes = Router::new().route("/pending", get(pending)).route("/upload", post(upload));
    routes.route("/endless", get(endless)).route("/", get(async || "alive")).with_state(told)
}

async fn pending(State(told): State<Told>) -> &'static str {
    Guard::new(&told, "future").keep().await
}

async fn upload(State(told): State<Told>, body: Body) -> String {
    let _guard = Guard::new(&told, "future");
    let read = axum::body::to_bytes(body, usize::MAX).await;
    told.send(if read.is_err() { "failed" } else { "complete" }).unwrap();
    String::new()
}

/// A body without an end, as fast as the client takes it.
async fn endless(State(told): State<Told>) -> Body {
    let guard = Guard::new(&told, "body");
    let piece = Bytes::from(vec![b'e'; 16 * 1024]);
    Body::from_stream(stream::unfold((guard, piece), async |(guard, piece)| {
        Some((Ok::<_, Infallible>(piece.clone()), (guard, piece)))
    }))
}

/// Leaves, and waits until `last` is heard; the server is as it was after that.
fn leave(sent: &str, last: &str) {
    let (told, heard) = channel();
    let axum = both::axum(app(told.clone()));
    let hop = both::hop(app(told));
    for address in [axum.address, hop.address] {
        checks::leave(address, sent, &heard, last);
        assert_eq!(Dial::to(address).send(request("GET /", &[], "")).answer("GET").body, b"alive");
    }
}

#[test]
fn a_future_is_dropped() {
    leave(&request("GET /pending", &[], ""), "future");
}

#[test]
fn the_body_of_an_answer_is_dropped() {
    leave(&request("GET /endless", &[], ""), "body");
}

#[test]
fn an_upload_that_is_cut_drops_its_future() {
    leave("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nnot all of it", "future");
}
