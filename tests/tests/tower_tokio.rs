//! The feature `tokio`: in whose context callbacks run.

use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use hop::prelude::*;
use hop::{Builder, Server};
use hop_tests::dial::{ask, request};
use hop_tests::served::Served;
use tokio::runtime::{Handle, RuntimeFlavor};

#[route("/callback")]
fn callback(out: Responder) {
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        out.send(runtime())
    });
}

#[route("/future")]
async fn future() -> String {
    let spawned = tokio::spawn(async { runtime() });
    tokio::time::sleep(Duration::from_millis(1)).await;
    spawned.await.unwrap()
}

#[route("/blocking", blocking)]
fn blocking() -> String {
    Handle::current().block_on(async { tokio::spawn(async { runtime() }).await.unwrap() })
}

/// A task that never ends, and says when it is dropped.
#[route("/left")]
fn left(StateRef(told): StateRef<'_, std::sync::Mutex<Sender<()>>>) {
    let guard = Guard(told.lock().unwrap().clone());
    tokio::spawn(async move {
        let _guard = guard;
        std::future::pending::<()>().await
    });
}

struct Guard(Sender<()>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

/// Names the runtime that runs this.
fn runtime() -> String {
    Handle::current().id().to_string()
}

const PATHS: [&str; 3] = ["/callback", "/future", "/blocking"];

fn routes() -> Routes {
    routes![callback, future, blocking]
}

fn answers(address: std::net::SocketAddr) -> [String; 3] {
    PATHS.map(|path| ask(address, &request(&format!("GET {path}"), &[], "")).body)
}

#[test]
fn without_a_runtime_the_server_makes_one() {
    let server = Served::new(routes());
    let answers = answers(server.address);
    assert!(!answers[0].is_empty() && answers.iter().all(|id| *id == answers[0]), "{answers:?}");
}

#[test]
fn its_own_runtime_ends_with_it() {
    let (told, heard) = channel::<()>();
    let server = Served::new(routes![left].state(std::sync::Mutex::new(told)));
    ask(server.address, &request("GET /left", &[], ""));
    assert!(heard.try_recv().is_err());
    server.stop();
    heard.try_recv().expect("the task was dropped before the server had stopped");
}

#[test]
fn the_runtime_that_is_given_is_used() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let id = runtime.handle().id().to_string();
    let server = Served::new(Builder::from(routes()).tokio(runtime.handle().clone()));
    assert_eq!(answers(server.address), [id.as_str(); 3]);
}

/// Runs the server in the caller's context; gives the answers.
fn run_here() -> [String; 3] {
    let server = Server::builder().routes(routes()).workers(1).signals(false).bind("127.0.0.1:0").unwrap();
    let (address, handle) = (server.local_addr().tcp().unwrap(), server.handle());
    let client = thread::spawn(move || {
        let answers = answers(address);
        handle.shutdown();
        answers
    });
    server.run().unwrap();
    client.join().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_runtime_in_which_it_runs_is_used() {
    assert_eq!(run_here(), [runtime().as_str(); 3]);
}

#[tokio::test]
async fn a_runtime_of_one_thread_would_stand_still_and_is_not_used() {
    assert_eq!(Handle::current().runtime_flavor(), RuntimeFlavor::CurrentThread);
    let own = runtime();
    assert!(run_here().iter().all(|id| *id != own && !id.is_empty()));
}
