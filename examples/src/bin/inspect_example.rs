//! Answers any request with what it was asked: `METHOD m`, `TARGET t`, `BODYLEN n`, an empty line, and the body.
//!
//! Tests of framing run against it: what it says is what was understood.

use hop::{Replied, Reply, Request, Server, handler};
use hop_examples::{Options, listening};

fn inspect(request: &Request<'_>, reply: Reply<'_>) -> Replied {
    let (method, target, body) = (request.method_str(), request.target(), request.body());
    let mut text = format!("METHOD {method}\nTARGET {target}\nBODYLEN {}\n\n", body.len()).into_bytes();
    text.extend_from_slice(body);
    reply.send(hop::Response::text(text))
}

fn main() -> hop::Result {
    let options = Options::from_args("Answers any request with what it was asked.");
    let server = Server::builder().fallback(handler(inspect)).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
