//! A route is called by hop: a plain, safe function of concrete types.
#![allow(unused)]
use hop::prelude::*;

#[route("/self")]
fn with_self(&self) {}

#[route("/generic")]
fn generic<T>() {}

#[route("/lifetimes-and-more")]
fn more<'a, const N: usize>(body: &'a str) -> &'a str {
    body
}

#[route("/impl")]
fn opaque(argument: impl Clone) {}

#[route("/unsafe")]
unsafe fn not_safe() {}

#[route("/extern")]
extern "C" fn foreign() {}

#[route("/by-value")]
fn by_value(request: Request<'_>) {}

#[route("/mutable")]
fn mutable(request: &mut Request<'_>) {}

#[route("/a")]
#[route("/b")]
fn twice() {}

#[route("/struct")]
struct NotCallable;

#[route("/const")]
const NOT_CALLABLE: u8 = 1;

fn main() {}
