//! A body that is taken as it comes can be taken once.
#![allow(unused)]
use hop::prelude::*;

#[route(POST, "/a")]
fn two(text: String, body: Body) {}

#[route(POST, "/b")]
fn three(body: Body, form: Option<Form<u8>>, again: Body) {}

fn main() {}
