//! warp filters on two servers, hop and warp's own, over real sockets: the answers are the same.

mod both;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::mpsc::{Sender, channel};

use futures_util::{StreamExt, TryStreamExt, stream};
use hop_tests::alloc::Counting;
use hop_tests::dial::{ask, request};
use hop_tests::served::Served;
use hop_tests::upload::{self, Tally};
use serde::{Deserialize, Serialize};
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::multipart::FormData;
use warp::{Buf, Filter, Reply, sse};

use crate::both::Reference;
use crate::both::checks::{self, Case, FORM, Guard, JSON, Work};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Deserialize, Serialize)]
struct Item {
    name: String,
    count: u32,
}

type Filters = BoxedFilter<(warp::reply::Response,)>;

fn boxed<F, R>(filter: F) -> Filters
where
    F: Filter<Extract = (R,), Error = warp::Rejection> + Clone + Send + Sync + 'static,
    R: Reply + 'static,
{
    filter.map(Reply::into_response).boxed()
}

fn either(filters: impl IntoIterator<Item = Filters>) -> Filters {
    filters.into_iter().reduce(|one, other| boxed(one.or(other))).expect("there are filters")
}

fn simple() -> Filters {
    let json = warp::post().and(warp::path!("json")).and(warp::body::content_length_limit(100)).and(warp::body::json());
    let form = warp::post().and(warp::path!("form")).and(warp::body::form());
    let query = warp::get().and(warp::path!("query")).and(warp::query());
    let cors = warp::cors().allow_origin("https://a.example").allow_method("PUT");
    either([
        boxed(warp::get().and(warp::path::end()).map(|| "index")),
        boxed(warp::get().and(warp::path!("users" / u32)).map(|id| format!("user {id}"))),
        boxed(json.map(|item: Item| warp::reply::json(&Item { count: item.count + 1, ..item }))),
        boxed(form.map(|item: Item| format!("{} {}", item.name, item.count))),
        boxed(query.map(|item: Item| format!("{} {}", item.name, item.count))),
        boxed(
            warp::path!("nested" / "deeper" / ..)
                .and(warp::path::full())
                .map(|path: warp::path::FullPath| path.as_str().to_owned()),
        ),
        boxed(warp::path!("header").and(warp::header::<u32>("x-number")).map(|n| format!("{n}"))),
        boxed(warp::path!("status").map(|| warp::reply::with_status("short", StatusCode::IM_A_TEAPOT))),
        boxed(warp::path!("nothing").map(|| StatusCode::NO_CONTENT)),
        boxed(warp::path!("cors").map(|| "shared").with(cors)),
        boxed(warp::path("files").and(warp::fs::dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")))),
    ])
}

fn streaming() -> Filters {
    let echo = warp::post().and(warp::path!("echo")).and(warp::body::stream());
    let upload = warp::path!("stream").and(warp::body::stream());
    let multipart = warp::path!("multipart").and(warp::multipart::form().max_length(None));
    either([
        boxed(echo.map(|body| warp::reply::stream(body_bytes(body)))),
        boxed(warp::path!("events").map(|| {
            sse::reply(stream::iter(
                (0..3).map(|n| Ok::<_, Infallible>(sse::Event::default().data(format!("line {n}")))),
            ))
        })),
        boxed(upload.then(async |body| {
            let mut tally = Tally::default();
            let mut body = std::pin::pin!(body_bytes(body));
            while let Some(chunk) = body.next().await {
                tally.add(&chunk.unwrap());
            }
            tally.text()
        })),
        boxed(multipart.then(tally_form)),
    ])
}

fn body_bytes(
    body: impl futures_util::Stream<Item = Result<impl Buf, warp::Error>>,
) -> impl futures_util::Stream<Item = Result<hop::Bytes, warp::Error>> {
    body.map_ok(|mut piece| piece.copy_to_bytes(piece.remaining()))
}

async fn tally_form(mut form: FormData) -> String {
    let mut tally = Tally::default();
    while let Some(part) = form.next().await {
        let mut part = part.unwrap();
        while let Some(chunk) = part.data().await {
            let mut chunk = chunk.unwrap();
            tally.add(&chunk.copy_to_bytes(chunk.remaining()));
        }
    }
    tally.text()
}

fn reference(filters: Filters) -> Reference {
    Reference::new(|listener, stopped| {
        warp::serve(filters).incoming(listener).graceful(async { drop(stopped.await) }).run()
    })
}

fn hop(filters: Filters) -> Served {
    Served::new(hop::tower::service(warp::service(filters)))
}

#[track_caller]
fn same<T: PartialEq + std::fmt::Debug>(filters: fn() -> Filters, talk: impl Fn(SocketAddr) -> T) -> T {
    both::same(reference(filters()), hop(filters()), talk)
}

/// warp answers 405 where only the POST filters came close.
const CASES: &[Case] = &[
    ("GET /", &[], "", 200),
    ("POST /", &[], "", 405),
    ("GET /users/7", &[], "", 200),
    ("GET /users/x", &[], "", 405),
    ("POST /json", &[JSON], r#"{"name":"a","count":1}"#, 200),
    ("POST /json", &[JSON], r#"{"name":"a","#, 400),
    ("POST /json", &["Content-Type: text/plain"], r#"{"name":"a","count":1}"#, 415),
    ("POST /json", &[JSON], "", 411),
    ("POST /form", &[FORM], "name=a&count=1", 200),
    ("POST /form", &[FORM], "name=a", 400),
    ("GET /query?name=a&count=2", &[], "", 200),
    ("GET /query?name=a", &[], "", 400),
    ("GET /nested/deeper/and/deeper?x", &[], "", 200),
    ("GET /header", &["X-Number: 3"], "", 200),
    ("GET /header", &["X-Number: three"], "", 400),
    ("GET /header", &[], "", 400),
    ("GET /status", &[], "", 418),
    ("HEAD /status", &[], "", 418),
    ("GET /nothing", &[], "", 204),
    ("OPTIONS /cors", &["Origin: https://a.example", "Access-Control-Request-Method: PUT"], "", 200),
    ("OPTIONS /cors", &["Origin: https://b.example", "Access-Control-Request-Method: PUT"], "", 403),
    ("GET /files/dial.rs", &[], "", 200),
    ("GET /files/dial.rs", &["Range: bytes=2-5"], "", 206),
    ("GET /files/none", &[], "", 405),
    ("GET /nowhere", &[], "", 405),
];

#[test]
fn every_request_is_answered_the_same() {
    checks::answers(reference(simple()), hop(simple()), CASES);
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let long = format!(r#"{{"name":"{}","count":1}}"#, "a".repeat(100));
    assert_eq!(same(simple, |address| ask(address, &request("POST /json", &[JSON], &long))).status, 413);
}

#[test]
fn bodies_stream_both_ways() {
    same(streaming, checks::streams);
}

#[test]
fn server_sent_events() {
    let answer = same(streaming, |address| ask(address, &request("GET /events", &[], "")));
    assert_eq!(answer.body, "data:line 0\n\ndata:line 1\n\ndata:line 2\n\n");
}

#[test]
fn uploads_of_100_mb() {
    assert_eq!(same(streaming, |address| upload::stream(address, "/stream")), upload::whole());
    assert_eq!(same(streaming, |address| upload::multipart(address, "/multipart")), upload::whole());
}

fn work(work: Work) -> Filters {
    boxed(warp::path!("work").then(move || work.clone().finished()))
}

#[test]
fn a_request_in_flight_is_finished_when_the_server_stops() {
    checks::stopping(|app| reference(work(app)), |app| hop(work(app)));
}

fn pending(told: Sender<&'static str>) -> Filters {
    boxed(warp::path!("pending").then(move || Guard::new(&told, "dropped").keep()))
}

#[test]
fn a_client_that_leaves_has_its_future_dropped() {
    let (told, heard) = channel();
    let reference = reference(pending(told.clone()));
    let hop = hop(pending(told));
    for address in [reference.address, hop.address] {
        checks::leave(address, &request("GET /pending", &[], ""), &heard, "dropped");
    }
}
