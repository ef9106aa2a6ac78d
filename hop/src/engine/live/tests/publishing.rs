//! Publishing by [`Topics`]: from routes, from close callbacks, in groups with states of their own.

use super::*;
use crate::{Topics, handler};

/// Joins `t`, and tells it of its end by the topics that it was given when it opened.
struct Leaver;

impl EventHandler for Leaver {
    type Conn = Topics;
    const CALLBACKS: Callbacks = Callbacks::WEB_SOCKET.and(Callbacks::EVENT_STREAM);

    fn on_ws_open(&self, ws: &mut WebSocket<'_>, request: &Request<'_>) -> Result<Topics, Response> {
        ws.subscribe("t");
        Ok(request.state::<Topics>().unwrap().clone())
    }

    fn on_ws_message(&self, _: &mut WebSocket<'_>, _: &mut Topics, _: Message<'_>) {
        panic!("on purpose");
    }

    fn on_ws_close(&self, topics: Topics, why: CloseReason) {
        topics.publish("t", format!("{why:?}"));
    }

    fn on_sse_open(&self, stream: &mut EventStream<'_>, request: &Request<'_>) -> Result<Topics, Response> {
        stream.subscribe("t");
        Ok(request.state::<Topics>().unwrap().clone())
    }

    fn on_sse_close(&self, topics: Topics, why: CloseReason) {
        topics.publish("t", format!("{why:?}"));
    }
}

fn routes() -> Routes {
    let say = handler(|request, reply| {
        request.state::<Topics>().unwrap().publish("t", request.path());
        reply.send("said")
    });
    Routes::new().route("/", Method::GET, Leaver).route("/say", Method::GET, say)
}

#[test]
fn a_plain_route_publishes() {
    let app = App::new(routes());
    let (mut ws, mut stream) = (app.ws("/"), app.sse("/"));
    app.get("/say").expect(200);
    assert_eq!((ws.text(), stream.event().data), ("/say".to_owned(), "/say".to_owned()));
}

#[test]
fn a_group_with_states_of_its_own_has_the_topics_of_the_app() {
    let app = App::new(routes().nest("/inner", routes().state(7_u32)).state("outer"));
    let (mut outer, mut inner) = (app.ws("/"), app.ws("/inner"));
    app.get("/inner/say").expect(200);
    assert_eq!([outer.text(), inner.text()], ["/inner/say", "/inner/say"]);
}

#[test]
fn each_app_has_topics_of_its_own() {
    let (one, other) = (App::new(routes()), App::new(routes()));
    let (mut here, mut there) = (one.ws("/"), other.ws("/"));
    one.get("/say").expect(200);
    assert_eq!(here.text(), "/say");
    assert!(there.is_empty());
}

#[test]
fn who_leaves_says_so_to_those_who_stay() {
    let app = App::new(routes());
    let (mut stays, mut leaves, mut panics) = (app.ws("/"), app.ws("/"), app.ws("/"));
    leaves.close(1000, "bye");
    assert_eq!(stays.text(), "Client { code: 1000, reason: \"bye\" }");
    panics.send("x");
    assert_eq!(stays.text(), "Panicked");
    drop(app.sse("/"));
    assert_eq!(stays.text(), "Left");
}

#[test]
fn leaving_because_of_a_publication_goes_on_until_nobody_has_to() {
    let app = App::new(routes().live(|live| live.queue_bytes = 500));
    let mut stays = app.ws("/");
    let mut slow: Vec<_> = (0..10).map(|_| app.ws("/")).collect();
    slow.iter_mut().for_each(|ws| ws.client().window(0));
    // The first of them waits, the second one is too much for all that are slow; what each of these says then reaches the others.
    app.publish("t", "x".repeat(400));
    app.publish("t", "x".repeat(400));
    let heard: Vec<_> = std::iter::from_fn(|| stays.try_message()).collect();
    let heard: Vec<_> = heard.iter().map(|message| message.borrow().text().unwrap().to_owned()).collect();
    assert_eq!(heard.iter().filter(|text| text.len() == 400).count(), 2);
    assert_eq!(heard.iter().filter(|text| *text == "Overflow").count(), 10);
}

#[test]
fn at_a_stop_close_callbacks_publish_to_nobody() {
    let app = App::new(routes());
    let mut clients = [app.ws("/"), app.ws("/")];
    app.stop();
    clients.iter_mut().for_each(|ws| assert_eq!(ws.closed().code, 1001));
}
