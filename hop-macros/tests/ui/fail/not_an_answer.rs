//! A return type that cannot be an answer is reported once, under the type.
#![allow(unused)]
use hop::prelude::*;

struct Item;

#[route("/a")]
fn at_once() -> Item {
    Item
}

#[route("/b")]
async fn future() -> Option<Item> {
    None
}

#[route("/c", blocking)]
fn blocking() -> Result<String, std::io::Error> {
    Ok(String::new())
}

struct Handler;

#[route("/d")]
impl Handler {
    fn on_request(&self) -> Item {
        Item
    }
}

fn main() {}
