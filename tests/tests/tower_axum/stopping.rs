//! Graceful shutdown: what is in flight is finished, on both servers.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use hop_tests::dial::{Dial, Seen, request};
use tokio::sync::Notify;

use crate::both;

/// Says when it was asked; answers when it is told.
fn app(asked: &Arc<Notify>, go: &Arc<Notify>) -> Router {
    let (asked, go) = (Arc::clone(asked), Arc::clone(go));
    let work = async move || {
        asked.notify_one();
        go.notified().await;
        "finished"
    };
    Router::new().route("/work", get(work))
}

fn wait_for(asked: &Notify) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(asked.notified());
}

/// Asks, waits until the handler works, has the server told to stop, lets the handler go on; gives the answer and what follows it.
fn talk(address: std::net::SocketAddr, asked: &Notify, go: &Notify, stop: impl FnOnce()) -> (Seen, Vec<u8>) {
    let mut client = Dial::to(address);
    client.send(request("GET /work", &[], ""));
    wait_for(asked);
    stop();
    go.notify_one();
    (client.answer("GET").into(), client.rest())
}

#[test]
fn a_request_in_flight_is_finished_and_then_the_connection_ends() {
    let (asked, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut axum = both::axum(app(&asked, &go));
    let (expected, rest) = talk(axum.address, &asked, &go, || axum.order_to_stop());
    axum.stop();
    assert_eq!((expected.body.as_str(), rest.len()), ("finished", 0));

    let hop = both::hop(app(&asked, &go));
    let handle = hop.handle.clone();
    let (seen, rest) = talk(hop.address, &asked, &go, || handle.shutdown());
    let report = hop.stop();
    assert_eq!((seen.body, rest.len(), report.cut), (expected.body, 0, 0));
}
