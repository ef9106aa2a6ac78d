//! An argument that cannot be extracted is reported once, under its type.
#![allow(unused)]
use hop::prelude::*;

struct Item;

#[route("/a")]
fn at_once(item: Item) {}

#[route("/b")]
async fn future(item: Option<Item>) {}

#[route("/c", blocking)]
fn blocking(method: Method, item: Item) {}

struct Handler;

#[route("/d")]
impl Handler {
    fn on_request(&self, item: Item) {}
}

fn main() {}
