//! What differs between the servers, so that the manual is true.

use axum::Router;
use axum::routing::get;
use hop_tests::dial::{Dial, request};

use crate::both;

async fn panics() -> &'static str {
    panic!("as it should");
}

fn app() -> Router {
    Router::new().route("/panic", get(panics)).route("/", get(async || "alive"))
}

#[test]
fn a_panic_is_answered_500_where_axum_closes() {
    let axum = both::axum(app());
    assert_eq!(Dial::to(axum.address).send(request("GET /panic", &[], "")).rest(), b"");

    let server = both::hop(app());
    let mut client = Dial::to(server.address);
    assert_eq!(client.send(request("GET /panic", &[], "")).answer("GET").status, 500);
    assert_eq!(client.send(request("GET /", &[], "")).answer("GET").body, b"alive");
}
