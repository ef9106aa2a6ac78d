//! What the compiler finds in callbacks of connections, each under the type that it is about.
#![allow(unused)]
use hop::prelude::*;
use std::rc::Rc;

struct Item;

#[route("/not_a_message")]
fn not_a_message(ws: &mut WebSocket<'_>, message: Item) {}

#[route("/not_cloned")]
fn not_cloned(ws: &mut WebSocket<'_>, message: &str, item: Path<std::sync::Mutex<u32>>) {}

#[route("/not_an_event", every = "1s")]
fn not_an_event() -> u32 {
    1
}

mod other {
    pub struct WebSocket<'a>(&'a ());
}

#[route("/not_ours")]
fn not_ours(ws: &mut other::WebSocket<'_>, message: &str) {}

struct NotSend;

#[route("/not_send")]
impl NotSend {
    type Conn = Rc<u8>;
    fn on_ws_open(&self) -> Rc<u8> {
        Rc::new(1)
    }
}

struct NoDefault;

#[route("/no_default")]
impl NoDefault {
    type Conn = Item;
    fn on_ws_message(&self, ws: &mut WebSocket<'_>, text: &str) {}
    fn on_sse_open(&self) {}
}

struct NotAState;

#[route("/not_a_state")]
impl NotAState {
    type Conn = u32;
    fn on_ws_open(&self) -> String {
        String::new()
    }
    fn on_sse_open(&self) -> Result<u32, Item> {
        Ok(1)
    }
}

struct NotExtracted;

#[route("/not_extracted")]
impl NotExtracted {
    fn on_ws_open(&self, item: Item) {}
    fn on_ws_message(&self, item: &Item) {}
}

struct OtherOpening;

#[route("/other_opening")]
impl OtherOpening {
    type Conn = u32;
    async fn on_ws_open(&self, opening: &mut Opening<u8>) -> u32 {
        1
    }
}

fn main() {}
