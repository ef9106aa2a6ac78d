//! Tower layers around hop's own routes: compression for one of them, at its cost; the others go without.

use hop::prelude::*;
use hop_examples::{BODY, Options, listening};
use tower::Layer;
use tower_http::compression::CompressionLayer;

#[route("/")]
fn index() -> &'static str {
    BODY
}

#[route("/report")]
fn report() -> String {
    "all is well. ".repeat(1000)
}

fn main() -> hop::Result {
    let options = Options::from_args("Answers / as it is, and /packed/report compressed.");
    let packed = routes![report].layer(|routes| CompressionLayer::new().layer(routes));
    let routes = routes![index].nest("/packed", packed);
    let server = hop::Builder::from(routes).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
