//! Answering consumes the right to answer.
#![allow(unused)]
use hop::prelude::*;

#[route("/")]
fn deferred(out: Responder) {
    out.send("one");
    out.send("two");
}

struct ByHand;

impl EventHandler for ByHand {
    type Conn = ();

    fn on_request(&self, _: &Request<'_>, reply: Reply<'_>) -> Replied {
        reply.send("one");
        reply.send("two")
    }
}

fn main() {}
