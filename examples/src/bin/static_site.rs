//! A directory as a web site: index pages, ranges, conditional requests, precompressed siblings. The kernel sends the files.

use hop::{Routes, Server};
use hop_examples::{Flag, Options, listening};

const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/site");

fn main() -> hop::Result {
    let root = Flag::new("--root", "DIR", SITE, "the directory to serve");
    let options = Options::with("Serves a directory.", &[root]);
    let site = hop::dir(options.flags.text("--root")).precompressed().cache_control("no-cache");
    let server = Server::builder().routes(Routes::new().dir("/", site)).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
