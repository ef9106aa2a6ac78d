//! A request has one body.
#![allow(unused)]
use hop::prelude::*;

#[route(POST, "/a")]
fn two(text: String, body: Body) {}

#[route(POST, "/b")]
fn three(json: Json<u8>, form: Option<Form<u8>>, text: Result<String, StatusCode>) {}

fn main() {}
