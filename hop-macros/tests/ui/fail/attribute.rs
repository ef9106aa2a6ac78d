//! What stands between the parentheses of the attribute: methods, one path, keys with their units.
#![allow(unused)]
use hop::prelude::*;

#[route]
fn nothing() {}

#[route(POST)]
fn no_path() {}

#[route("/a", "/b")]
fn two_paths() {}

#[route(/path)]
fn no_quotes() {}

#[route(b"/path")]
fn bytes() {}

#[route(get, "/")]
fn small_letters() {}

#[route(FETCH, "/")]
fn unknown_method() {}

#[route(PSOT, "/")]
fn misspelt_method() {}

#[route(CONNECT, "/")]
fn connect() {}

#[route(GET, POST, GET, "/")]
fn method_twice() {}

#[route(ANY, GET, "/")]
fn any_and_more() {}

#[route("/", limti = "1KB")]
fn misspelt_key() {}

#[route("/", colour = "red")]
fn unknown_key() {}

#[route("/", limit = "1KB", limit = "2KB")]
fn key_twice() {}

#[route("/", limit)]
fn no_value() {}

#[route("/", limit = 64000)]
fn no_unit() {}

#[route("/", limit = "64")]
fn no_unit_in_quotes() {}

#[route("/", limit = "64kb")]
fn unknown_size() {}

#[route("/", timeout = "5sec")]
fn unknown_duration() {}

#[route("/", timeout = "0s")]
fn no_time() {}

#[route("/", limit = "99999999999GB")]
fn too_large() {}

#[route("/", blocking = true)]
fn value_of_a_flag() {}

fn main() {}
