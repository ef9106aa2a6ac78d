//! Prices that change, as events. A client that was away gets what it has missed: the topic retains the last 100 prices, and browsers say
//! by themselves what they have seen last.
//!
//! ```sh
//! curl -N http://127.0.0.1:8080/prices
//! curl -N -H 'Last-Event-ID: unknown' http://127.0.0.1:8080/prices
//! ```
//!
//! With the id of an event in place of `unknown`, only what followed it is sent.

use std::thread;
use std::time::Duration;

use hop::prelude::*;
use hop::{Handle, Server};
use hop_examples::{Options, listening};

struct Prices;

#[route("/prices")]
impl Prices {
    fn on_sse_open(&self, stream: &mut EventStream<'_>) {
        let last = stream.last_event_id();
        stream.resume_from("prices", last.as_deref());
    }
}

/// A random walk, once a second.
fn walk(server: Handle) {
    let (mut cents, mut seed) = (10_000_i64, 0x2545_f491_4f6c_dd1d_u64);
    loop {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        cents = (cents + (seed % 101) as i64 - 50).max(100);
        server.publish("prices", Event::data(format!("{}.{:02}", cents / 100, cents % 100)).event("price"));
        thread::sleep(Duration::from_secs(1));
    }
}

fn main() -> hop::Result {
    let options = Options::from_args("Sends prices that change as events.");
    let routes = routes![Prices].retain("prices", 100);
    let server = Server::builder().routes(routes).workers(options.workers).bind(&options.addr)?;
    let handle = server.handle();
    thread::spawn(move || walk(handle));
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
