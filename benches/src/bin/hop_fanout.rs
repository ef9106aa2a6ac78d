//! hop under the fan-out workload: what is posted goes to a topic, and every WebSocket is a subscriber.
//!
//! Nothing else is sent during a run: pings wait for an hour of silence.

use std::sync::{Arc, OnceLock};

use hop::{Handle, Server, prelude::*};
use hop_examples::Options;

const TOPIC: &str = "news";

/// The server, as soon as it listens.
#[derive(Clone, Default)]
struct Publisher(Arc<OnceLock<Handle>>);

struct Subscribers;

#[route("/ws-topic", ping = "1h", idle = "2h", compress = off)]
impl Subscribers {
    fn on_ws_open(&self, ws: &mut WebSocket<'_>) {
        ws.subscribe(TOPIC);
    }
}

#[route(POST, "/publish")]
fn publish(State(publisher): State<Publisher>, text: &str) -> &'static str {
    if let Some(server) = publisher.0.get() {
        server.publish(TOPIC, text);
    }
    "ok"
}

fn main() -> hop::Result {
    let options = Options::from_args("Sends what is posted to /publish to the WebSockets at /ws-topic.");
    let publisher = Publisher::default();
    let routes = routes![Subscribers, publish].state(publisher.clone());
    let server = Server::builder().routes(routes).workers(options.workers).bind(&options.addr)?;
    let _ = publisher.0.set(server.handle());
    hop_examples::listening(server.local_addr());
    server.run()?;
    Ok(())
}
