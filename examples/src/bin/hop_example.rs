//! The same answer from hop: one function, called on poll loops. Idle connections cost neither a thread nor a task.

use hop::{Server, route, routes};
use hop_examples::{BODY, Options, listening};

#[route("/")]
fn hello() -> &'static str {
    BODY
}

fn main() -> hop::Result {
    let options = Options::from_args("Answers GET / from hop's poll loops.");
    let server = Server::builder().routes(routes![hello]).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
