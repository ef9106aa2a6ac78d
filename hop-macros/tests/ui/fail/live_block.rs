//! The callbacks of open connections in an `impl` block: how they must look.
#![allow(unused)]
use hop::WebSocket as Ws;
use hop::prelude::*;

struct Member;
struct Misnamed;

#[route("/misnamed")]
impl Misnamed {
    fn on_open(&self) {}
    fn on_ws_ping(&self) {}
    fn on_ws_mesage(&self) {}
    fn on_sse_message(&self) {}
    fn on_disconnect(&self) {}
    fn on_ws_publish_everything(&self) {}
}

struct Waits;

#[route("/waits")]
impl Waits {
    async fn on_ws_message(&self, ws: &mut WebSocket<'_>) {}
    async fn on_ws_close(&self) {}
    async fn on_sse_drain(&self) {}
}

struct Wrong;

#[route("/wrong", every = "1s")]
impl Wrong {
    type Conn = Member;

    fn on_request(&self, ws: &mut WebSocket<'_>) {}
    fn on_ws_message(&mut self, ws: &mut EventStream<'_>, me: &mut Membr, text: &str, peer: Peer) -> String {
        String::new()
    }
    fn on_ws_drain(&self, ws: WebSocket<'_>, me: Member) {}
    fn on_ws_pong(ws: &mut WebSocket<'_>, payload: &str) {}
    fn on_ws_tick(&self, ws: &mut Ws<'_>, me: &mut Member, again: &mut Member) {}
    fn on_ws_error(&self, error: MessageError) {}
    fn on_ws_close(&self, ws: &mut WebSocket<'_>, me: &mut Member, why: &CloseReason) {}
    fn on_sse_tick(&self, stream: &EventStream<'_>, message: Message<'_>) {}
    fn on_sse_drain<T>(&self, stream: &mut EventStream<'_>, out: Responder) {}
    #[cfg(all())]
    fn on_sse_close(&self, why: CloseReason, again: CloseReason) {}
}

struct Undeclared;

#[route("/undeclared")]
impl Undeclared {
    fn on_ws_message(&self, ws: &mut WebSocket<'_>, me: &mut Member, text: &str) {}
}

struct Posted;

#[route(POST, "/posted")]
impl Posted {
    fn on_ws_message(&self, ws: &mut WebSocket<'_>, text: &str) {}
}

struct Requests;

#[route("/requests")]
impl Requests {
    fn on_request(&self, stream: &mut EventStream<'_>) {}
    fn on_sse_open(&self) {}
}

fn main() {
    let _ = routes![Misnamed, Wrong];
}
