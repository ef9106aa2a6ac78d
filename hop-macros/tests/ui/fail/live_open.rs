//! `on_ws_open` and `on_sse_open`: one way to decide, and what belongs to it.
#![allow(unused)]
use hop::WebSocket as Ws;
use hop::prelude::*;

struct AtOnce;
#[route("/{room}")]
impl AtOnce {
    type Conn = u32;
    fn on_ws_open(&self, opening: &mut Opening<u32>, room: Path<(u32, u32)>, body: String, out: Responder) -> u32 {
        1
    }
    fn on_sse_open(&self, ws: &mut WebSocket<'_>, me: &mut u32, any: impl Sized) -> u32 {
        1
    }
}

struct Renamed;
#[route("/")]
impl Renamed {
    fn on_ws_open(&self, ws: &mut Ws<'_>) {}
}

struct ByFuture;
#[route("/{room}")]
impl ByFuture {
    type Conn = u32;
    async fn on_ws_open(&self, ws: &mut WebSocket<'_>, room: Path<&str>, request: &Request<'_>) -> u32 {
        1
    }
    async fn on_sse_open(&self, opening: &Opening<u32>, again: &mut Opening<u32>) -> u32 {
        1
    }
}

struct Pool;
#[route("/", blocking)]
impl Pool {
    fn on_ws_open(&self, ws: &mut WebSocket<'_>) {}
    async fn on_sse_open(&self) {}
}

struct Later;
#[route("/")]
impl Later {
    fn on_ws_open(&self, opening: Opening) -> Result<(), StatusCode> {
        Ok(())
    }
    async fn on_sse_open(&self, opening: Opening, again: Opening) {}
}

struct LaterOnThePool;
#[route("/", blocking)]
impl LaterOnThePool {
    fn on_ws_open(&self, opening: Opening) {}
}

struct Plain;
#[route("/")]
impl Plain {
    fn on_request(&self, opening: &mut Opening) {}
}

fn main() {}
