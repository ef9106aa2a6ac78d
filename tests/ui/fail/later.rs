//! WebSocket and SSE are recognised and refused until they are built.
#![allow(unused)]
use hop::prelude::*;

struct WebSocket<'a>(&'a ());
struct EventStream<'a>(&'a ());

#[route("/ws")]
fn echo(ws: &mut WebSocket<'_>, message: &str) {}

#[route("/sse")]
fn events(stream: &mut EventStream<'_>) {}

#[route("/clock", every = "1s")]
fn clock() -> String {
    String::new()
}

struct Chat;

#[route("/chat", idle = "60s", max_message = "16KB", queue = "256KB", overflow = close)]
impl Chat {
    fn on_ws_open(&self) {}
    fn on_ws_message(&self) {}
    fn on_ws_drain(&self) {}
    fn on_ws_close(&self) {}
    fn on_ws_pong(&self) {}
    fn on_ws_tick(&self) {}
    fn on_ws_error(&self) {}
    fn on_sse_open(&self) {}
    fn on_sse_tick(&self) {}
    fn on_sse_drain(&self) {}
    fn on_sse_close(&self) {}
}

fn main() {}
