//! Clients that do not keep up, and what becomes of what is sent to them.

use super::*;
use crate::{Overflow, Sent};

/// On each message sends its text ten times 100 bytes long; what became of each is noted.
fn chatty(log: &Log, overflow: Overflow) -> App {
    let noted = log.clone();
    let act = move |ws: &mut WebSocket<'_>, message: Message<'_>| {
        for n in 0..10 {
            let sent = ws.send(format!("{}{n} {}", message.text().unwrap(), "x".repeat(96)));
            noted.add(match sent {
                Sent::Queued(bytes) => {
                    assert!(bytes <= 1100, "{bytes} bytes wait, of 1000");
                    "queued".to_owned()
                }
                sent => format!("{sent:?}"),
            });
        }
    };
    serve_with(Probe::on_message(log, act), move |live| (live.queue_bytes, live.overflow) = (1000, overflow))
}

fn names(ws: &mut crate::testing::WebSocket) -> Vec<String> {
    std::iter::from_fn(|| ws.try_message()).map(|message| message.borrow().text().unwrap()[..2].to_owned()).collect()
}

/// A client that takes one message and no more, although `a`, `b` and `c` were asked for.
fn stuck(app: &App) -> crate::testing::WebSocket {
    let mut ws = app.ws("/");
    ws.client().window(0);
    ["a", "b", "c"].iter().for_each(|text| ws.send(*text));
    ws
}

#[test]
fn by_default_the_connection_is_closed_with_1013() {
    let log = Log::default();
    let app = chatty(&log, Overflow::Close);
    let mut ws = stuck(&app);
    let told = log.take();
    assert_eq!(told.last().unwrap(), "1: Overflow");
    assert_eq!(told.iter().filter(|entry| *entry == "Full").count(), 1);
    ws.client().window(usize::MAX);
    assert_eq!(ws.closed().code, 1013);
    assert!(names(&mut ws).iter().eq(["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"].iter()));
    assert!(ws.client().is_ended());
}

#[test]
fn the_newest_are_dropped_if_the_route_says_so() {
    let log = Log::default();
    let app = chatty(&log, Overflow::DropNewest);
    let mut ws = stuck(&app);
    let told = log.take();
    assert_eq!(told.len(), 30, "nothing is closed");
    ws.client().window(usize::MAX);
    let names = names(&mut ws);
    assert_eq!(names[..3], ["a0", "a1", "a2"]);
    assert_eq!(names.len(), told.iter().filter(|entry| *entry != "Full").count(), "{names:?} of {told:?}");
    ws.send("d");
    assert_eq!(self::names(&mut ws)[0], "d0", "there is room again");
}

#[test]
fn the_oldest_are_dropped_if_the_route_says_so_but_none_that_has_begun() {
    let log = Log::default();
    let app = chatty(&log, Overflow::DropOldest);
    let mut ws = app.ws("/");
    ws.client().window(50);
    ["a", "b", "c"].iter().for_each(|text| ws.send(*text));
    ws.client().window(usize::MAX);
    let names = names(&mut ws);
    assert_eq!((names[0].as_str(), names.last().unwrap().as_str()), ("a0", "c9"));
    assert!(names.is_sorted() && names.len() < 30, "{names:?}");
    ws.send("d");
    assert_eq!(self::names(&mut ws)[0], "d0", "there is room again");
}

#[test]
fn one_message_is_always_taken_into_an_empty_queue() {
    for overflow in [Overflow::Close, Overflow::DropNewest, Overflow::DropOldest] {
        let act = |ws: &mut WebSocket<'_>, _: Message<'_>| assert_eq!(ws.send(vec![0; 50_000]), Sent::Now);
        let app = serve_with(Probe::on_message(&Log::default(), act), move |live| {
            (live.queue_bytes, live.overflow) = (1000, overflow);
        });
        let mut ws = app.ws("/");
        ws.send("large");
        assert_eq!(ws.binary().len(), 50_000);
    }
}

#[test]
fn pongs_and_closes_pass_the_cap() {
    let app = chatty(&Log::default(), Overflow::DropNewest);
    let mut ws = stuck(&app);
    ws.ping("full?");
    ws.close(1000, "");
    ws.client().window(usize::MAX);
    assert_eq!((ws.pong(), ws.closed().code), (b"full?".to_vec(), 1000));
}

#[test]
fn a_client_that_sends_and_does_not_read_is_not_read_either() {
    let app = serve_with(Probe::echo(&Log::default()), |live| live.queue_bytes = 4 << 20);
    let mut ws = app.ws("/");
    ws.client().window(0);
    for _ in 0..1000 {
        ws.send_binary([0; 1000]);
    }
    let unread = ws.client().unread_by_the_server();
    assert!(unread > 700_000, "only {unread} of 1,000,000 bytes are left to the network");
    ws.client().window(usize::MAX);
    (0..1000).for_each(|n| assert_eq!(ws.binary().len(), 1000, "message {n}"));
}

#[test]
fn a_flood_of_pings_to_which_the_answers_are_not_read_stays_bounded() {
    let app = echo();
    let mut ws = app.ws("/");
    ws.client().window(0);
    for _ in 0..2000 {
        ws.ping([1; 125]);
    }
    assert!(ws.client().unread_by_the_server() > 100_000);
    ws.client().window(usize::MAX);
    (0..2000).for_each(|_| assert_eq!(ws.pong(), [1; 125]));
}

#[test]
fn a_client_that_takes_nothing_for_thirty_seconds_is_cut() {
    let log = Log::default();
    let app = serve(Probe::echo(&log));
    let mut ws = app.ws("/");
    ws.client().window(0);
    ws.send("a");
    app.advance(seconds(29));
    assert!(log.take().is_empty());
    app.advance(seconds(2));
    assert_eq!((log.take(), app.connections()), (vec!["1: Stalled".to_owned()], 0));
}

#[test]
fn a_client_that_takes_a_little_now_and_then_is_not() {
    let log = Log::default();
    let app = serve(Probe::echo(&log));
    let mut ws = app.ws("/");
    ws.client().window(0);
    ws.send("0123456789");
    for _ in 0..12 {
        app.advance(seconds(20));
        ws.client().window(1);
    }
    assert_eq!((ws.text(), log.take()), ("0123456789".to_owned(), vec![]));
}

#[test]
fn publications_obey_the_policy_and_delay_nobody() {
    for (overflow, stays) in [(Overflow::Close, false), (Overflow::DropNewest, true), (Overflow::DropOldest, true)] {
        let log = Log::default();
        let app = serve_with(Probe::on_open(&log, |ws| ws.subscribe("t")), move |live| {
            (live.queue_bytes, live.overflow) = (10_000, overflow);
        });
        let (mut stuck, mut reads) = (app.ws("/"), app.ws("/"));
        stuck.client().window(0);
        for n in 0..300 {
            app.publish("t", format!("{n:0>100}"));
            assert_eq!(reads.text(), format!("{n:0>100}"));
        }
        assert_eq!(log.take().is_empty(), stays, "{overflow:?}");
        stuck.client().window(usize::MAX);
        let got = std::iter::from_fn(|| stuck.try_message()).count();
        assert!((50..=100).contains(&got), "{overflow:?}: {got} messages");
    }
}

/// On a message publishes so many publications of 1000 bytes at once to `t`, which all have joined.
fn in_batches(log: &Log, change: impl FnOnce(&mut LiveOptions) + Send + 'static) -> App {
    let publish = |ws: &mut WebSocket<'_>, message: Message<'_>| {
        let count: u32 = message.text().unwrap().parse().unwrap();
        (0..count).for_each(|n| ws.publish("t", format!("{n:0>1000}")));
    };
    let probe = Probe { open: Box::new(|ws| ws.subscribe("t")), ..Probe::on_message(log, publish) };
    serve_with(Probe { stream_open: Box::new(|stream| stream.subscribe("t")), ..probe }, change)
}

#[test]
fn what_is_published_at_once_meets_the_cap_only_where_the_socket_does_not_take_it() {
    for overflow in [Overflow::Close, Overflow::DropNewest, Overflow::DropOldest] {
        let log = Log::default();
        let app = in_batches(&log, move |live| (live.queue_bytes, live.overflow) = (16 * 1024, overflow));
        let (mut from, mut reads, mut source) = (app.ws("/"), app.ws("/"), app.sse("/"));
        let mut stuck = app.ws("/");
        stuck.client().window(0);
        from.send("100");
        for n in 0..100 {
            let expected = format!("{n:0>1000}");
            assert_eq!((reads.text(), source.event().data), (expected.clone(), expected), "{overflow:?}");
        }
        assert_eq!(log.take().is_empty(), overflow != Overflow::Close, "{overflow:?}");
        stuck.client().window(usize::MAX);
        let got: Vec<_> = std::iter::from_fn(|| stuck.try_message()).collect();
        assert!((14..=18).contains(&got.len()), "{overflow:?}: {} messages", got.len());
        let newest = format!("{:0>1000}", 99);
        let has_newest = got.last().is_some_and(|last| last.borrow().data == newest.as_bytes());
        assert_eq!(has_newest, overflow == Overflow::DropOldest, "{overflow:?}");
    }
}

#[test]
fn large_publications_meet_the_cap_only_where_the_socket_does_not_take_them() {
    let log = Log::default();
    let publish = |ws: &mut WebSocket<'_>, _: Message<'_>| (0..3).for_each(|_| ws.publish("t", vec![0; 1 << 20]));
    let app = serve(Probe { open: Box::new(|ws| ws.subscribe("t")), ..Probe::on_message(&log, publish) });
    let (mut from, mut reads, mut stuck) = (app.ws("/"), app.ws("/"), app.ws("/"));
    stuck.client().window(0);
    from.send("go");
    (0..3).for_each(|_| assert_eq!(reads.binary().len(), 1 << 20));
    assert_eq!(log.take(), ["3: Overflow"]);
}

#[test]
fn what_was_answered_before_in_the_same_turn_is_offered_to_the_socket_and_counts_then() {
    let log = Log::default();
    let app = serve_with(Probe::echo(&log), |live| live.queue_bytes = 16 * 1024);
    let mut ws = app.ws("/");
    let frame = crate::testing::frame(crate::ws::OpCode::Binary, true, &[1; 1000]);
    ws.send_raw(frame.repeat(40));
    (0..40).for_each(|n| assert_eq!(ws.binary().len(), 1000, "message {n}"));
    ws.client().window(0);
    ws.send_raw(frame.repeat(40));
    assert_eq!(log.take(), [""; 0], "what is more than may wait is not looked at");
    ws.client().window(usize::MAX);
    (0..40).for_each(|n| assert_eq!(ws.binary().len(), 1000, "message {n}"));
}

#[test]
fn what_is_retained_is_replayed_whole() {
    let log = Log::default();
    let probe = Probe::on_stream(&log, |stream| stream.resume_from("t", Some("unknown")));
    let routes = Routes::new().route("/", Method::GET, probe).live(|live| live.queue_bytes = 1000);
    let app = App::new(routes.retain("t", 30));
    (0..30).for_each(|n| app.publish("t", format!("{n:0>100}")));
    let mut source = app.sse("/");
    (0..30).for_each(|n| assert_eq!(source.event().data, format!("{n:0>100}")));
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn event_streams_obey_it_too() {
    let log = Log::default();
    let app = serve_with(Probe::on_stream(&log, |stream| stream.subscribe("t")), |live| live.queue_bytes = 1000);
    let mut source = app.sse("/");
    source.client().window(0);
    (0..20).for_each(|n| app.publish("t", format!("{n:0>100}")));
    assert_eq!(log.take(), ["1: Overflow"]);
    source.client().window(usize::MAX);
    let events: Vec<_> =
        std::iter::from_fn(|| source.try_event()).map(|event| event.data.parse::<u32>().unwrap()).collect();
    assert!(events.iter().copied().eq(0..events.len() as u32) && (5..=10).contains(&events.len()), "{events:?}");
    assert!(source.is_ended());
}
