//! The test client itself, against handlers that are as simple as can be.

use std::time::Duration;

use super::*;
use crate::app::handler::{Callbacks, EventHandler};
use crate::app::live::message::Message;
use crate::app::request::Request as HopRequest;
use crate::app::response::Response;
use crate::app::routes::Routes;
use crate::{EventStream, Method, WebSocket as HopWebSocket};

struct Both;

impl EventHandler for Both {
    type Conn = ();
    const CALLBACKS: Callbacks = Callbacks::WEB_SOCKET.and(Callbacks::EVENT_STREAM);

    fn on_ws_open(&self, ws: &mut HopWebSocket<'_>, _: &HopRequest<'_>) -> Result<(), Response> {
        ws.subscribe("all");
        Ok(())
    }

    fn on_ws_message(&self, ws: &mut HopWebSocket<'_>, (): &mut (), message: Message<'_>) {
        ws.send(message);
    }

    fn on_sse_open(&self, stream: &mut EventStream<'_>, _: &HopRequest<'_>) -> Result<(), Response> {
        stream.subscribe("all");
        Ok(())
    }
}

fn app() -> App {
    App::new(Routes::new().route("/both", Method::GET, Both))
}

#[test]
fn a_message_is_echoed_in_any_pieces() {
    let app = app();
    for n in [1, 2, 7, 100] {
        let mut ws = app.ws("/both");
        ws.split_every(n);
        ws.send("hi");
        ws.send_binary([0xff]);
        assert_eq!((ws.text(), ws.binary()), ("hi".to_owned(), vec![0xff]), "pieces of {n}");
        assert!(ws.is_empty());
    }
}

#[test]
fn what_is_published_reaches_both_kinds_of_clients() {
    let app = app();
    let (mut ws, mut source) = (app.ws("/both"), app.sse("/both"));
    app.publish("all", "news");
    assert_eq!((ws.text(), source.event().data), ("news".to_owned(), "news".to_owned()));
    assert!(ws.try_message().is_none() && source.try_event().is_none());
}

#[test]
fn an_event_is_read_with_all_its_fields() {
    let app = app();
    let mut source = app.sse("/both");
    let retry = Duration::from_secs(3);
    app.publish("all", crate::Event::data("two\nlines").event("news").id("7").retry(retry).comment("for people"));
    let (data, event, id) = ("two\nlines".to_owned(), "news".to_owned(), Some("7".to_owned()));
    assert_eq!(source.event(), Event { data, event, id, retry: Some(retry) });
    assert_eq!(source.comment(), "for people");
}

#[test]
fn a_ping_is_answered_only_by_a_client_that_reads() {
    let app = app();
    let (mut reads, mut sleeps) = (app.ws("/both"), app.ws("/both"));
    app.advance(Duration::from_secs(31));
    assert_eq!(reads.pinged(), b"");
    app.advance(Duration::from_secs(45));
    assert!(reads.try_message().is_none());
    assert_eq!(sleeps.closed().code, 1001);
    assert_eq!(reads.pinged(), b"", "asked again");
    app.advance(Duration::from_secs(5));
    assert!(reads.is_empty());
}

#[test]
fn a_client_that_takes_nothing_gets_all_of_it_later() {
    let app = app();
    let mut ws = app.ws("/both");
    ws.client().window(0);
    ws.send("first");
    ws.send("second");
    assert!(ws.is_empty());
    ws.client().window(3);
    assert!(ws.is_empty());
    ws.client().window(usize::MAX);
    assert_eq!((ws.text(), ws.text()), ("first".to_owned(), "second".to_owned()));
}

#[test]
fn either_side_may_close() {
    let app = app();
    let (mut ws, mut left) = (app.ws("/both"), app.ws("/both"));
    ws.close(3000, "done");
    assert_eq!(ws.closed(), Closed { code: 3000, reason: String::new() });
    assert!(ws.client().is_ended());
    left.client().reset();
    assert_eq!(left.closed().code, 1006);
    let (mut other, mut source) = (app.ws("/both"), app.sse("/both"));
    app.stop();
    assert_eq!(other.closed().code, 1001);
    assert!(source.is_ended());
}

#[test]
#[should_panic(expected = "refused with 404")]
fn a_refusal_is_told() {
    app().ws("/nowhere");
}
