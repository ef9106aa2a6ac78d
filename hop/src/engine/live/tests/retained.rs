//! Topics that retain: a client that comes again gets what it has missed, nothing twice and nothing lost.

use super::*;
use crate::Event;

/// Streams of `t`, of which the last ten publications are retained.
fn app() -> App {
    let probe = Probe::on_stream(&Log::default(), |stream| {
        let last = stream.last_event_id();
        stream.resume_from("t", last.as_deref());
    });
    App::new(Routes::new().route("/", Method::GET, probe).retain("t", 10))
}

/// Publishes these numbers; the ids that they get.
fn publish(app: &App, numbers: std::ops::RangeInclusive<u32>) -> Vec<String> {
    let mut source = app.sse("/");
    numbers.for_each(|n| app.publish("t", n.to_string()));
    std::iter::from_fn(|| source.try_event()).map(|event| event.id.unwrap()).collect()
}

/// All that is there.
fn numbers(source: &mut crate::testing::EventSource) -> Vec<u32> {
    std::iter::from_fn(|| source.try_event()).map(|event| event.data.parse().unwrap()).collect()
}

/// What a client gets that comes again with this id.
fn again(app: &App, id: &str) -> Vec<u32> {
    numbers(&mut app.sse_request("/").last_event_id(id).open())
}

#[test]
fn a_new_client_gets_nothing_old() {
    let app = app();
    publish(&app, 1..=3);
    let mut source = app.sse("/");
    assert!(source.is_empty());
    publish(&app, 4..=5);
    assert_eq!(numbers(&mut source), [4, 5]);
}

#[test]
fn one_that_comes_again_gets_what_it_has_missed() {
    let app = app();
    let ids = publish(&app, 1..=6);
    assert_eq!(again(&app, &ids[3]), [5, 6]);
    assert_eq!(again(&app, &ids[5]), [0; 0]);
    assert_eq!(again(&app, "unknown"), [1, 2, 3, 4, 5, 6]);
    assert_eq!(again(&app, ""), [0; 0]);
}

#[test]
fn ids_are_short_and_count() {
    let ids = publish(&app(), 1..=3);
    let (mark, _) = ids[0].split_once('-').unwrap();
    assert!(mark.len() <= 12 && mark.bytes().all(|byte| byte.is_ascii_hexdigit()), "{mark}");
    assert_eq!(ids, [1, 2, 3].map(|n| format!("{mark}-{n}")));
}

#[test]
fn an_id_of_another_process_is_not_known() {
    let (before, after) = (app(), app());
    let ids = publish(&before, 1..=3);
    publish(&after, 1..=5);
    assert_eq!(again(&after, &ids[2]), [1, 2, 3, 4, 5]);
    assert_eq!(again(&after, "3"), [1, 2, 3, 4, 5], "nor is a bare number");
}

#[test]
fn an_id_of_one_topic_of_a_stream_is_not_known_to_the_others() {
    let probe = Probe::on_stream(&Log::default(), |stream| {
        let last = stream.last_event_id();
        ["a", "b"].iter().for_each(|topic| stream.resume_from(topic, last.as_deref()));
    });
    let app = App::new(Routes::new().route("/", Method::GET, probe).retain("a", 10).retain("b", 10));
    let mut source = app.sse("/");
    (1..=5).for_each(|n| app.publish("a", n.to_string()));
    let ids: Vec<_> = (0..5).map(|_| source.event().id.unwrap()).collect();
    (11..=15).for_each(|n| app.publish("b", n.to_string()));
    assert_eq!(again(&app, &ids[4]), [11, 12, 13, 14, 15]);
}

#[test]
fn what_is_no_longer_retained_is_lost_and_the_rest_is_given() {
    let app = app();
    let ids = publish(&app, 1..=30);
    assert_eq!(again(&app, &ids[2]), (21..=30).collect::<Vec<_>>());
    assert_eq!(again(&app, &ids[24]), (26..=30).collect::<Vec<_>>());
}

#[test]
fn what_follows_the_replay_comes_once() {
    let app = app();
    let mut first = app.sse("/");
    let ids = publish(&app, 1..=4);
    let mut again = app.sse_request("/").last_event_id(&ids[1]).open();
    publish(&app, 5..=6);
    assert_eq!(numbers(&mut first), [1, 2, 3, 4, 5, 6]);
    assert_eq!(numbers(&mut again), [3, 4, 5, 6]);
}

#[test]
fn what_was_on_its_way_while_it_came_again_comes_once() {
    struct Racing;
    impl EventHandler for Racing {
        type Conn = ();
        const CALLBACKS: Callbacks = Callbacks::EVENT_STREAM;

        fn on_sse_open(&self, stream: &mut EventStream<'_>, _: &Request<'_>) -> Result<(), Response> {
            let last = stream.last_event_id();
            // Published and not given out when the replay is taken.
            stream.publish("t", "3");
            stream.publish("t", "4");
            stream.resume_from("t", last.as_deref());
            stream.publish("t", "5");
            Ok(())
        }
    }
    let plain = Probe::on_stream(&Log::default(), |stream| stream.subscribe("t"));
    let routes = Routes::new().route("/", Method::GET, plain).route("/racing", Method::GET, Racing);
    let app = App::new(routes.retain("t", 10));
    let ids = publish(&app, 1..=2);
    let mut source = app.sse_request("/racing").last_event_id(&ids[0]).open();
    publish(&app, 6..=7);
    // Its own ones are told apart from those of others by the replay alone.
    let got = numbers(&mut source);
    assert!(got.is_sorted() && got.windows(2).all(|pair| pair[0] != pair[1]), "{got:?}");
    assert!([2, 6, 7].iter().all(|n| got.contains(n)), "{got:?}");
}

#[test]
fn ids_of_the_publisher_are_kept() {
    let app = app();
    ["a", "b", "c"].iter().for_each(|id| app.publish("t", Event::data("x").id(*id)));
    let mut source = app.sse_request("/").last_event_id("a").open();
    assert_eq!([source.event().id.unwrap(), source.event().id.unwrap()], ["b", "c"]);
    assert!(source.is_empty());
}

#[test]
fn topics_that_were_not_declared_retain_nothing() {
    let probe = Probe::on_stream(&Log::default(), |stream| stream.resume_from("other", Some("1")));
    let app = App::new(Routes::new().route("/", Method::GET, probe).retain("t", 10));
    app.publish("other", "1");
    let mut source = app.sse("/");
    assert!(source.is_empty());
    app.publish("other", "2");
    assert_eq!(source.event().id, None);
}

#[test]
fn what_is_retained_leaves_room_for_what_is_sent_behind_it() {
    let probe = Probe::on_stream(&Log::default(), |stream| {
        let last = stream.last_event_id();
        stream.resume_from("t", last.as_deref());
        _ = stream.send(Event::data("hello"));
    });
    let routes = Routes::new().route("/", Method::GET, probe).live(|live| live.queue_bytes = 1000);
    let app = App::new(routes.retain("t", 30));
    (0..30).for_each(|n| app.publish("t", format!("{n:0>100}")));
    let mut source = app.sse_request("/").last_event_id("unknown").open();
    (0..30).for_each(|n| assert_eq!(source.event().data, format!("{n:0>100}")));
    assert_eq!((source.event().data.as_str(), source.is_ended()), ("hello", false));
}
