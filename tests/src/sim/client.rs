//! A client of the simulator: what it asks, what it has heard, and whether that answers what it asked.

use std::fmt;

use super::line::Line;
use super::site;
use crate::peer::{self, Message, Response};
use crate::rng::Rng;

/// A request and what has to come of it.
#[derive(Debug)]
struct Ask {
    method: &'static str,
    target: String,
    /// Where its head and the whole of it end among everything that the client says.
    head_end: usize,
    end: usize,
    want: Want,
    /// Nothing is answered after it.
    last: bool,
}

enum Want {
    /// A complete answer.
    Answer { status: u16, body: Vec<u8> },
    /// An answer that breaks off, because its handler broke its promise.
    Cut,
}

impl fmt::Debug for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Want::Answer { status, body } => write!(f, "{status} with {} bytes", body.len()),
            Want::Cut => f.write_str("an answer that breaks off"),
        }
    }
}

/// What a run has seen, so that a test can tell that it has tested something.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heard {
    /// Complete answers that were the right ones.
    pub answers: usize,
    /// Requests that were refused because the pool of blocking threads was full.
    pub refused: usize,
    /// Requests that came too slowly (408).
    pub timeouts: usize,
    /// Answers that broke off as they had to.
    pub cuts: usize,
}

impl Heard {
    /// Both together.
    pub fn and(self, other: Heard) -> Heard {
        Heard {
            answers: self.answers + other.answers,
            refused: self.refused + other.refused,
            timeouts: self.timeouts + other.timeouts,
            cuts: self.cuts + other.cuts,
        }
    }
}

/// One client.
pub struct Client {
    /// Its end of its connection.
    pub line: Line,
    /// What was heard.
    pub heard: Heard,
    asks: Vec<Ask>,
    unread: Vec<u8>,
    /// Where nonsense begins: from there on no answer can be predicted.
    nonsense_from: usize,
    finals: usize,
    /// Nothing may follow any more.
    over: bool,
    /// What still comes is of no interest.
    deaf: bool,
}

impl Client {
    /// A client that asks a few things in one go, behind a session if `secured`, and then talks `nonsense`.
    pub fn new(name: usize, secured: bool, nonsense: &[u8], rng: &mut Rng) -> Client {
        let mut plain = Vec::new();
        let mut asks = Vec::new();
        let count = rng.within(1..9);
        for k in 0..count {
            asks.push(ask(format!("c{name}r{k}"), k + 1 == count, &mut plain, rng));
        }
        let nonsense_from = if nonsense.is_empty() { usize::MAX } else { plain.len() };
        plain.extend_from_slice(nonsense);
        Client {
            line: Line::new(plain, secured, rng),
            heard: Heard::default(),
            asks,
            unread: Vec::new(),
            nonsense_from,
            finals: 0,
            over: false,
            deaf: false,
        }
    }

    /// Bytes that the answers to come will have, about.
    pub fn expected_bytes(&self) -> usize {
        let bytes = |ask: &Ask| if let Want::Answer { body, .. } = &ask.want { body.len() + 200 } else { 1000 };
        self.asks.iter().map(bytes).sum()
    }

    /// Whether everything was answered that a well-behaved server answers.
    pub fn is_satisfied(&self) -> bool {
        self.finals == self.asks.len()
    }

    /// Hears bytes, or with `ended` that no more will come. `calm`: nothing has gone wrong that would excuse a missing answer.
    pub fn hear(&mut self, bytes: &[u8], ended: bool, calm: bool) {
        self.unread.append(&mut self.line.hear(bytes, ended));
        while !self.unread.is_empty() {
            if self.deaf || self.finals == self.asks.len() && self.nonsense_from != usize::MAX {
                return self.unread.clear();
            }
            let method = self.asks.get(self.finals).map_or("GET", |ask| ask.method);
            let message = peer::next(&self.unread, method, self.line.ended);
            let message = message.unwrap_or_else(|what| panic!("a malformed answer: {what}; {self:?}"));
            let Some((used, message)) = message else { return };
            if let Message::Final(response) = message {
                if !response.complete && !self.line.ended {
                    return;
                }
                self.check(&response, calm);
                if response.status == 408 {
                    // It may be sent before the method is known, so that one to a HEAD may have a body. Nothing follows.
                    self.deaf = true;
                }
            }
            self.unread.drain(..used);
        }
    }

    fn check(&mut self, response: &Response, calm: bool) {
        assert!(!self.over, "an answer after the last one: {}", response.status);
        let understood = self.line.understood();
        let ask =
            self.asks.get(self.finals).unwrap_or_else(|| panic!("an answer without a request: {}", response.status));
        let request = format!("{} {}", ask.method, ask.target);
        let too_slow = response.status == 408 && !calm;
        assert!(
            too_slow || understood >= ask.head_end,
            "{request} is answered {} before its head was sent",
            response.status
        );
        self.finals += 1;
        self.over = ask.last;
        match (&ask.want, response.status) {
            (_, 408) if too_slow => {
                self.heard.timeouts += 1;
                self.over = true;
            }
            // What a handler of a streamed body makes of one that breaks off.
            (_, 500 | 400) if !calm && understood < ask.end => self.over = true,
            (_, 503) if ask.target.starts_with("/block") => self.heard.refused += 1,
            (Want::Cut, 200) => {
                assert!(!response.complete, "{request} is answered as if its handler had kept its promise");
                self.heard.cuts += 1;
            }
            (Want::Answer { .. }, _) if !response.complete => {
                assert!(!calm, "the answer to {request} breaks off after {} body bytes", response.body.len());
                self.over = true;
            }
            (Want::Answer { status, body }, got) => {
                assert_eq!(got, *status, "{request}");
                let needs_body = !ask.target.starts_with("/ignore");
                assert!(understood >= ask.end || !needs_body, "{request} is answered before it was sent whole");
                assert!(response.body == *body, "{request} is answered \"{}\"", response.body.escape_ascii());
                assert!(
                    !self.over || response.connection_says("close"),
                    "{request} ends the connection without saying so"
                );
                self.heard.answers += 1;
            }
            (Want::Cut, got) => panic!("{request} is answered {got}"),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = self.asks.get(self.finals);
        write!(
            f,
            "client with {} of {} answers, {} of {} bytes delivered",
            self.finals,
            self.asks.len(),
            self.line.delivered,
            self.line.says.len()
        )?;
        write!(
            f,
            ", secured: {}, over: {}, fin: {}, next: {next:?}, unread: {}",
            self.line.is_secured(),
            self.over,
            self.line.fin,
            self.unread.escape_ascii()
        )
    }
}

/// Every way of answering, the more interesting ones more often.
const KINDS: &[&str] = &[
    "bytes", "bytes", "bytes", "shared", "none", "panic", "defer", "defer", "forget", "ready", "future", "future",
    "block", "block", "stream", "stream", "exact", "file", "missing", "upload", "upload", "pull", "pull", "ignore",
];

/// Appends a request to `plain`. The last one may say that it is the last, in every way in which that can be said.
fn ask(id: String, is_last: bool, plain: &mut Vec<u8>, rng: &mut Rng) -> Ask {
    let kind = if is_last && rng.chance(10) { &"short" } else { rng.pick(KINDS) };
    let n = *rng.pick(&[0, 1, 10, 100, 1500, 40_000]);
    let n = if n == 40_000 && rng.chance(70) { 300 } else { n };
    let method = match *kind {
        "short" => "GET",
        "upload" | "pull" | "ignore" => "POST",
        _ => rng.pick(&["GET", "GET", "POST", "PUT", "HEAD"]),
    };
    let target = format!("/{kind}/{id}/{n}");
    let version = if is_last && rng.chance(20) { "1.0" } else { "1.1" };
    let persists = version == "1.1" && (!is_last || *kind != "short" && rng.chance(50));
    let connection = match (version, persists) {
        ("1.1", false) => "Connection: x, Close\r\n",
        _ => "",
    };
    plain.extend_from_slice(format!("{method} {target} HTTP/{version}\r\nHost: sim\r\n{connection}").as_bytes());
    let body = if matches!(method, "POST" | "PUT") { random_body(rng) } else { Vec::new() };
    let waits = version == "1.1" && *kind != "ignore" && rng.chance(20);
    let head_end = write_body(&body, method, version, waits, plain, rng);
    let status = match *kind {
        "none" => 204,
        "panic" | "forget" => 500,
        "missing" => 404,
        _ => 200,
    };
    let answer = if status == 200 && method != "HEAD" {
        site::answer(&id, n, if *kind == "ignore" { b"" } else { &body })
    } else {
        Vec::new()
    };
    let want = if *kind == "short" { Want::Cut } else { Want::Answer { status, body: answer } };
    Ask { method, target, head_end, end: plain.len(), want, last: !persists }
}

fn random_body(rng: &mut Rng) -> Vec<u8> {
    let len_max = *rng.pick(&[1, 20, 400, 400, 30_000]);
    let len = rng.within(0..len_max);
    (0..len).map(|_| rng.next_u64() as u8).collect()
}

/// Appends the framing fields, the end of the head and the body; returns where the head ends. A client that `waits` asks
/// whether it may go on, but does not listen.
fn write_body(body: &[u8], method: &str, version: &str, waits: bool, plain: &mut Vec<u8>, rng: &mut Rng) -> usize {
    if matches!(method, "GET" | "HEAD") {
        plain.extend_from_slice(b"\r\n");
        return plain.len();
    }
    if waits {
        plain.extend_from_slice(b"Expect: 100-continue\r\n");
    }
    if rng.chance(50) || version == "1.0" {
        plain.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        let head_end = plain.len();
        plain.extend_from_slice(body);
        return head_end;
    }
    plain.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
    let head_end = plain.len();
    let mut rest = body;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rng.within(1..rest.len() + 1));
        let extension = if rng.chance(20) { ";a=\"b\\\"c\"" } else { "" };
        plain.extend_from_slice(format!("{:x}{extension}\r\n", chunk.len()).as_bytes());
        plain.extend_from_slice(chunk);
        plain.extend_from_slice(b"\r\n");
        rest = after;
    }
    plain.extend_from_slice(if rng.chance(20) { b"0\r\nX-Trailer: t\r\n\r\n" } else { b"0\r\n\r\n" });
    head_end
}
