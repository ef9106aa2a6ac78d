//! Answers that come later: clients wait without costing a thread until somebody rings.
//!
//! ```text
//! cargo run --release -p hop-examples --bin deferred
//! curl http://127.0.0.1:8080/wait          # waits …
//! curl -X POST http://127.0.0.1:8080/ring  # … until this
//! ```

use std::sync::{Arc, Mutex};

use hop::prelude::*;
use hop::{Responder, Sent};
use hop_examples::{Options, listening};

/// Whoever waits now.
#[derive(Clone, Default)]
struct Waiting(Arc<Mutex<Vec<Responder>>>);

#[route("/wait")]
fn wait(out: Responder, State(waiting): State<Waiting>) {
    let mut waiting = waiting.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    waiting.retain(|other| !other.is_closed());
    waiting.push(out);
}

#[route(POST, "/ring")]
fn ring(State(waiting): State<Waiting>) -> String {
    let waiting = std::mem::take(&mut *waiting.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
    let heard = waiting.into_iter().map(|out| out.send("the bell rang\n")).filter(|sent| *sent == Sent::Now).count();
    format!("{heard} heard it\n")
}

fn main() -> hop::Result {
    let options = Options::from_args("Lets clients of /wait wait until a POST to /ring.");
    let routes = routes![wait, ring].state(Waiting::default());
    let server = hop::Server::builder().routes(routes).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
