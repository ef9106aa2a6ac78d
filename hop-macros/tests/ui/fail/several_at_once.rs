//! All mistakes of a route are reported together, so that one compilation is enough to mend them.
#![allow(unused)]
use hop::prelude::*;

#[route(get, "hello", limit = "64", colour = "red")]
async unsafe fn hello<T>(text: &str, json: Json<u8>, body: Body, out: Responder) {}

fn main() {}
