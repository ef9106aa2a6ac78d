//! Topics: who gets what, in which order.

use super::*;
use crate::Event;

/// Messages are orders: `+t` joins a topic, `-t` leaves it, `t text` publishes to the others, `!t text` to all.
fn obedient(log: &Log) -> Probe {
    let act = |ws: &mut WebSocket<'_>, message: Message<'_>| {
        let order = message.text().unwrap();
        let (topic, text) = order[1..].split_once(' ').unwrap_or((&order[1..], ""));
        match &order[..1] {
            "+" => ws.subscribe(topic),
            "-" => ws.unsubscribe(topic),
            "!" => ws.publish_to_all(topic, text),
            _ => {
                let (topic, text) = order.split_once(' ').unwrap();
                ws.publish(topic, text);
            }
        }
    };
    Probe { stream_open: Box::new(|stream| stream.subscribe("t")), ..Probe::on_message(log, act) }
}

fn app() -> App {
    serve(obedient(&Log::default()))
}

/// A client that has joined `t`.
fn member(app: &App) -> crate::testing::WebSocket {
    let mut ws = app.ws("/");
    ws.send("+t");
    ws
}

#[test]
fn what_is_published_reaches_all_others_and_not_oneself() {
    let app = app();
    let (mut a, mut b, mut c, mut stranger) = (member(&app), member(&app), member(&app), app.ws("/"));
    a.send("t hello");
    assert_eq!([b.text(), c.text()], ["hello", "hello"]);
    assert!(a.is_empty() && stranger.is_empty());
}

#[test]
fn or_oneself_too_if_one_has_joined() {
    let app = app();
    let (mut a, mut stranger) = (member(&app), app.ws("/"));
    a.send("!t hello");
    assert_eq!(a.text(), "hello");
    stranger.send("!t from outside");
    assert_eq!(a.text(), "from outside");
    assert!(stranger.is_empty());
}

#[test]
fn joining_twice_is_joining_once_and_leaving_is_leaving() {
    let app = app();
    let mut a = member(&app);
    a.send("+t");
    app.publish("t", "once");
    assert_eq!(a.text(), "once");
    a.send("-t");
    a.send("-t");
    app.publish("t", "to nobody");
    assert!(a.is_empty());
    a.send("+t");
    app.publish("t", "again");
    assert_eq!(a.text(), "again");
}

#[test]
fn one_may_be_in_many_topics() {
    let app = app();
    let mut a = app.ws("/");
    (0..50).for_each(|n| a.send(format!("+topic{n}")));
    (0..50).rev().for_each(|n| app.publish(format!("topic{n}"), n.to_string()));
    (0..50).rev().for_each(|n| assert_eq!(a.text(), n.to_string()));
    a.send("-topic7");
    app.publish("topic7", "left");
    app.publish("topic8", "stayed");
    assert_eq!(a.text(), "stayed");
}

#[test]
fn the_order_of_a_publisher_is_that_of_all_who_hear_it() {
    let app = app();
    let (mut a, mut b, mut c) = (member(&app), member(&app), member(&app));
    let orders =
        (0..100).flat_map(|n| crate::testing::frame(crate::ws::OpCode::Text, true, format!("t {n}").as_bytes()));
    a.send_raw(orders.collect::<Vec<u8>>());
    for n in 0..100 {
        assert_eq!([b.text(), c.text()], [n.to_string(), n.to_string()]);
    }
}

#[test]
fn a_late_joiner_hears_nothing_older() {
    let app = app();
    let _first = member(&app);
    app.publish("t", "old");
    let mut late = member(&app);
    assert!(late.is_empty());
    app.publish("t", "new");
    assert_eq!(late.text(), "new");
}

#[test]
fn who_publishes_and_joins_in_one_turn_hears_what_follows() {
    let app = app();
    let mut a = app.ws("/");
    let orders = ["+t", "!t one", "-t", "!t two", "+t", "!t three"];
    a.send_raw(orders.map(|order| crate::testing::frame(crate::ws::OpCode::Text, true, order.as_bytes())).concat());
    // Publications are given out after the turn, to whoever has joined by then.
    assert_eq!(a.text(), "one");
    app.publish("t", "four");
    let rest: Vec<_> =
        std::iter::from_fn(|| a.try_message()).map(|message| message.borrow().text().unwrap().to_owned()).collect();
    assert!(
        rest.contains(&"three".to_owned())
            && rest.last().unwrap() == "four"
            && rest.is_sorted_by_key(|text| text != "two")
    );
}

#[test]
fn sockets_and_streams_share_a_topic() {
    let app = app();
    let (mut ws, mut source) = (member(&app), app.sse("/"));
    ws.send("!t to both");
    assert_eq!((ws.text(), source.event().data), ("to both".to_owned(), "to both".to_owned()));
    app.publish("t", Event::data("an event").event("news"));
    assert_eq!((ws.text(), source.event().event), ("an event".to_owned(), "news".to_owned()));
    app.publish("t", vec![0xff, 0xfe]);
    assert_eq!(ws.binary(), [0xff, 0xfe]);
    assert!(source.is_empty(), "bytes that are no text are no event");
    app.publish("t", "after it");
    assert_eq!(source.event().data, "after it");
}

#[cfg(feature = "json")]
#[test]
fn what_cannot_be_encoded_is_published_to_nobody() {
    let app = app();
    let (mut ws, mut source) = (member(&app), app.sse("/"));
    // Keys of a JSON object are texts.
    app.publish("t", crate::Json(std::collections::HashMap::from([((1, 2), 3)])));
    app.publish("t", "after it");
    assert_eq!((ws.text(), source.event().data), ("after it".to_owned(), "after it".to_owned()));
}

#[test]
fn large_publications_are_shared_and_whole() {
    let app = app();
    let (mut ws, mut source) = (member(&app), app.sse("/"));
    for size in [0, 100, 8192, 8193, 300_000] {
        app.publish("t", "x".repeat(size));
        assert_eq!((ws.text().len(), source.event().data.len()), (size, size));
    }
}

#[test]
fn whoever_has_left_is_not_in_the_way_of_the_others() {
    let app = app();
    let mut clients: Vec<_> = (0..20).map(|_| member(&app)).collect();
    (0..10).for_each(|n| drop(clients.remove(n)));
    app.publish("t", "still here?");
    clients.iter_mut().for_each(|ws| assert_eq!(ws.text(), "still here?"));
    drop(clients);
    app.publish("t", "to nobody");
    let mut last = member(&app);
    assert!(last.is_empty());
}

#[test]
fn a_subscriber_that_is_closed_by_a_publication_does_not_stop_the_others() {
    let log = Log::default();
    let app = serve_with(obedient(&log), |live| live.queue_bytes = 500);
    let mut clients: Vec<_> = (0..5).map(|_| member(&app)).collect();
    clients[0].client().window(0);
    clients[3].client().window(0);
    for n in 0..20 {
        app.publish("t", format!("{n:0>100}"));
        [1, 2, 4].iter().for_each(|&at| assert_eq!(clients[at].text(), format!("{n:0>100}")));
    }
    assert_eq!(log.take(), ["1: Overflow", "4: Overflow"]);
}

#[test]
fn what_is_published_while_opening_goes_to_the_others() {
    let app = serve(Probe::on_open(&Log::default(), |ws| {
        ws.subscribe("t");
        ws.publish("t", "somebody has come");
    }));
    let mut first = app.ws("/");
    assert!(first.is_empty());
    let mut second = app.ws("/");
    assert_eq!(first.text(), "somebody has come");
    assert!(second.is_empty());
}

#[test]
fn another_thread_publishes_in_its_order() {
    let app = App::new(Routes::new().route("/", Method::GET, Threads));
    let mut ws = app.ws("/");
    ws.send("go");
    (0..100).for_each(|n| assert_eq!(ws.text(), n.to_string()));

    /// Lets a thread send a hundred messages by a handle.
    struct Threads;
    impl EventHandler for Threads {
        type Conn = ();
        const CALLBACKS: Callbacks = Callbacks::WEB_SOCKET;

        fn on_ws_open(&self, _: &mut WebSocket<'_>, _: &Request<'_>) -> Result<(), Response> {
            Ok(())
        }

        fn on_ws_message(&self, ws: &mut WebSocket<'_>, (): &mut (), _: Message<'_>) {
            let handle = ws.handle();
            std::thread::spawn(move || (0..100).for_each(|n| _ = handle.send(n.to_string())));
        }
    }
}
