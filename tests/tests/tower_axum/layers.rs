//! tower-http's layers around an axum app.

use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::routing::{get, post};
use hop_tests::dial::{Seen, ask, request};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::services::ServeDir;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::both::{same, same_answer};

fn app() -> Router {
    let cors = CorsLayer::new()
        .allow_origin("https://a.example".parse::<HeaderValue>().unwrap())
        .allow_methods([Method::GET, Method::PUT]);
    let late = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_millis(1));
    Router::new()
        .route("/text", get(async || "compress me ".repeat(1000)))
        .route("/panic", get(panics))
        .route("/never", get(std::future::pending::<()>).layer(late))
        .route("/upload", post(async |body: String| body).layer(RequestBodyLimitLayer::new(16)))
        .nest_service("/files", ServeDir::new(files()))
        .layer(CatchPanicLayer::new())
        .layer(DefaultBodyLimit::disable())
        .layer(cors)
        .layer(CompressionLayer::new())
        .layer(TraceLayer::new_for_http())
}

async fn panics() {
    panic!("as it should");
}

fn files() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fixtures", "h1"].iter().collect()
}

/// A file that is there.
fn file() -> String {
    let mut names: Vec<_> = std::fs::read_dir(files()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names[0].to_str().unwrap().to_owned()
}

fn same_status(line: &str, headers: &[&str], body: &str) -> Seen {
    same_answer(app, &request(line, headers, body))
}

#[test]
fn compression() {
    let packed = same_status("GET /text", &["Accept-Encoding: gzip"], "");
    assert_eq!((packed.header("content-encoding"), packed.header("content-length")), (Some("gzip"), None));
    let plain = same_status("GET /text", &["Accept-Encoding: identity"], "");
    assert_eq!((plain.header("content-encoding"), plain.body.len()), (None, 12_000));
    assert_eq!(same_status("HEAD /text", &["Accept-Encoding: gzip"], "").body, "");
}

#[test]
fn cors() {
    let preflight = ["Origin: https://a.example", "Access-Control-Request-Method: PUT"];
    let answer = same_status("OPTIONS /text", &preflight, "");
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET,PUT"));
    let answer = same_status("GET /text", &preflight[..1], "");
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://a.example"));
}

#[test]
fn timeout() {
    assert_eq!(same_status("GET /never", &[], "").status, 408);
}

#[test]
fn limit() {
    assert_eq!(same_status("POST /upload", &[], "sixteen bytes ok").status, 200);
    assert_eq!(same_status("POST /upload", &[], "seventeen are not").status, 413);
    let chunked =
        "POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n11\r\nseventeen are not\r\n0\r\n\r\n";
    assert_eq!(same(app, |address| ask(address, chunked).status), 413);
}

#[test]
fn a_panic_that_a_layer_catches() {
    assert_eq!(same_status("GET /panic", &[], "").status, 500);
}

#[test]
fn files_are_served() {
    let path = format!("/files/{}", file());
    let whole = same_status(&format!("GET {path}"), &[], "");
    let length: usize = whole.header("content-length").unwrap().parse().unwrap();
    assert!(whole.status == 200 && length == whole.body.len() && length > 10);
    let part = same_status(&format!("GET {path}"), &["Range: bytes=2-5"], "");
    assert_eq!((part.status, part.body.as_str()), (206, &whole.body[2..6]));
    let modified = format!("If-Modified-Since: {}", whole.header("last-modified").unwrap());
    assert_eq!(same_status(&format!("GET {path}"), &[&modified], "").status, 304);
    assert_eq!(same_status(&format!("HEAD {path}"), &[], "").status, 200);
    assert_eq!(same_status("GET /files/nothing", &[], "").status, 404);
    assert_eq!(same_status("GET /files/../main.rs", &[], "").status, 404);
    assert_eq!(same_status(&format!("POST {path}"), &[], "").status, 405);
}
