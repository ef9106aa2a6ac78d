//! What simulated clients hear, and whether that is right.

use std::collections::HashMap;

use hop::unversioned::wire::chunk::{Chunked, Piece};
use hop::unversioned::wire::close;
use hop::unversioned::wire::frame::{self, OpCode};

use super::script::{End, Script};

const TOO_SLOW: &[u8] = b"HTTP/1.1 408 ";

/// What a client has to say because of what it has heard.
#[derive(Debug, PartialEq, Eq)]
pub enum Reaction {
    Pong(Vec<u8>),
    Close(Vec<u8>),
}

/// The ear of a socket's client.
#[derive(Debug)]
pub struct SocketEar {
    script: Script,
    unread: Vec<u8>,
    opened: bool,
    /// Its handshake was too slow (408): what still comes is of no interest.
    too_slow: bool,
    echoed: usize,
    ponged: usize,
    published: Published,
    /// The server's close code; 1005 where it had none.
    pub closed: Option<u16>,
}

/// The ear of an event stream's client.
#[derive(Debug, Default)]
pub struct StreamEar {
    unread: Vec<u8>,
    text: Vec<u8>,
    /// Where its head has come: whether its body is chunked.
    opened: Option<Option<Chunked>>,
    ticks: usize,
    published: Published,
    /// Its end has come as an end.
    pub ended: bool,
    pub events: usize,
}

/// The number of the last publication of each publisher.
#[derive(Debug, Default)]
struct Published(HashMap<String, usize>);

impl Published {
    /// Publications of one publisher come in order, and from the first one on all of them.
    fn take(&mut self, text: &str) {
        let (publisher, number) = text["pub:".len()..].split_once(':').expect("a publication names its publisher");
        let number: usize = number.parse().expect("publications are numbered");
        let before = self.0.insert(publisher.to_owned(), number);
        assert!(before.is_none_or(|before| before + 1 == number), "publication {text} follows {before:?}");
    }
}

impl SocketEar {
    /// That of a client with this script.
    pub fn new(script: Script) -> SocketEar {
        SocketEar {
            script,
            unread: Vec::new(),
            opened: false,
            too_slow: false,
            echoed: 0,
            ponged: 0,
            published: Published::default(),
            closed: None,
        }
    }

    /// How the script ends.
    pub fn end(&self) -> End {
        self.script.end
    }

    /// Whether all that had to come back has come.
    pub fn is_complete(&self) -> bool {
        self.opened && self.echoed == self.script.echoes.len() && self.ponged == self.script.pings.len()
    }

    /// How many messages have come back.
    pub fn echoed(&self) -> usize {
        self.echoed
    }

    /// Hears bytes; `understood` is how much of the script the server can have seen.
    pub fn hear(&mut self, bytes: &[u8], understood: usize) -> Vec<Reaction> {
        self.unread.extend_from_slice(bytes);
        let mut at = 0;
        self.too_slow |= !self.opened && self.unread.starts_with(TOO_SLOW);
        if self.too_slow {
            return Vec::new();
        }
        if !self.opened {
            let Some(end) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") else { return Vec::new() };
            assert!(self.unread.starts_with(b"HTTP/1.1 101 "), "no upgrade: {}", self.unread[..end].escape_ascii());
            self.opened = true;
            at = end + 4;
        }
        let mut reactions = Vec::new();
        while let Some((used, header)) = frame::parse(&self.unread[at..]).expect("the server sends frames") {
            assert!(header.fin && !header.rsv1 && header.mask.is_none(), "{header:?} is no frame of this server");
            let end = at + used + header.payload_bytes as usize;
            let Some(payload) = self.unread.get(at + used..end).map(<[u8]>::to_vec) else { break };
            at = end;
            reactions.extend(self.take(header.opcode, payload, understood));
        }
        self.unread.drain(..at);
        reactions
    }

    fn take(&mut self, opcode: OpCode, payload: Vec<u8>, understood: usize) -> Option<Reaction> {
        assert!(self.closed.is_none(), "{opcode:?} after the close");
        match opcode {
            OpCode::Text if payload.starts_with(b"pub:") => {
                self.published.take(str::from_utf8(&payload).expect("a publication is text"));
            }
            OpCode::Text | OpCode::Binary => {
                let echo = self.script.echoes.get(self.echoed);
                let (is_text, expected, end) = echo.expect("nothing more has to come back");
                assert!(*is_text == (opcode == OpCode::Text) && *expected == payload, "message {}", self.echoed);
                assert!(*end <= understood, "message {} comes back before it was sent", self.echoed);
                self.echoed += 1;
            }
            OpCode::Pong => {
                assert_eq!(self.script.pings.get(self.ponged), Some(&payload), "pong {}", self.ponged);
                self.ponged += 1;
            }
            OpCode::Ping => return Some(Reaction::Pong(payload)),
            OpCode::Close => {
                let (code, _) = close::parse(&payload).expect("a close with a legal code and reason");
                self.closed = Some(code.unwrap_or(close::NONE));
                return Some(Reaction::Close(payload[..payload.len().min(2)].to_vec()));
            }
            OpCode::Continuation => panic!("the server fragments nothing"),
        }
        None
    }
}

impl StreamEar {
    /// Hears bytes; `ended`: no more will come.
    pub fn hear(&mut self, bytes: &[u8], ended: bool) {
        assert!(bytes.is_empty() || !self.ended, "bytes after the end of the stream");
        self.unread.extend_from_slice(bytes);
        if self.opened.is_none() {
            if self.unread.starts_with(TOO_SLOW) {
                return;
            }
            let Some(end) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") else { return };
            let head: Vec<u8> = self.unread.drain(..end + 4).collect();
            let head = String::from_utf8(head).expect("a head is text").to_ascii_lowercase();
            assert!(head.starts_with("http/1.1 200 ") && head.contains("text/event-stream"), "no stream: {head}");
            self.opened = Some(head.contains("transfer-encoding: chunked").then(Chunked::default));
        }
        match &mut self.opened {
            Some(Some(chunked)) => {
                let mut at = 0;
                while let Some((used, piece)) = chunked.next(&self.unread[at..]).expect("a chunked body") {
                    match piece {
                        Piece::Framing => {}
                        Piece::Data { start, len } => self.text.extend_from_slice(&self.unread[at + start..][..len]),
                        Piece::End { .. } => self.ended = true,
                    }
                    at += used;
                }
                self.unread.drain(..at);
            }
            _ => {
                self.text.append(&mut self.unread);
                self.ended |= ended;
            }
        }
        self.read();
    }

    fn read(&mut self) {
        while let Some(end) = self.text.windows(2).position(|window| window == b"\n\n") {
            let block: Vec<u8> = self.text.drain(..end + 2).collect();
            let block = str::from_utf8(&block).expect("events are text").trim_end();
            match block.strip_prefix("data: ") {
                Some(data) if data.starts_with("pub:") => self.published.take(data),
                Some(data) => {
                    self.ticks += 1;
                    assert_eq!(data, format!("tick:{}", self.ticks), "ticks come in order and none is lost");
                }
                None => assert_eq!(block, ":", "a keep-alive"),
            }
            self.events += 1;
        }
    }
}
