//! warp filters, served by hop.

use hop_examples::{BODY, Options, listening};
use serde::{Deserialize, Serialize};
use warp::{Filter, Rejection, Reply};

#[derive(Deserialize, Serialize)]
struct Note {
    text: String,
}

/// `GET /`, `GET /hello/{name}`, and `POST /echo` with JSON.
fn filters() -> impl Filter<Extract = impl Reply, Error = Rejection> + Clone {
    let index = warp::path::end().map(|| BODY);
    let hello = warp::path!("hello" / String).map(|name| format!("Hello, {name}!"));
    let echo = warp::path!("echo").and(warp::body::json()).map(|note: Note| warp::reply::json(&note));
    warp::get().and(index.or(hello)).or(warp::post().and(echo))
}

fn main() -> hop::Result {
    let options = Options::from_args("Serves warp filters by hop.");
    let routes = hop::tower::service(warp::service(filters()));
    let server = hop::Builder::from(routes).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
