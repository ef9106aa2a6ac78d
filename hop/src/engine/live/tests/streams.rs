//! Event streams: how they open, what keeps them, how they end.

use super::*;
use crate::{Event, Replied, Reply};

fn plain() -> App {
    serve(Probe::on_stream(&Log::default(), |stream| stream.subscribe("t")))
}

#[test]
fn the_head_keeps_caches_and_proxies_away() {
    let source = plain().sse("/");
    let answer = source.answer();
    let fields = ["content-type", "cache-control", "x-accel-buffering", "transfer-encoding"]
        .map(|name| answer.header(name).unwrap());
    assert_eq!(fields, ["text/event-stream", "no-cache", "no", "chunked"]);
    assert_eq!((answer.header("content-length"), answer.header("connection")), (None, Some("close")));
}

#[test]
fn head_says_what_get_would_and_opens_nothing() {
    let log = Log::default();
    let app = serve(Probe::on_stream(&log, |_| fail()));
    let answer = app.request("HEAD", "/").header("Accept", "text/event-stream").send().expect(200);
    assert_eq!((answer.header("content-type"), answer.body.len()), (Some("text/event-stream"), 0));
    assert_eq!(answer.header("content-length"), None, "nobody knows how long a stream will be");
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn who_accepts_no_events_gets_none() {
    let app = plain();
    let accepting = |accept: &str| {
        let mut client = app.raw(format!("GET / HTTP/1.1\r\nHost: a\r\nAccept: {accept}\r\n\r\n")).send();
        let status = client.take();
        str::from_utf8(&status[9..12]).unwrap().parse::<u16>().unwrap()
    };
    for accept in ["text/event-stream", "text/html, text/event-stream;q=0.5", "*/*", "text/*"] {
        assert_eq!(accepting(accept), 200, "{accept}");
    }
    for accept in ["text/html", "text/event-stream;q=0", "application/json"] {
        assert_eq!(accepting(accept), 406, "{accept}");
    }
}

#[test]
fn a_route_that_answers_requests_as_well_sends_events_to_those_who_ask() {
    struct Both;
    impl EventHandler for Both {
        type Conn = ();
        const CALLBACKS: Callbacks = Callbacks::REQUEST.and(Callbacks::EVENT_STREAM);

        fn on_request(&self, _: &Request<'_>, reply: Reply<'_>) -> Replied {
            reply.send("a page")
        }

        fn on_sse_open(&self, _: &mut EventStream<'_>, _: &Request<'_>) -> Result<(), Response> {
            Ok(())
        }
    }
    let app = serve(Both);
    assert_eq!(app.get("/").expect(200).text(), "a page");
    assert_eq!(app.request("GET", "/").header("Accept", "*/*").send().text(), "a page");
    assert!(app.sse_request("/").send().is_ok());
}

#[test]
fn http_1_0_gets_it_without_chunks_until_the_end() {
    let log = Log::default();
    let app = serve(Probe::on_stream(&log, |stream| stream.subscribe("t")));
    let mut client = app.raw("GET / HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n").send();
    app.publish("t", "a");
    app.publish("t", Event::data("b").id("2"));
    app.stop();
    let answer = client.answer().expect(200);
    assert_eq!((answer.header("transfer-encoding"), answer.text()), (None, "data: a\n\nid: 2\ndata: b\n\n"));
    assert_eq!((log.take(), client.is_ended()), (vec!["1: Shutdown".to_owned()], true));
}

#[test]
fn a_handler_adds_fields_and_may_refuse() {
    struct Guarded;
    impl EventHandler for Guarded {
        type Conn = ();
        const CALLBACKS: Callbacks = Callbacks::EVENT_STREAM;

        fn on_sse_open(&self, stream: &mut EventStream<'_>, request: &Request<'_>) -> Result<(), Response> {
            stream.send("sent before it is known whether it opens");
            request.header("cookie").ok_or(Response::new(crate::StatusCode::UNAUTHORIZED))?;
            assert!(stream.header("x-stream", "1") && !stream.header("content-length", "5"));
            Ok(())
        }
    }
    let app = serve(Guarded);
    let refused = app.sse_request("/").send().unwrap_err();
    assert_eq!((refused.status, refused.body.len()), (401, 0));
    let mut source = app.sse_request("/").header("Cookie", "a=b").open();
    assert_eq!(source.answer().header("x-stream"), Some("1"));
    assert_eq!(source.event().data, "sent before it is known whether it opens");
}

#[test]
fn a_quiet_stream_is_kept_by_comments_and_a_busy_one_needs_none() {
    let app = plain();
    let mut source = app.sse("/");
    app.advance(Duration::from_millis(14_900));
    assert!(source.is_empty());
    app.advance(Duration::from_millis(200));
    assert_eq!(source.comment(), "");
    for _ in 0..10 {
        app.advance(seconds(10));
        app.publish("t", "busy");
        assert_eq!(source.event().data, "busy");
    }
    assert!(source.is_empty());
    app.advance(seconds(45));
    (0..3).for_each(|_| assert_eq!(source.comment(), ""));
    assert!(source.is_empty());
}

#[test]
fn none_is_sent_while_output_waits() {
    let app = serve_with(Probe::on_stream(&Log::default(), |stream| stream.subscribe("t")), |live| {
        live.keep_alive = seconds(5)
    });
    let mut source = app.sse("/");
    source.client().window(0);
    app.publish("t", "waits");
    app.advance(seconds(28));
    source.client().window(usize::MAX);
    assert_eq!(source.event().data, "waits");
    app.advance(Duration::ZERO);
    assert_eq!(std::iter::from_fn(|| (!source.is_empty()).then(|| source.comment())).count(), 1);
}

#[test]
fn a_client_that_ends_its_side_or_resets_has_left() {
    let log = Log::default();
    let app = serve(Probe::on_stream(&log, |stream| stream.subscribe("t")));
    let (mut ends, mut resets) = (app.sse("/"), app.sse("/"));
    ends.client().end();
    assert!(ends.is_ended());
    resets.client().reset();
    app.publish("t", "to nobody");
    assert_eq!((log.take(), app.connections()), (vec!["1: Left".to_owned(), "2: Left".to_owned()], 0));
}

#[test]
fn what_a_client_says_on_a_stream_is_thrown_away() {
    let app = plain();
    let mut source = app.sse("/");
    source.client().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(10_000));
    app.publish("t", "goes on");
    assert_eq!(source.event().data, "goes on");
    assert!(source.is_empty());
}

#[test]
fn a_handler_ends_it_behind_what_it_has_sent() {
    let log = Log::default();
    let app = serve(Probe::on_stream(&log, |stream| {
        stream.send("the last one");
        stream.close();
    }));
    let mut source = app.sse("/");
    assert_eq!((source.event().data.as_str(), source.is_ended()), ("the last one", true));
    assert!(source.client().is_ended());
    assert_eq!(log.take(), ["1: Closed { code: 1000 }"]);
}

#[test]
fn events_cannot_be_injected() {
    let app = plain();
    let mut source = app.sse("/");
    app.publish("t", "a\n\nevent: evil\ndata: b\r\rc");
    let event = source.event();
    assert_eq!((event.event.as_str(), event.data.as_str()), ("message", "a\n\nevent: evil\ndata: b\n\nc"));
    assert!(source.is_empty());
}

#[test]
fn in_any_split_of_the_request() {
    let app = plain();
    let request = "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n";
    for cut in 0..request.len() {
        let mut client = app.raw(request).split_at(cut).send();
        assert!(client.take().starts_with(b"HTTP/1.1 200 OK\r\n"), "cut at {cut}");
    }
}

#[test]
fn pipelined_behind_another_request() {
    let app = serve(Probe::on_stream(&Log::default(), |stream| _ = stream.send("here")));
    let mut client = app.raw("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").send();
    assert_eq!(client.answer_to_head().status, 200);
    let text = String::from_utf8(client.take()).unwrap();
    assert!(text.ends_with("c\r\ndata: here\n\n\r\n"), "{text}");
}
