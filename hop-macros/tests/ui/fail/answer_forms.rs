//! There is one answer, and one way in which a function gives it.
#![allow(unused)]
use hop::prelude::*;

#[route("/a", blocking)]
async fn both() {}

#[route("/b")]
async fn future_and_responder(out: Responder) {}

#[route("/c", blocking)]
fn blocking_and_responder(out: Responder) {}

#[route("/d")]
fn returned_and_deferred(out: Responder) -> String {
    String::new()
}

#[route("/e")]
fn twice(one: Responder, two: Responder) {}

fn main() {}
