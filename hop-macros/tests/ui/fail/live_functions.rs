//! Functions as callbacks of WebSockets and event streams: what they may take and return.
#![allow(unused)]
use hop::WebSocket as Ws;
use hop::prelude::*;

#[route("/by_value")]
fn by_value(ws: WebSocket<'_>, message: &str) {}

#[route("/shared")]
fn shared(ws: &WebSocket<'_>, message: &str) {}

#[route("/renamed")]
fn renamed(ws: &mut Ws<'_>, message: &str) {}

#[route("/two")]
fn two(ws: &mut WebSocket<'_>, other: &mut WebSocket<'_>) {}

#[route("/both")]
fn both(ws: &mut WebSocket<'_>, stream: &mut EventStream<'_>) {}

#[route("/two_messages")]
fn two_messages(ws: &mut WebSocket<'_>, text: &str, bytes: &[u8]) {}

#[route("/extracts")]
fn extracts(peer: Peer, ws: &mut WebSocket<'_>, user: User, message: Message<'_>, out: Responder) {}

struct User;

#[route("/{a}", every = "1s")]
fn extracts_too(a: Path<u32>, query: Query<Vec<(String, String)>>) -> Event {
    Event::new()
}

#[route("/{a}/{b}")]
fn borrows(ws: &mut WebSocket<'_>, message: &str, path: Path<(&str, String)>) {}

#[route("/{a}")]
fn wrong_number(ws: &mut WebSocket<'_>, message: &str, path: Path<(String, String)>) {}

#[route("/waits")]
async fn waits(ws: &mut WebSocket<'_>, message: &str) {}

#[route("/blocks", blocking)]
fn blocks(ws: &mut WebSocket<'_>, message: &str) {}

#[route("/returns")]
fn returns(ws: &mut WebSocket<'_>, message: &str) -> hop::Sent {
    ws.send(message)
}

#[route("/ticks", every = "1s")]
fn ticks(ws: &mut WebSocket<'_>) {}

#[route("/no_period")]
fn no_period(stream: &mut EventStream<'_>) {}

#[route("/nothing", every = "1s")]
fn nothing() {}

#[route("/sends_twice", every = "1s")]
fn sends_twice(stream: &mut EventStream<'_>) -> Event {
    Event::new()
}

#[route("/slow_tick", every = "1s")]
async fn slow_tick() -> Event {
    Event::new()
}

#[route("/opens")]
fn opens(opening: Opening) {}

#[route(POST, PUT, "/posted")]
fn posted(ws: &mut WebSocket<'_>) {}

fn main() {
    let _ = routes![by_value, renamed, waits, nothing];
}
