//! The engine, driven by hand: what goes in, what comes out, what becomes of the connection.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::*;
use crate::app::handler::EventHandler;
use crate::app::reply::{Replied, Reply};
use crate::app::request::Request;
use crate::app::router::BodyMode;
use crate::app::stream::{Part, Source};
use crate::buf::out::Output;

/// Answers what it was asked, as text.
struct Inspect;

impl EventHandler for Inspect {
    type Conn = ();

    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied {
        let body = String::from_utf8_lossy(request.body());
        reply.send(format!("{} {} {body}", request.method_str(), request.target()))
    }
}

struct Nobody;

impl Peers for Nobody {
    fn peer(&self, _: ConnId) -> Peer {
        Peer::Unknown
    }
}

struct NoWake;

impl crate::local::mail::Wake for NoWake {
    fn wake(&self) {}
}

/// An engine with one connection.
struct Driver {
    engine: Engine,
    id: ConnId,
    now: Now,
    sent: Vec<u8>,
    verdict: Option<Verdict>,
}

impl Driver {
    fn new(app: App) -> Self {
        let now = Now::default();
        let mut engine = Engine::new(Arc::new(app), 0, Arc::new(WorkerMail::new(Arc::new(NoWake))), now);
        let Accept::Open(id) = engine.accept(&Outside { now, peers: &Nobody }) else { panic!("refused") };
        Driver { engine, id, now, sent: Vec::new(), verdict: None }
    }

    fn outside(&self) -> Outside<'static> {
        Outside { now: self.now, peers: &Nobody }
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.engine.input(self.id)[..bytes.len()].copy_from_slice(bytes);
        let outside = self.outside();
        self.engine.received(self.id, bytes.len(), &outside);
    }

    fn send(&mut self, bytes: &[u8]) {
        self.receive(bytes);
        self.flush();
        self.work();
    }

    fn work(&mut self) {
        while let Some(id) = self.engine.run(&self.outside()) {
            assert_eq!(id, self.id);
            self.flush();
        }
    }

    fn flush(&mut self) {
        let outside = self.outside();
        loop {
            let n = match self.engine.output(self.id, &outside) {
                Output::Nothing => break,
                Output::Bytes(bytes) => {
                    self.sent.extend_from_slice(bytes);
                    bytes.len()
                }
                Output::Slices(slices) => {
                    slices.iter().for_each(|slice| self.sent.extend_from_slice(slice));
                    slices.iter().map(|slice| slice.len()).sum()
                }
                Output::File(_) => unreachable!("no handler here answers with a file"),
            };
            self.engine.wrote(self.id, n, &outside);
        }
        self.verdict = Some(self.engine.verdict(self.id, &outside));
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.sent).into_owned()
    }
}

fn inspect() -> Driver {
    Driver::new(App::of(Inspect, BodyMode::Whole))
}

#[test]
fn a_request_is_answered_and_the_connection_stays() {
    let mut driver = inspect();
    driver.send(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(driver.text().starts_with("HTTP/1.1 200 OK\r\n"), "{}", driver.text());
    assert!(driver.text().ends_with("\r\n\r\nGET /a "), "{}", driver.text());
    assert_eq!(driver.verdict, Some(Verdict::Watch { read: true, write: false }));
}

#[test]
fn bodies_in_any_split_reach_the_handler_and_the_next_request_follows() {
    let requests: [&[u8]; 2] = [
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\nT: 1\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    for request in requests {
        for cut in 0..request.len() {
            let mut driver = inspect();
            driver.send(&request[..cut]);
            driver.send(&request[cut..]);
            let text = driver.text();
            assert!(text.contains("\r\n\r\nPOST /a helloHTTP/1.1 200 OK"), "cut at {cut}: {text}");
            assert!(text.ends_with("\r\n\r\nGET /b "), "cut at {cut}: {text}");
        }
    }
}

#[test]
fn a_body_that_comes_later_needs_no_further_byte_to_end() {
    for body in ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"] {
        let request = format!("POST /a HTTP/1.1\r\nHost: a\r\n{body}");
        for cut in 0..request.len() {
            let mut driver = inspect();
            driver.send(&request.as_bytes()[..cut]);
            driver.send(&request.as_bytes()[cut..]);
            assert!(driver.text().ends_with("\r\n\r\nPOST /a hello"), "cut at {cut}: {}", driver.text());
        }
    }
}

/// Answers more than one turn may write.
struct Large;

impl EventHandler for Large {
    type Conn = ();

    fn on_request(&self, _: &Request<'_>, reply: Reply<'_>) -> Replied {
        reply.send(vec![b'#'; 70_000])
    }
}

#[test]
fn requests_that_wait_for_the_next_turn_keep_the_connection_from_being_read() {
    let mut driver = Driver::new(App::of(Large, BodyMode::Ignored));
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    driver.receive(&request.repeat(1_000));
    driver.flush();
    assert_eq!(driver.verdict, Some(Verdict::Watch { read: false, write: false }));
    driver.work();
    assert_eq!(driver.verdict, Some(Verdict::Watch { read: true, write: false }));
    assert_eq!(driver.sent.iter().filter(|byte| **byte == b'#').count(), 1_000 * 70_000);
}

#[test]
fn an_expectation_without_a_body_does_not_end_the_connection() {
    let mut driver = inspect();
    driver.send(b"GET /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n");
    assert!(driver.text().starts_with("HTTP/1.1 200 OK\r\n") && !driver.text().contains("close"), "{}", driver.text());
}

#[test]
fn a_malformed_request_gets_its_status_and_the_end() {
    let mut driver = inspect();
    driver.send(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n");
    assert!(driver.text().starts_with("HTTP/1.1 400 "), "{}", driver.text());
    assert_eq!(driver.verdict, Some(Verdict::ShutdownWrite));
}

#[test]
fn a_body_that_never_ends_gets_408_wherever_it_stops() {
    let request = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r";
    for end in 57..=request.len() {
        let mut driver = inspect();
        driver.send(&request[..end]);
        while driver.sent.is_empty() {
            driver.now.ticks = driver.engine.wake_at().expect("a deadline is set");
            driver.work();
        }
        assert!(driver.text().starts_with("HTTP/1.1 408 "), "after {end} bytes: {}", driver.text());
    }
}

#[test]
fn empty_lines_between_requests_are_no_beginning_of_a_head() {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\n";
    for cut in 0..request.len() {
        let mut driver = inspect();
        driver.send(&request[..cut]);
        driver.send(&request[cut..]);
        let answered = driver.sent.len();
        driver.now.ticks = Ticks(100 * 60);
        driver.work();
        assert_eq!((driver.sent.len(), driver.verdict), (answered, Some(Verdict::REST)), "cut at {cut}");
        driver.send(b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(driver.text().ends_with("GET /next "), "cut at {cut}: {}", driver.text());
    }
}

#[test]
fn a_head_that_never_ends_gets_408() {
    let mut driver = inspect();
    driver.send(b"GET / HT");
    // A wake-up may find that the deadline has only come nearer.
    let expired = loop {
        driver.now.ticks = driver.engine.wake_at().expect("a deadline is set");
        let outside = driver.outside();
        if let Some(id) = driver.engine.run(&outside) {
            break id;
        }
    };
    assert_eq!(expired, driver.id);
    driver.flush();
    assert!(driver.text().starts_with("HTTP/1.1 408 "), "{}", driver.text());
}

#[test]
fn a_client_that_sends_and_does_not_read_gains_no_time() {
    let mut driver = inspect();
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    driver.engine.input(driver.id)[..request.len()].copy_from_slice(request);
    for second in 0..30 {
        let outside = Outside { now: Now { ticks: Ticks(100 * second), ..driver.now }, peers: &Nobody };
        driver.engine.received(driver.id, if second == 0 { request.len() } else { 1 }, &outside);
        assert!(matches!(driver.engine.output(driver.id, &outside), Output::Bytes(_) | Output::Slices(_)));
        driver.engine.wrote(driver.id, 0, &outside);
        driver.engine.verdict(driver.id, &outside);
    }
    let outside = Outside { now: Now { ticks: Ticks(3001), ..driver.now }, peers: &Nobody };
    assert_eq!(driver.engine.run(&outside), Some(driver.id), "its time is over");
    assert_eq!(driver.engine.verdict(driver.id, &outside), Verdict::Close);
}

/// Answers an endless stream.
struct Endless;

impl EventHandler for Endless {
    type Conn = ();

    fn on_request(&self, _: &Request<'_>, reply: Reply<'_>) -> Replied {
        reply.send(Response::stream(std::iter::repeat_with(|| Ok(bytes::Bytes::from_static(&[b'#'; 1000])))))
    }
}

#[test]
fn a_stream_whose_client_takes_nothing_more_has_the_time_of_output() {
    let mut driver = Driver::new(App::of(Endless, BodyMode::Ignored));
    driver.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for second in 0..100 {
        driver.now.ticks = Ticks(100 * second);
        let outside = driver.outside();
        assert_eq!(driver.engine.run(&outside), None, "what it took in this second has moved the deadline");
        // As a driver does that has given this connection its share of a turn: all of it was taken, and there is more.
        let Output::Bytes(bytes) = driver.engine.output(driver.id, &outside) else { panic!("there is more to send") };
        let n = bytes.len();
        driver.engine.wrote(driver.id, n, &outside);
        driver.engine.verdict(driver.id, &outside);
    }
    driver.now.ticks = Ticks(100 * (99 + 31));
    assert_eq!(driver.engine.run(&driver.outside()), Some(driver.id), "its time is over");
    assert_eq!(driver.engine.verdict(driver.id, &driver.outside()), Verdict::Close);
}

#[test]
fn a_stream_into_a_link_in_memory_has_all_the_time_of_its_reader() {
    let mut driver = Driver::new(App::of(Endless, BodyMode::Ignored));
    driver.engine.common.is_beside = true;
    driver.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let outside = driver.outside();
    let Output::Bytes(bytes) = driver.engine.output(driver.id, &outside) else { panic!("there is more to send") };
    let n = bytes.len();
    driver.engine.wrote(driver.id, n, &outside);
    let verdict = driver.engine.verdict(driver.id, &outside);
    driver.now.ticks = Ticks(100 * 1000);
    while driver.engine.run(&driver.outside()).is_some() {}
    assert_eq!(driver.engine.verdict(driver.id, &driver.outside()), verdict);
}

/// Answers with a stream that says one thing and then nothing.
struct Quiet;

impl EventHandler for Quiet {
    type Conn = ();

    fn on_request(&self, _: &Request<'_>, reply: Reply<'_>) -> Replied {
        reply.send(Response::stream(OnceThenNothing(Some("once"))))
    }
}

struct OnceThenNothing(Option<&'static str>);

impl Source for OnceThenNothing {
    fn poll_part(&mut self, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Part>>> {
        self.0.take().map_or(Poll::Pending, |text| Poll::Ready(Some(Ok(Part::Data(text.into())))))
    }
}

/// Asks a quiet stream of a route that waits for `gone_after` when its client has sent its last, which it has; after so many seconds.
fn quiet_stream_of_a_client_that_ended(gone_after: Option<Duration>, seconds: u32) -> Option<Verdict> {
    let mut app = App::of(Quiet, BodyMode::Ignored);
    Arc::get_mut(&mut app.paths.fallbacks[0].endpoint).expect("nobody else has it").gone_after = gone_after;
    let mut driver = Driver::new(app);
    driver.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    driver.engine.ended(driver.id, &driver.outside());
    driver.flush();
    driver.now.ticks = Ticks(100 * seconds);
    driver.work();
    driver.verdict
}

#[test]
fn a_quiet_stream_ends_some_time_after_its_client() {
    const WAITS: Option<Verdict> = Some(Verdict::Watch { read: false, write: false });
    let five = Some(Duration::from_secs(5));
    assert_eq!(quiet_stream_of_a_client_that_ended(five, 4), WAITS);
    assert_eq!(quiet_stream_of_a_client_that_ended(five, 6), Some(Verdict::Close));
    assert_eq!(quiet_stream_of_a_client_that_ended(None, 74), WAITS);
    assert_eq!(quiet_stream_of_a_client_that_ended(None, 76), Some(Verdict::Close));
}

#[test]
fn a_connection_whose_body_is_thrown_away_ends_with_it_when_the_engine_stops() {
    let mut driver = Driver::new(App::of(Inspect, BodyMode::Ignored));
    driver.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
    driver.engine.stop();
    driver.work();
    driver.send(b"b");
    assert_eq!(driver.verdict, Some(Verdict::Close));
}

#[test]
fn a_connection_on_which_only_empty_lines_have_come_ends_when_the_engine_stops() {
    let mut driver = inspect();
    driver.send(b"\r\n\r");
    driver.engine.stop();
    driver.work();
    assert_eq!((driver.verdict, driver.sent.is_empty()), (Some(Verdict::Close), true));
}
