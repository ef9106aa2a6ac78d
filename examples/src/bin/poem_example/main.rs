//! A poem app, served by hop through an adapter of twenty lines.

mod adapter;

use hop_examples::{BODY, Options, listening};
use poem::web::{Json, Path};
use poem::{Route, get, handler, post};
use serde::{Deserialize, Serialize};

#[handler]
fn index() -> &'static str {
    BODY
}

#[handler]
fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!")
}

#[derive(Deserialize, Serialize)]
struct Note {
    text: String,
}

#[handler]
fn echo(Json(note): Json<Note>) -> Json<Note> {
    Json(note)
}

fn main() -> hop::Result {
    let options = Options::from_args("Serves a poem app by hop.");
    let app = Route::new().at("/", get(index)).at("/hello/:name", get(hello)).at("/echo", post(echo));
    let routes = hop::tower::service(adapter::service(app));
    let server = hop::Builder::from(routes).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
