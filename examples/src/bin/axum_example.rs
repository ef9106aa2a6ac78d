//! An axum app, served by hop or by axum itself.

use axum::{Router, routing::get};
use hop_examples::{BODY, Flag, Options, listening};

const SERVE: Flag = Flag::new("--serve", "hop|axum", "hop", "which server serves the app");

fn app() -> Router {
    Router::new().route("/", get(|| async { BODY }))
}

fn main() -> hop::Result {
    let options = Options::with("Serves an axum app.", &[SERVE]);
    let server =
        hop::Server::builder().routes(hop::tower::service(app())).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
