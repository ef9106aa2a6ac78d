//! Where both are visible, the path's parameters and what is extracted from them must agree.
#![allow(unused)]
use hop::prelude::*;

#[route("/")]
fn none_to_take(Path(id): Path<u32>) {}

#[route("/items")]
fn none_to_take_for_a_tuple(pair: Path<(u32, String)>) {}

#[route("/{id}")]
fn too_many(Path((shop, id)): Path<(u32, u32)>) {}

#[route("/{shop}/{id}")]
fn too_few(Path(id): Path<u32>) {}

#[route("/{shop}/{id}")]
fn too_few_of_a_tuple(id: Option<Path<(u32,)>>) {}

#[route("/{shop}/{*rest}")]
fn nothing_taken(Path(()): Path<()>) {}

fn main() {}
