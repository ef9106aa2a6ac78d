//! A path pattern that could never be registered, or never match, is refused where it is written.
#![allow(unused)]
use hop::prelude::*;

#[route("")]
fn empty() {}

#[route("hello")]
fn no_slash() {}

#[route("/{name")]
fn never_closed() {}

#[route("/{name/x}")]
fn closed_in_another_segment() {}

#[route("/name}")]
fn never_opened() {}

#[route("/{}")]
fn no_name() {}

#[route("/{a:u32}")]
fn not_a_name() {}

#[route("/{a}-{b}")]
fn two_in_a_segment() {}

#[route("/{id}/x/{id}")]
fn twice() {}

#[route("/{*rest}/x")]
fn rest_in_the_middle() {}

#[route("/a{*rest}")]
fn rest_beside_text() {}

#[route("/search?q={q}")]
fn query() {}

#[route("/café")]
fn not_encoded() {}

#[route("/50%")]
fn half_an_escape() {}

fn main() {}
