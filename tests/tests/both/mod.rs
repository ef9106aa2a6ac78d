//! A framework's own server beside hop: what the tests of the frameworks share.

pub mod checks;

use std::future::Future;
use std::net::SocketAddr;

use hop_tests::served::Served;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

/// A framework's own server, on a runtime of its own.
pub struct Reference {
    pub address: SocketAddr,
    runtime: Option<Runtime>,
    stop: Option<Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Reference {
    /// Runs `serve`, which is given what it listens on, and what tells it to stop.
    pub fn new<F>(serve: impl FnOnce(TcpListener, Receiver<()>) -> F) -> Reference
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = channel();
        let task = {
            let _entered = runtime.enter();
            runtime.spawn(serve(listener, stopped))
        };
        Reference { address, runtime: Some(runtime), stop: Some(stop), task: Some(task) }
    }

    pub fn order_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until it has stopped.
    pub fn stop(mut self) {
        self.order_to_stop();
        let task = self.task.take().expect("it was not stopped before");
        self.runtime.as_ref().expect("it runs").block_on(task).unwrap();
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What `talk` gives on both servers, which must be the same.
#[track_caller]
pub fn same<T>(reference: Reference, hop: Served, talk: impl Fn(SocketAddr) -> T) -> T
where
    T: PartialEq + std::fmt::Debug,
{
    let expected = talk(reference.address);
    assert_eq!(talk(hop.address), expected, "left: hop, right: the framework's own server");
    expected
}
