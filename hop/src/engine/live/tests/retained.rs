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

fn publish(app: &App, numbers: std::ops::RangeInclusive<u32>) {
    numbers.for_each(|n| app.publish("t", n.to_string()));
}

/// All that is there, and that each id is its number.
#[track_caller]
fn numbers(source: &mut crate::testing::EventSource) -> Vec<u32> {
    let events = std::iter::from_fn(|| source.try_event());
    let number = |event: crate::testing::Event| {
        assert_eq!(event.id.as_deref(), Some(&*event.data));
        event.data.parse().unwrap()
    };
    events.map(number).collect()
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
    publish(&app, 1..=6);
    let again = |id: &str| numbers(&mut app.sse_request("/").last_event_id(id).open());
    assert_eq!(again("4"), [5, 6]);
    assert_eq!(again("6"), [0; 0]);
    assert_eq!(again("unknown"), [1, 2, 3, 4, 5, 6]);
    assert_eq!(again(""), [0; 0]);
}

#[test]
fn what_is_no_longer_retained_is_lost_and_the_rest_is_given() {
    let app = app();
    publish(&app, 1..=30);
    assert_eq!(numbers(&mut app.sse_request("/").last_event_id("3").open()), (21..=30).collect::<Vec<_>>());
    assert_eq!(numbers(&mut app.sse_request("/").last_event_id("25").open()), (26..=30).collect::<Vec<_>>());
}

#[test]
fn what_follows_the_replay_comes_once() {
    let app = app();
    let mut first = app.sse("/");
    publish(&app, 1..=4);
    let mut again = app.sse_request("/").last_event_id("2").open();
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
    let app = App::new(Routes::new().route("/", Method::GET, Racing).retain("t", 10));
    publish(&app, 1..=2);
    let mut source = app.sse_request("/").last_event_id("1").open();
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
