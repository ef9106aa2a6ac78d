//! What stands in `routes![…]` must be a route; each entry is reported by itself.
#![allow(unused)]
use hop::prelude::*;

struct Plain;

fn function() {}

fn main() {
    let routes = Routes::new();
    let _ = routes![Plain, 5];
    let _ = routes![function, routes, missing];
    let _ = routes![function function];
}
