//! Graceful shutdown: what is in flight is finished, on both servers.

use axum::Router;
use axum::routing::get;

use crate::both::{axum, hop};
use crate::reference::checks::{self, Work};

fn app(work: Work) -> Router {
    Router::new().route("/work", get(|| work.finished()))
}

#[test]
fn a_request_in_flight_is_finished_and_then_the_connection_ends() {
    checks::stopping(|work| axum(app(work)), |work| hop(app(work)));
}
