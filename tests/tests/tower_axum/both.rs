//! The two servers.

use std::net::SocketAddr;

use axum::Router;
use hop_tests::dial::{Seen, ask};
use hop_tests::served::Served;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot::{Sender, channel};
use tokio::task::JoinHandle;

/// axum's own server, on a runtime of its own.
pub struct AxumServed {
    pub address: SocketAddr,
    runtime: Option<Runtime>,
    stop: Option<Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl AxumServed {
    pub fn new(app: Router) -> AxumServed {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = channel::<()>();
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let task = runtime.spawn(async move {
            let serve = axum::serve(listener, app).with_graceful_shutdown(async { drop(stopped.await) });
            serve.await.unwrap();
        });
        AxumServed { address, runtime: Some(runtime), stop: Some(stop), task: Some(task) }
    }

    pub fn order_to_stop(&mut self) {
        drop(self.stop.take());
    }

    pub fn stop(mut self) {
        self.order_to_stop();
        let task = self.task.take().unwrap();
        self.runtime.as_ref().unwrap().block_on(task).unwrap();
    }
}

impl Drop for AxumServed {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

pub fn hop(app: Router) -> Served {
    Served::new(hop::tower::make_service(app.into_make_service_with_connect_info::<SocketAddr>()))
}

/// What `talk` gives on both servers, which must be the same.
#[track_caller]
pub fn same<T: PartialEq + std::fmt::Debug>(app: impl Fn() -> Router, talk: impl Fn(SocketAddr) -> T) -> T {
    let axum = AxumServed::new(app());
    let expected = talk(axum.address);
    let hop = hop(app());
    assert_eq!(talk(hop.address), expected, "left: hop, right: axum::serve");
    expected
}

/// The answer to one request, the same on both servers.
#[track_caller]
pub fn same_answer(app: impl Fn() -> Router, request: &str) -> Seen {
    same(app, |address| ask(address, request))
}
