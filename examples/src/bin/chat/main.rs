//! A chat: a page, and 15 lines of handler.

use hop::Server;
use hop::prelude::*;
use hop_examples::{Options, listening};

struct Chat;

#[route("/{room}")]
impl Chat {
    type Conn = String;

    fn on_request(&self) -> Html<&'static str> {
        Html(include_str!("page.html"))
    }

    fn on_ws_open(&self, ws: &mut WebSocket<'_>, Path(room): Path<String>) -> String {
        ws.subscribe(&room);
        room
    }

    fn on_ws_message(&self, ws: &mut WebSocket<'_>, room: &mut String, text: &str) {
        ws.publish_to_all(&*room, text);
    }
}

#[route("/")]
fn lobby() -> Redirect {
    Redirect::to("/lobby")
}

fn main() -> hop::Result {
    let options = Options::from_args("A chat with a room for each path.");
    let server = Server::builder().routes(routes![Chat, lobby]).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
