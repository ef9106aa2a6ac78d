//! Keys of WebSockets and event streams: their values, and the routes that they fit.
#![allow(unused)]
use hop::prelude::*;

#[route("/a", idle = 60, ping = "20", keep_alive, max_message = "1s", queue = "0.5KB", overflow = "close")]
fn values(ws: &mut WebSocket<'_>) {}

#[route("/b", overflow = drop_oldst, compress = on, origin = all, origin = any)]
fn words(ws: &mut WebSocket<'_>) {}

#[route("/c", origin = ["https://a.example/", b"x"])]
fn list(ws: &mut WebSocket<'_>) {}

#[route("/d", origin = ["https://a.example/", "https://b.example", "null"])]
fn origins(ws: &mut WebSocket<'_>) {}

#[route("/e", every = "0s")]
fn period() -> Event {
    Event::new()
}

#[route("/f", idle = "60s", queue = "1KB", keep_alive = "5s")]
fn plain() {}

#[route("/g", keep_alive = "5s", limit = "1KB")]
fn socket(ws: &mut WebSocket<'_>) {}

#[route("/h", every = "1s", ping = "5s", max_message = "1KB", compress = off, origin = any, overflow = close)]
fn stream() -> Event {
    Event::new()
}

struct NoTick;
#[route("/i", every = "1s", blocking)]
impl NoTick {
    fn on_ws_message(&self) {}
}

struct NoPeriod;
#[route("/j")]
impl NoPeriod {
    fn on_ws_tick(&self) {}
    fn on_sse_tick(&self) {}
}

struct OnlyRequests;
#[route("/k", every = "1s", idle = "1s")]
impl OnlyRequests {
    fn on_request(&self) {}
}

#[route("/l", max_mesage = "1KB", heartbeat = "1s")]
fn unknown(ws: &mut WebSocket<'_>) {}

fn main() {}
