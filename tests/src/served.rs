//! A server of hop on a thread of its own, for as long as a test needs it.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use hop::{Builder, Handle, Report};

/// A running server; dropped, it is stopped and waited for.
#[derive(Debug)]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    /// What orders it to stop.
    pub handle: Handle,
    thread: Option<JoinHandle<Report>>,
}

impl Served {
    /// Serves an app by one worker.
    pub fn new(app: impl Into<Builder>) -> Served {
        let server = app.into().workers(1).signals(false).bind("127.0.0.1:0").expect("the app fits and a port is free");
        let handle = server.handle();
        let address = server.local_addr().tcp().expect("it listens on TCP");
        let thread = thread::spawn(move || server.run().expect("the system gives what a server needs"));
        Served { address, handle, thread: Some(thread) }
    }

    /// Orders it to stop, and waits until it has.
    pub fn stop(mut self) -> Report {
        self.handle.shutdown();
        self.join().expect("it was not waited for before")
    }

    fn join(&mut self) -> Option<Report> {
        self.thread.take().map(|thread| thread.join().expect("no worker panics"))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.handle.cut();
        self.join();
    }
}
