//! What cannot be served as a tower service: something else, an axum router without its state, a service that cannot be shared.

use axum::extract::State;
use axum::routing::get;
use tower::util::BoxCloneService;

fn router_without_its_state() -> axum::Router<u32> {
    axum::Router::new().route("/", get(async |State(number): State<u32>| number.to_string()))
}

fn service_of_one_thread() -> BoxCloneService<http::Request<hop::Body>, http::Response<String>, std::convert::Infallible> {
    BoxCloneService::new(tower::service_fn(async |_| Ok(http::Response::new(String::new()))))
}

fn main() {
    let _ = hop::tower::service("not a service");
    let _ = hop::tower::service(router_without_its_state());
    let _ = hop::Routes::new().tower("/", service_of_one_thread());
}
