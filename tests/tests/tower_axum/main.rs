//! One axum app on two servers, hop and axum's own, over real sockets: the answers are the same.

mod both;
mod differences;
mod layers;
mod leaving;
#[path = "../both/mod.rs"]
mod reference;
mod requests;
mod stopping;
mod streams;
mod uploads;

use hop_tests::alloc::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
