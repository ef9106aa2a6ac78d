//! An `impl` block: what is a callback, and how a callback must look.
#![allow(unused)]
use hop::prelude::*;
use std::sync::Arc;

struct Empty;
#[route("/")]
impl Empty {
    fn helper(&self) {}
}

struct NoSelf;
#[route("/")]
impl NoSelf {
    fn on_request() {}
}

struct MutableSelf;
#[route("/")]
impl MutableSelf {
    fn on_request(&mut self) {}
}

struct SharedSelf;
#[route("/")]
impl SharedSelf {
    fn on_request(self: Arc<Self>) {}
}

struct Misspelt;
#[route("/")]
impl Misspelt {
    fn on_requests(&self) {}
    fn on_message(&self) {}
    fn on_the_way_home(&self) {}
}

struct Conditional;
#[route("/")]
impl Conditional {
    #[cfg(all())]
    fn on_request(&self) {}
}

struct TwoStates;
#[route("/")]
impl TwoStates {
    type Conn = u8;
    type Conn = u16;
    fn on_request(&self) {}
}

struct ByHand;
#[route("/")]
impl EventHandler for ByHand {
    type Conn = ();
}

struct Borrows;
#[route(POST, "/")]
impl Borrows {
    async fn on_request(&self, body: &str) -> String {
        body.to_owned()
    }
}

fn main() {}
