//! Bodies that stream, in both directions.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Sse;
use axum::response::sse::Event;
use axum::routing::{get, post};
use futures_util::{StreamExt, stream};
use hop_tests::dial::{Dial, ask, request};
use http_body::Frame;
use http_body_util::StreamBody;

use crate::both::{hop, same};
use crate::reference::checks;

fn app() -> Router {
    Router::new()
        .route("/echo", post(async |body: Body| body))
        .route("/pieces", get(pieces))
        .route("/events", get(events))
        .route("/trailers", get(trailers))
        .route("/trailers", post(received_trailers))
        .route("/breaks", get(breaks))
}

async fn pieces() -> Body {
    let pieces = (0..2000).map(|n| Ok::<_, Infallible>(Bytes::from(format!("piece {n}\n"))));
    Body::from_stream(stream::iter(pieces).then(async |piece| {
        tokio::task::yield_now().await;
        piece
    }))
}

async fn events() -> Sse<impl futures_util::Stream<Item = Result<Event, Infallible>>> {
    let events = (0..3).map(|n| Ok(Event::default().id(n.to_string()).event("tick").data(format!("line {n}\nmore"))));
    Sse::new(stream::iter(events))
}

async fn trailers() -> Body {
    let trailers = [("x-sum".parse().unwrap(), "42".parse().unwrap())].into_iter().collect();
    let frames = [Frame::data(Bytes::from("body")), Frame::trailers(trailers)];
    Body::new(StreamBody::new(stream::iter(frames.map(Ok::<_, Infallible>))))
}

async fn received_trailers(body: Body) -> String {
    let collected = http_body_util::BodyExt::collect(body).await.unwrap();
    format!("{:?}", collected.trailers().and_then(|trailers| trailers.get("x-sum")))
}

async fn breaks() -> Body {
    Body::from_stream(stream::iter([Ok(Bytes::from("begun")), Err(std::io::Error::other("broken"))]))
}

#[test]
fn an_answer_of_many_pieces_is_complete_and_in_order() {
    let answer = same(app, |address| ask(address, &request("GET /pieces", &[], "")));
    let expected: String = (0..2000).map(|n| format!("piece {n}\n")).collect();
    assert_eq!((answer.header("transfer-encoding"), answer.body.as_str()), (Some("chunked"), expected.as_str()));
}

#[test]
fn an_answer_streams_while_its_request_does() {
    same(app, checks::streams);
}

#[test]
fn a_body_of_known_length_comes_back_whole() {
    let text = "x".repeat(200_000);
    let answer = same(app, |address| ask(address, &request("POST /echo", &[], &text)));
    assert_eq!(answer.body, text);
}

#[test]
fn server_sent_events() {
    let answer = same(app, |address| ask(address, &request("GET /events", &["Accept: text/event-stream"], "")));
    assert!(answer.body.starts_with("id: 0\nevent: tick\ndata: line 0\ndata: more\n\n"), "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
}

#[test]
fn trailers_come_in() {
    let sent =
        "POST /trailers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 42\r\n\r\n";
    assert_eq!(same(app, |address| ask(address, sent)).body, "Some(\"42\")");
}

#[test]
fn trailers_go_out() {
    let server = hop(app());
    let mut client = Dial::to(server.address);
    let answer = client.send(request("GET /trailers", &["TE: trailers"], "")).answer("GET");
    assert_eq!(answer.trailers, [("x-sum".to_owned(), b"42".to_vec())]);
}

#[test]
fn a_stream_that_breaks_ends_the_connection_without_its_end() {
    // How much of it leaves before is of no account.
    let ends = same(app, |address| {
        let sent = Dial::to(address).send(request("GET /breaks", &[], "")).rest();
        sent.ends_with(b"\r\n0\r\n\r\n")
    });
    assert!(!ends);
}
