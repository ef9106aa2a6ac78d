//! A route that no `routes![…]` names is dead code, as rustc says of any other item.
#![deny(dead_code)]
use hop::prelude::*;

#[route("/a")]
fn registered() {}

#[route("/b")]
fn forgotten() {}

fn main() {
    let _ = routes![registered];
}
