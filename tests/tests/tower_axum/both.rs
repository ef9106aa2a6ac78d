//! The two servers of an axum app.

use std::net::SocketAddr;

use axum::Router;
use hop_tests::dial::{Seen, ask};
use hop_tests::served::Served;

use crate::reference::{self, Reference};

/// axum's own server.
pub fn axum(app: Router) -> Reference {
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    Reference::new(|listener, stopped| async move {
        let serve = axum::serve(listener, app).with_graceful_shutdown(async { drop(stopped.await) });
        serve.await.unwrap();
    })
}

pub fn hop(app: Router) -> Served {
    Served::new(hop::tower::make_service(app.into_make_service_with_connect_info::<SocketAddr>()))
}

/// What `talk` gives on both servers, which must be the same.
#[track_caller]
pub fn same<T: PartialEq + std::fmt::Debug>(app: impl Fn() -> Router, talk: impl Fn(SocketAddr) -> T) -> T {
    reference::same(axum(app()), hop(app()), talk)
}

/// The answer to one request, the same on both servers.
#[track_caller]
pub fn same_answer(app: impl Fn() -> Router, request: &str) -> Seen {
    same(app, |address| ask(address, request))
}
