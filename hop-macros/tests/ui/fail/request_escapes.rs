//! What borrows the request cannot leave the callback.
#![allow(unused)]
use hop::prelude::*;

#[route("/{name}")]
fn into_a_thread(Path(name): Path<&str>) {
    std::thread::spawn(move || println!("{name}"));
}

#[route("/wait/{name}")]
fn into_a_closure(out: Responder, request: &Request<'_>) {
    let path = request.path();
    std::thread::spawn(move || out.send(path));
}

fn main() {}
