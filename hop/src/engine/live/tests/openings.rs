//! Openings that are decided later: by a future, on the blocking pool, or by whoever holds the `Opening`.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use super::*;
use crate::app::live::opening::Opener;
use crate::testing::frame;
use crate::ws::OpCode;
use crate::{Location, Opening, Replied, Route, Sent, Spec, StatusCode};

/// How a handler decides.
enum Way {
    /// As its gate says.
    Async(Gate),
    Blocking(fn(&Request<'_>) -> bool),
    /// Whoever takes it from here.
    Deferred(Arc<Mutex<Option<Opening<u32>>>>),
}

/// Something that a future waits for: closed until it is decided.
#[derive(Clone, Default)]
struct Gate(Arc<Mutex<(Option<bool>, Option<Waker>)>>);

impl Gate {
    fn decide(&self, opens: bool) {
        let mut gate = self.0.lock().unwrap();
        gate.0 = Some(opens);
        gate.1.take().unwrap().wake();
    }

    async fn wait(self) -> bool {
        let poll = |cx: &mut std::task::Context<'_>| {
            let mut gate = self.0.lock().unwrap();
            gate.1 = Some(cx.waker().clone());
            gate.0.map_or(Poll::Pending, Poll::Ready)
        };
        poll_fn(poll).await
    }
}

struct Later {
    way: Way,
    log: Log,
}

fn refusal() -> Response {
    Response::new(StatusCode::UNAUTHORIZED).with_text("who are you?")
}

fn decide(mut opening: Opening<u32>, opens: bool) -> Response {
    opening.protocol("chat");
    opening.header("x-opened", "later");
    opening.send("welcome");
    opening.subscribe("t");
    opening.decided(if opens { Ok(7) } else { Err(refusal()) })
}

impl EventHandler for Later {
    type Conn = u32;
    const CALLBACKS: Callbacks = Callbacks::WEB_SOCKET.and(Callbacks::EVENT_STREAM);

    fn on_ws_message(&self, ws: &mut WebSocket<'_>, number: &mut u32, message: Message<'_>) {
        assert_eq!(*number, 7);
        ws.send(message);
    }

    fn on_ws_close(&self, number: u32, why: CloseReason) {
        self.log.add(format!("{number}: {why:?}"));
    }

    fn on_ws_opening(this: &Arc<Self>, _: &Request<'_>, opener: Opener<'_, u32>) -> Replied {
        match &this.way {
            Way::Async(gate) => {
                let gate = gate.clone();
                opener.future(|opening| async move { decide(opening, gate.wait().await) })
            }
            Way::Blocking(opens) => {
                let opens = *opens;
                opener.blocking(move |opening, request| decide(opening, opens(request)))
            }
            Way::Deferred(place) => {
                let (opening, replied) = opener.defer();
                *place.lock().unwrap() = Some(opening);
                replied
            }
        }
    }

    fn on_sse_opening(this: &Arc<Self>, request: &Request<'_>, opener: Opener<'_, u32>) -> Replied {
        Self::on_ws_opening(this, request, opener)
    }
}

impl Route for Later {
    fn spec(&self) -> Spec {
        Spec::new("/timed", Location::caller()).timeout(seconds(3))
    }
}

fn later(way: Way, log: &Log) -> Later {
    Later { way, log: log.clone() }
}

fn deferred(log: &Log) -> (App, impl Fn() -> Opening<u32> + use<>) {
    let place = Arc::default();
    let app = serve(later(Way::Deferred(Arc::clone(&place)), log));
    (app, move || place.lock().unwrap().take().expect("the handler was asked"))
}

#[test]
fn a_future_opens_or_refuses() {
    for opens in [true, false] {
        let (gate, log) = (Gate::default(), Log::default());
        let app = serve(later(Way::Async(gate.clone()), &log));
        let mut opening = app.ws_request("/").protocol("chat").start();
        assert!(opening.client().take().is_empty());
        gate.decide(opens);
        match opening.finish() {
            Ok(mut ws) => {
                assert_eq!((ws.protocol(), ws.answer().header("x-opened")), (Some("chat"), Some("later")));
                app.publish("t", "published");
                assert!(opens && ws.text() == "welcome" && ws.text() == "published");
            }
            Err(answer) => assert!(!opens && answer.status == 401 && answer.text() == "who are you?"),
        }
        let told = if opens { vec!["7: Left".to_owned()] } else { vec![] };
        assert_eq!(log.take(), told);
    }
}

#[test]
fn the_blocking_pool_opens_or_refuses_by_its_own_copy_of_the_request() {
    let app = serve(later(Way::Blocking(|request| request.header("cookie").is_some()), &Log::default()));
    let mut ws = app.ws_request("/").header("Cookie", "a=b").open();
    ws.send("hi");
    assert_eq!([ws.text(), ws.text()], ["welcome", "hi"]);
    assert_eq!(app.ws_request("/").expect(401).text(), "who are you?");
}

#[test]
fn whoever_holds_the_opening_decides_from_any_thread() {
    let log = Log::default();
    let (app, take) = deferred(&log);
    let opening = app.ws_request("/").start();
    let held = take();
    let decides = std::thread::spawn(move || held.accept(7));
    let mut ws = opening.finish().unwrap();
    assert_eq!(decides.join().unwrap(), Sent::Now);
    ws.send("hi");
    assert_eq!(ws.text(), "hi");
    let refused = app.ws_request("/").start();
    take().refuse((StatusCode::FORBIDDEN, "no"));
    assert_eq!(refused.finish().unwrap_err().status, 403);
}

#[test]
fn one_that_is_dropped_refuses_with_500() {
    let (app, take) = deferred(&Log::default());
    let opening = app.ws_request("/").start();
    drop(take());
    assert_eq!(opening.finish().unwrap_err().status, 500);
}

#[test]
fn frames_that_come_meanwhile_wait_and_are_answered_in_order() {
    let (app, take) = deferred(&Log::default());
    let mut opening = app.ws_request("/").followed_by(frame(OpCode::Text, true, b"first")).start();
    for byte in frame(OpCode::Text, true, b"second") {
        opening.client().send([byte]);
    }
    app.advance(seconds(1));
    take().accept(7);
    let mut ws = opening.finish().unwrap();
    assert_eq!([ws.text(), ws.text()], ["first", "second"]);
}

#[test]
fn not_more_than_so_many_bytes_of_them_are_read() {
    let (app, take) = deferred(&Log::default());
    let mut opening = app.ws_request("/").start();
    for _ in 0..100 {
        opening.client().send(frame(OpCode::Binary, true, &[0; 1000]));
    }
    assert!(opening.client().unread_by_the_server() > 50_000);
    take().accept(7);
    let mut ws = opening.finish().unwrap();
    (0..100).for_each(|_| assert_eq!(ws.binary().len(), 1000));
}

#[test]
fn one_that_is_undecided_after_ten_seconds_is_503() {
    let (app, take) = deferred(&Log::default());
    let mut opening = app.ws_request("/").start();
    app.advance(Duration::from_millis(9900));
    assert!(opening.client().take().is_empty());
    app.advance(Duration::from_millis(200));
    let held = take();
    assert_eq!(opening.finish().unwrap_err().status, 503);
    assert!(held.is_closed());
    assert_eq!(held.accept(7), Sent::Closed);
}

#[test]
fn or_after_the_routes_own_timeout() {
    let (place, log) = (Arc::default(), Log::default());
    let app = App::new(Routes::new().add(later(Way::Deferred(Arc::clone(&place)), &log)));
    let mut opening = app.ws_request("/timed").start();
    app.advance(Duration::from_millis(2900));
    assert!(opening.client().take().is_empty());
    app.advance(Duration::from_millis(200));
    assert_eq!(opening.finish().unwrap_err().status, 503);
}

#[test]
fn a_client_that_leaves_meanwhile_is_not_opened() {
    let log = Log::default();
    let (app, take) = deferred(&log);
    let opening = app.ws_request("/").start();
    let held = take();
    drop(opening);
    assert!(held.is_closed());
    assert_eq!(held.accept(7), Sent::Closed);
    app.advance(seconds(1));
    assert_eq!((log.take(), app.connections()), (vec![], 0));
}

#[test]
fn a_client_that_ends_its_side_meanwhile_is_opened_and_has_left() {
    let log = Log::default();
    let (app, take) = deferred(&log);
    let mut opening = app.ws_request("/").start();
    opening.client().end();
    take().accept(7);
    app.advance(seconds(1));
    assert_eq!((log.take(), app.connections()), (vec!["7: Left".to_owned()], 0));
}

#[test]
fn streams_open_later_too() {
    let (place, log) = (Arc::default(), Log::default());
    let app = serve(later(Way::Deferred(Arc::clone(&place)), &log));
    let taken: Cell<Option<Opening<u32>>> = Cell::default();
    let mut client = app.raw("GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n").send();
    taken.set(place.lock().unwrap().take());
    let mut held = taken.take().unwrap();
    held.send_event(crate::Event::data("welcome"));
    held.subscribe("t");
    assert!(client.take().is_empty());
    assert_eq!(held.accept(7), Sent::Now);
    app.publish("t", "published");
    let text = String::from_utf8(client.take()).unwrap();
    assert!(text.find("data: welcome\n\n") < text.find("data: published\n\n"), "{text}");
}
