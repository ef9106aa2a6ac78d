//! Notifications: whoever is connected as a user is told what happens to that user, by whichever thread it happens on.
//!
//! ```sh
//! curl -N http://127.0.0.1:8080/notifications/ada &
//! curl -d 'your order was sent' http://127.0.0.1:8080/notify/ada
//! ```

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use hop::prelude::*;
use hop::{Handle, Server};
use hop_examples::{Options, listening};

/// What has happened to somebody.
struct News {
    user: String,
    text: String,
}

struct Inbox;

/// Open as a WebSocket or as an event stream, as the client likes.
#[route("/notifications/{user}")]
impl Inbox {
    fn on_ws_open(&self, ws: &mut WebSocket<'_>, Path(user): Path<&str>) {
        ws.subscribe(format!("user/{user}"));
    }

    fn on_sse_open(&self, stream: &mut EventStream<'_>, Path(user): Path<&str>) {
        stream.subscribe(format!("user/{user}"));
    }
}

#[route(POST, "/notify/{user}", limit = "4KB")]
fn notify(Path(user): Path<String>, State(happens): State<Sender<News>>, text: String) -> StatusCode {
    match happens.send(News { user, text }) {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// A thread of the user's own, which knows nothing of connections.
fn tell(happens: Receiver<News>, server: Handle) {
    for News { user, text } in happens {
        server.publish(format!("user/{user}"), text);
    }
}

fn main() -> hop::Result {
    let options = Options::from_args("Tells those who are connected what happens to them.");
    let (sender, happens) = channel();
    let routes = routes![Inbox, notify].state(sender);
    let server = Server::builder().routes(routes).workers(options.workers).bind(&options.addr)?;
    let handle = server.handle();
    thread::spawn(move || tell(happens, handle));
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
