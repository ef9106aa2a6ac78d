//! The smallest server: two functions and where to listen.
//!
//! ```text
//! cargo run --release -p hop-examples --bin hello
//! curl http://127.0.0.1:8080/hello/Ada
//! ```

use hop::prelude::*;
use hop_examples::{Options, listening};

#[route("/")]
fn index() -> Html<&'static str> {
    Html("<h1>It works.</h1><p>Now try <a href=\"/hello/Ada\">/hello/Ada</a>.")
}

#[route("/hello/{name}")]
fn hello(Path(name): Path<&str>) -> String {
    format!("Hello, {name}!\n")
}

fn main() -> hop::Result {
    let options = Options::from_args("Says hello.");
    let server = hop::Server::builder().routes(routes![index, hello]).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
