//! Single requests: routing, extractors, rejections, kinds of answers.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Extension, Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, NoContent, Redirect};
use axum::routing::{any, get, post};
use axum::{Form, Json, Router};
use hop_tests::dial::{Dial, Seen, ask, request};
use serde::{Deserialize, Serialize};

use crate::both::{axum, hop, same};
use crate::reference::checks::{self, Case, FORM, JSON};

#[derive(Deserialize, Serialize)]
struct Item {
    name: String,
    count: u32,
}

#[derive(Deserialize)]
struct Search {
    q: String,
    page: Option<u32>,
}

fn app() -> Router {
    let v1 = Router::new().route("/ping", get(async || "pong")).fallback(async || (StatusCode::NOT_FOUND, "no v1"));
    let inner =
        Router::new().route("/who/{name}", get(async |Path(name): Path<String>, uri: Uri| format!("{name} {uri}")));
    Router::new()
        .route("/", get(async || "index").post(async || StatusCode::CREATED))
        .route("/users/{id}", get(async |Path(id): Path<u32>| format!("user {id}")))
        .route("/files/{*path}", get(async |Path(path): Path<String>| path))
        .route("/search", get(async |Query(s): Query<Search>| format!("{} {:?}", s.q, s.page)))
        .route("/json", post(async |Json(item): Json<Item>| Json(Item { count: item.count + 1, ..item })))
        .route("/form", post(async |Form(item): Form<Item>| format!("{} {}", item.name, item.count)))
        .route("/text", post(async |text: String| text))
        .route("/state", get(async |State(state): State<&'static str>| state))
        .route("/extension", get(async |Extension(missing): Extension<String>| missing))
        .route("/headers", get(echo_headers))
        .route("/method", any(async |method: Method| method.to_string()))
        .route("/html", get(async || Html("<p>hi</p>")))
        .route("/redirect", get(async || Redirect::to("/elsewhere")))
        .route("/nothing", get(async || NoContent))
        .route("/unmodified", get(async || (StatusCode::NOT_MODIFIED, [(header::ETAG, "\"a\"")])))
        .route("/teapot", get(async || (StatusCode::IM_A_TEAPOT, [("x-twice", "one"), ("x-other", "two")], "short")))
        .route("/cookies", get(cookies))
        .route("/close", get(async || ([(header::CONNECTION, "close")], "bye")))
        .route("/peer", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string()))
        .route("/large", get(async || "x".repeat(300_000)))
        .route("/empty", get(async || ()))
        .nest("/api", Router::new().nest("/v1", v1).nest("/v2", inner))
        .fallback(async |request: Request| (StatusCode::NOT_FOUND, format!("no {}", request.uri())))
        .with_state("the state")
}

async fn echo_headers(headers: HeaderMap) -> String {
    let mut lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    lines.sort();
    lines.join("\n")
}

async fn cookies() -> impl IntoResponse {
    let mut headers = HeaderMap::new();
    headers.append(header::SET_COOKIE, "a=1".parse().unwrap());
    headers.append(header::SET_COOKIE, "b=2".parse().unwrap());
    headers
}

const CASES: &[Case] = &[
    ("GET /", &[], "", 200),
    ("HEAD /", &[], "", 200),
    ("POST /", &[], "", 201),
    ("PUT /", &[], "", 405),
    ("OPTIONS /", &[], "", 405),
    ("BREW /", &[], "", 405),
    ("GET /users/7", &[], "", 200),
    ("HEAD /users/7", &[], "", 200),
    ("GET /users/x", &[], "", 400),
    ("GET /users/", &[], "", 404),
    ("DELETE /users/7", &[], "", 405),
    ("GET /files/a/b%20c/d", &[], "", 200),
    ("GET /search?q=a+b&page=2", &[], "", 200),
    ("GET /search?q=%C3%A9", &[], "", 200),
    ("GET /search", &[], "", 400),
    ("POST /json", &[JSON], r#"{"name":"a","count":1}"#, 200),
    ("POST /json", &[JSON], r#"{"name":"a","count":"#, 400),
    ("POST /json", &[JSON], r#"{"name":"a"}"#, 422),
    ("POST /json", &[], r#"{"name":"a","count":1}"#, 415),
    ("POST /json", &[JSON], "", 400),
    ("POST /json", &[JSON, "Expect: 100-continue"], r#"{"name":"a","count":1}"#, 200),
    ("GET /json", &[], "", 405),
    ("POST /form", &[FORM], "name=a&count=1", 200),
    ("POST /form", &[FORM], "name=a&count=b", 422),
    ("POST /form", &[], "name=a", 415),
    ("POST /text", &[], "text", 200),
    ("POST /text", &[], "", 200),
    ("GET /state", &[], "", 200),
    ("GET /extension", &[], "", 500),
    ("GET /headers", &["X-One: 1", "X-Two: a, b", "X-Two: c", "Accept: */*"], "", 200),
    ("PATCH /method", &[], "", 200),
    ("PROPFIND /method", &[], "", 200),
    ("GET /html", &[], "", 200),
    ("GET /redirect", &[], "", 303),
    ("GET /nothing", &[], "", 204),
    ("GET /unmodified", &[], "", 304),
    ("GET /teapot", &[], "", 418),
    ("HEAD /teapot", &[], "", 418),
    ("GET /cookies", &[], "", 200),
    ("GET /close", &[], "", 200),
    ("GET /", &["Connection: close"], "", 200),
    ("GET /peer", &[], "", 200),
    ("GET /large", &[], "", 200),
    ("HEAD /large", &[], "", 200),
    ("GET /empty", &[], "", 200),
    ("GET /api/v1/ping", &[], "", 200),
    ("GET /api/v1/pong", &[], "", 404),
    ("GET /api/v2/who/Ada?x=1", &[], "", 200),
    ("GET /api/v3", &[], "", 404),
    ("GET //", &[], "", 404),
    ("GET /a%zz", &[], "", 404),
    ("GET /nowhere?a=b", &[], "", 404),
];

#[test]
fn every_request_is_answered_the_same() {
    checks::answers(axum(app()), hop(app()), CASES);
}

#[test]
fn requests_in_one_write_are_answered_in_order() {
    let bodies: Vec<String> = same(app, |address| {
        let mut client = Dial::to(address);
        let lines = ["GET /users/1", "GET /users/2", "GET /large", "GET /users/x", "GET /users/3"];
        client.send(lines.map(|line| request(line, &[], "")).concat());
        lines.map(|_| Seen::from(client.answer("GET")).body).into()
    });
    assert_eq!((bodies[0].as_str(), bodies[4].as_str()), ("user 1", "user 3"));
}

#[test]
fn a_connection_is_used_again_after_every_kind_of_request() {
    same(app, |address| {
        let mut client = Dial::to(address);
        let mut answers = Vec::new();
        for (line, headers, body, _) in
            CASES.iter().filter(|(line, headers, ..)| !line.contains("close") && headers.is_empty())
        {
            client.send(request(line, headers, body));
            answers.push(Seen::from(client.answer(line.split(' ').next().unwrap())));
        }
        answers
    });
}

#[test]
fn http_1_0_is_answered_and_closed() {
    let (answer, rest) = same(app, |address| {
        let mut client = Dial::to(address);
        client.send("GET /users/1 HTTP/1.0\r\n\r\n");
        let answer = client.answer("GET");
        (answer.body, client.rest())
    });
    assert_eq!((answer.as_slice(), rest.as_slice()), (&b"user 1"[..], &b""[..]));
}

#[test]
fn the_clients_address_is_known() {
    let seen = same(app, |address| ask(address, &request("GET /peer", &[], "")));
    assert_eq!(seen.body, "127.0.0.1");
}
