//! The client of an event stream.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::App;
use super::answer::Answer;
use super::client::Client;
use crate::wire::chunk::{Chunked, Piece};

/// An event as `EventSource` raises it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its text, with LF between lines.
    pub data: String,
    /// Its name; `message` where it has none.
    pub event: String,
    /// The id that came with it.
    pub id: Option<String>,
    /// The time to wait before connecting again that came with it.
    pub retry: Option<Duration>,
}

/// The client of one event stream: see [`App::sse`]. Dropped, it resets the connection.
///
/// ```
/// # use hop::{Callbacks, EventHandler, EventStream, Method, Request, Response, Routes, testing::App};
/// # use std::time::Duration;
/// struct Clock;
///
/// impl EventHandler for Clock {
///     type Conn = u32;
///     const CALLBACKS: Callbacks = Callbacks::EVENT_STREAM;
///
///     fn on_sse_open(&self, _: &mut EventStream<'_>, _: &Request<'_>) -> Result<u32, Response> {
///         Ok(0)
///     }
///
///     fn on_sse_tick(&self, stream: &mut EventStream<'_>, count: &mut u32) {
///         *count += 1;
///         stream.send(count.to_string());
///     }
/// }
///
/// let routes = Routes::new().route("/clock", Method::GET, Clock).live(|live| live.every = Some(Duration::from_secs(1)));
/// let app = App::new(routes);
/// let mut clock = app.sse("/clock");
/// assert_eq!(clock.event().data, "1");
/// assert_eq!(clock.try_event(), None);
/// app.advance(Duration::from_secs(1));
/// assert_eq!(clock.event().data, "2");
/// ```
pub struct EventSource {
    client: Client,
    answer: Answer,
    /// `None`: its body is delimited by the connection's end.
    chunked: Option<Chunked>,
    unread: Vec<u8>,
    text: Vec<u8>,
    events: VecDeque<Event>,
    comments: VecDeque<String>,
    ended: bool,
}

/// A request for an event stream being made: see [`App::sse_request`].
pub struct SseRequest {
    app: App,
    head: String,
}

impl SseRequest {
    pub(super) fn new(app: App, target: &str) -> SseRequest {
        let head = format!("GET {target} HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n");
        SseRequest { app, head }
    }

    /// With a header field.
    ///
    /// # Panics
    ///
    /// When HTTP does not allow the name or the value.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> SseRequest {
        HeaderName::try_from(name).expect("the header's name is a token");
        HeaderValue::try_from(value).expect("the header's value has no control characters");
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    /// As a client that comes again and has seen this event last.
    #[track_caller]
    pub fn last_event_id(self, id: &str) -> SseRequest {
        self.header("Last-Event-ID", id)
    }

    /// Sends it. `Err`: what came is no event stream.
    ///
    /// ```
    /// # use hop::{Routes, testing::App};
    /// assert_eq!(App::new(Routes::new()).sse_request("/nowhere").send().unwrap_err().status, 404);
    /// ```
    ///
    /// # Panics
    ///
    /// When no answer comes.
    #[track_caller]
    #[allow(clippy::result_large_err, reason = "a test wants the answer as it is, and makes few of them")]
    pub fn send(self) -> Result<EventSource, Answer> {
        let mut client = self.app.connect();
        client.send(self.head + "\r\n");
        let is_stream = |answer: &Answer| answer.header("content-type") == Some("text/event-stream");
        let answer = client.answer_or_head(200);
        if answer.status == 200 && is_stream(&answer) { Ok(EventSource::new(client, answer)) } else { Err(answer) }
    }

    /// Sends it; the stream must open.
    ///
    /// # Panics
    ///
    /// When it does not; the message has the answer.
    #[track_caller]
    pub fn open(self) -> EventSource {
        self.send().unwrap_or_else(|answer| {
            panic!("no event stream was opened, but {}: {}", answer.status, answer.body.escape_ascii())
        })
    }
}

impl EventSource {
    /// On a connection on which this head has been read.
    pub(super) fn new(client: Client, answer: Answer) -> EventSource {
        EventSource {
            client,
            chunked: answer.header("transfer-encoding").map(|_| Chunked::default()),
            answer,
            unread: Vec::new(),
            text: Vec::new(),
            events: VecDeque::new(),
            comments: VecDeque::new(),
            ended: false,
        }
    }

    /// The next event. Waits for other threads, up to five seconds.
    ///
    /// # Panics
    ///
    /// When none comes.
    #[track_caller]
    pub fn event(&mut self) -> Event {
        self.next("event", |source| source.events.pop_front())
    }

    /// The next comment; a keep-alive is an empty one. Waits as [`event`](EventSource::event) does.
    ///
    /// # Panics
    ///
    /// When none comes.
    #[track_caller]
    pub fn comment(&mut self) -> String {
        self.next("comment", |source| source.comments.pop_front())
    }

    /// The next event, if one is there.
    #[track_caller]
    pub fn try_event(&mut self) -> Option<Event> {
        self.read();
        self.events.pop_front()
    }

    /// Whether nothing has come that was not read: no event, no comment, and no end.
    #[track_caller]
    pub fn is_empty(&mut self) -> bool {
        self.read();
        self.events.is_empty() && self.comments.is_empty() && !self.ended
    }

    /// Whether the server has ended the stream.
    #[track_caller]
    pub fn is_ended(&mut self) -> bool {
        self.read();
        self.ended
    }

    /// The connection under it: to end or reset it, or to stop taking what the server sends ([`Client::window`]).
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// The head of the answer.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    #[track_caller]
    fn next<T>(&mut self, what: &str, take: impl Fn(&mut EventSource) -> Option<T>) -> T {
        loop {
            self.read();
            if let Some(taken) = take(self) {
                return taken;
            }
            let more = !self.ended && self.client.wait();
            assert!(more, "no {what} came; {self:?}");
        }
    }

    /// Takes in what is there.
    #[track_caller]
    fn read(&mut self) {
        self.unread.append(&mut self.client.take());
        match &mut self.chunked {
            None => self.text.append(&mut self.unread),
            Some(chunked) => {
                let mut at = 0;
                while let Some((used, piece)) = chunked.next(&self.unread[at..]).expect("a chunked body") {
                    assert!(!self.ended, "bytes come after the stream's end");
                    match piece {
                        Piece::Framing => {}
                        Piece::Data { start, len } => self.text.extend_from_slice(&self.unread[at + start..][..len]),
                        Piece::End { .. } => self.ended = true,
                    }
                    at += used;
                }
                self.unread.drain(..at);
            }
        }
        self.ended |= self.client.is_ended();
        if self.ended {
            self.client.end();
        }
        while let Some(end) = memchr::memmem::find(&self.text, b"\n\n") {
            let block: Vec<u8> = self.text.drain(..end + 2).collect();
            self.take_in(str::from_utf8(&block).expect("an event stream is UTF-8"));
        }
    }

    /// One block, up to its empty line (WHATWG HTML §9.2.6). Lines of hop end with LF.
    fn take_in(&mut self, block: &str) {
        let (mut data, mut event, mut id, mut retry) = (None::<String>, None, None, None);
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" if !line.is_empty() => self.comments.push_back(value.to_owned()),
                "data" => match &mut data {
                    Some(data) => data.push_str(&format!("\n{value}")),
                    None => data = Some(value.to_owned()),
                },
                "event" => event = Some(value.to_owned()),
                "id" => id = Some(value.to_owned()),
                "retry" => retry = value.parse().ok().map(Duration::from_millis),
                _ => {}
            }
        }
        if let Some(data) = data {
            let event = event.unwrap_or_else(|| "message".to_owned());
            self.events.push_back(Event { data, event, id, retry });
        }
    }
}

impl fmt::Debug for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.ended { "ended" } else { "open" };
        write!(f, "EventSource, {state}, with {} events unread", self.events.len())
    }
}
