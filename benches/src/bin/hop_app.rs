//! The compared app by hop.

use hop::{Server, prelude::*};
use hop_benches::app::User;
use hop_examples::{Options, listening};

#[route("/users/{id}")]
fn user(Path(id): Path<u32>) -> Json<User> {
    Json(User::of(id))
}

#[route(POST, "/length")]
fn length(body: &[u8]) -> String {
    body.len().to_string()
}

fn main() -> hop::Result {
    let options = Options::from_args("Serves the compared app with hop.");
    let server = Server::builder().routes(routes![user, length]).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
