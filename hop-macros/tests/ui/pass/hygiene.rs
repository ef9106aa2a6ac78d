//! Generated names meet none of the user's: neither functions called like its variables nor types called like the prelude's.
#![deny(warnings)]
#![allow(dead_code)]

mod names {
    use hop::{Path, State, route, routes};

    #[route("/a/{x}")]
    fn request(Path(x): Path<u32>) -> String {
        x.to_string()
    }

    #[route("/b/{x}")]
    fn reply(Path(x): Path<u32>) -> String {
        x.to_string()
    }

    #[route("/c")]
    async fn answer(State(x): State<u32>) -> String {
        x.to_string()
    }

    #[route("/d/{x}", blocking)]
    fn a0(Path(x): Path<u32>) -> String {
        x.to_string()
    }

    #[route("/e")]
    fn responder(out: hop::Responder) {
        out.send("x");
    }

    pub fn routes() -> hop::Routes {
        routes![request, reply, answer, a0, responder]
    }
}

mod shadows {
    pub struct Ok;
    pub struct Err;
    pub struct Arc;
    pub struct Result;
    pub struct Method;
    pub struct Request;
    pub trait Route {}
    pub trait EventHandler {}

    struct Handler;

    #[hop::route("/f")]
    impl Handler {
        async fn on_request(&self, hop::State(text): hop::State<&'static str>) -> String {
            text.to_owned()
        }
    }

    pub fn routes() -> hop::Routes {
        hop::routes![Handler]
    }
}

mod generated {
    use hop::{route, routes};

    macro_rules! constant {
        ($name:ident, $path:literal, $answer:ty) => {
            #[route(GET, $path, limit = "1KB")]
            fn $name(body: $answer) -> $answer {
                body
            }
        };
    }

    constant!(one, "/one", String);
    constant!(two, "/two", Vec<u8>);

    pub fn routes() -> hop::Routes {
        routes![one, two]
    }
}

mod connections {
    use hop::{Event, EventStream, WebSocket, route, routes};

    pub struct Some;
    pub struct Clone;
    pub struct Default;

    #[route("/g", idle = "1s")]
    fn port(ws: &mut WebSocket<'_>, text: &str) {
        ws.send(text);
    }

    #[route("/h/{x}", every = "1s")]
    fn conn(hop::Path(x): hop::Path<u32>) -> Event {
        Event::data(x.to_string())
    }

    #[route("/i", every = "1s")]
    fn event(stream: &mut EventStream<'_>) {
        stream.send("x");
    }

    #[route("/j")]
    fn given(ws: &mut WebSocket<'_>, text: String) {
        ws.send(text);
    }

    struct Handler;

    #[route("/k", every = "1s", queue = "1KB")]
    impl Handler {
        async fn on_ws_open(&self, _: &mut hop::Opening) {}
        fn on_ws_tick(&self) {}
        fn on_sse_open(&self, _: hop::Opening) {}
    }

    pub fn routes() -> hop::Routes {
        routes![port, conn, event, given, Handler]
    }
}

fn main() {
    let _ = connections::routes();

    #[hop::route("/local")]
    fn local() {}

    let _ = (names::routes(), shadows::routes(), generated::routes(), hop::routes![local]);
}
