//! WebSockets in four styles, events, a chat and a page to try them all: the demo.
//!
//! | path | what |
//! |---|---|
//! | `/` | the page |
//! | `/ws-low` | echo, frame by frame: a hijacked connection on the poll loop and `hop::ws` |
//! | `/ws-high` | echo, message by message: `#[route]` |
//! | `/ws-std` | echo, the classic loop: a hijacked connection on a thread of its own and tungstenite |
//! | `/ws-event` | echo, tungstenite driven by the poll loop |
//! | `/sse` | the time, at once and every second |
//! | `/clock` | the same, as the attribute alone writes it |
//! | `/chat/{room}` | everybody in a room hears everybody else |
//! | `/stats` | the server's numbers, every second |
//! | `/file` | a file, with ranges, conditions and HEAD |

mod chat;
mod handshake;
mod stats;
mod ws_event;
mod ws_low;
mod ws_std;

use std::time::SystemTime;

use hop::Server;
use hop::prelude::*;
use hop_examples::{Options, listening};

use self::chat::Chat;
use self::stats::Watch;

/// What `/file` serves.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin/ws_example/page.html");

#[route("/")]
fn page() -> Html<&'static str> {
    Html(include_str!("page.html"))
}

#[route("/ws-high", max_message = "16MiB")]
fn ws_high(ws: &mut WebSocket<'_>, message: Message<'_>) {
    ws.send(message);
}

#[route("/sse", every = "1s")]
fn sse() -> Event {
    Event::data(format!("Server time is {}", httpdate::fmt_http_date(SystemTime::now())))
}

#[route("/clock", every = "1s")]
fn clock() -> Event {
    Event::data(httpdate::fmt_http_date(SystemTime::now())).event("tick")
}

fn main() -> hop::Result {
    let options = Options::from_args("Serves a page with WebSockets in four styles, events and a chat.");
    let watch = Watch::default();
    let echoes = routes![ws_low::upgrade, ws_high, ws_std::upgrade, ws_event::upgrade];
    let routes = routes![page, sse, clock, stats::numbers, Chat].merge(echoes).file("/file", FILE).state(watch.clone());
    let server = Server::builder().routes(routes).workers(options.workers).bind(&options.addr)?;
    watch.begin(server.handle());
    listening(server.local_addr());
    let report = server.run()?;
    println!("stopped: {report}");
    Ok(())
}
