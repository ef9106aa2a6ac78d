//! What cannot be served as a tower service: something else, a service of other answers, one that cannot be shared.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use tower_service::Service;

#[derive(Clone)]
struct Answering<A, S>(A, S);

impl<A: Clone, S> Service<http::Request<hop::Body>> for Answering<A, S> {
    type Response = A;
    type Error = Infallible;
    type Future = Ready<Result<A, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<hop::Body>) -> Self::Future {
        ready(Ok(self.0.clone()))
    }
}

fn main() {
    let _ = hop::tower::service("not a service");
    let _ = hop::tower::service(Answering("not an http::Response", ()));
    let _ = hop::Routes::new().tower("/", Answering(http::Response::new(String::new()), Cell::new(0)));
}
