//! What a simulated client says: a handshake, frames, and an end; and what has to come of it.

use hop::unversioned::wire::frame::{Header, OpCode};
use hop::ws::unmask;

use crate::rng::Rng;

/// Messages up to this size are taken.
pub const MESSAGE_BYTES: usize = 50_000;

/// A script, as it is before a session wraps it.
#[derive(Debug, Default)]
pub struct Script {
    /// Everything that is said.
    pub plain: Vec<u8>,
    /// Messages that have to come back: text or not, payload, and where in `plain` each ends.
    pub echoes: Vec<(bool, Vec<u8>, usize)>,
    /// Payloads of pings.
    pub pings: Vec<Vec<u8>>,
    pub end: End,
}

/// How a script ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// The client ends its side of the connection.
    #[default]
    Fin,
    /// It sends a close frame with this code, or none.
    Close(Option<u16>),
    /// It makes the server close with this code: by asking the handler, or by breaking the protocol.
    Provoke(u16),
    /// It falls silent, and does not even answer pings.
    Silence,
}

impl Script {
    /// The script of a socket named `name`.
    pub fn socket(name: usize, rng: &mut Rng) -> Script {
        let mut script = Script::default();
        script.plain.extend_from_slice(
            b"GET / HTTP/1.1\r\nHost: sim\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        );
        let mut published = 0;
        for _ in 0..rng.within(0..12) {
            match rng.within(0..10) {
                0 => script.ping(rng),
                1 => script.frame(OpCode::Pong, true, b"unasked", rng),
                2 | 3 => {
                    published += 1;
                    script.frame(OpCode::Text, true, format!("pub:{name}:{published}").as_bytes(), rng);
                }
                4 => script.message(true, b"pause:".to_vec(), rng),
                5 => script.message(false, bytes(rng), rng),
                _ => script.message(true, text(rng), rng),
            }
        }
        script.finish(rng);
        script
    }

    /// The script of an event stream.
    pub fn stream(rng: &mut Rng) -> Script {
        let version = rng.pick(&["1.1", "1.1", "1.0"]);
        let head = format!("GET / HTTP/{version}\r\nHost: sim\r\nAccept: text/event-stream\r\n\r\n");
        Script { plain: head.into_bytes(), ..Script::default() }
    }

    /// A message that comes back, in one frame or in several with pings between them.
    fn message(&mut self, is_text: bool, payload: Vec<u8>, rng: &mut Rng) {
        let mut opcode = if is_text { OpCode::Text } else { OpCode::Binary };
        let mut rest = &payload[..];
        while rng.chance(30) {
            let (fragment, after) = rest.split_at(rng.within(0..rest.len() + 1));
            self.frame(opcode, false, fragment, rng);
            if rng.chance(20) {
                self.ping(rng);
            }
            (opcode, rest) = (OpCode::Continuation, after);
        }
        self.frame(opcode, true, rest, rng);
        let end = self.plain.len();
        self.echoes.push((is_text, payload, end));
    }

    fn ping(&mut self, rng: &mut Rng) {
        let payload: Vec<u8> = (0..rng.within(0..126)).map(|_| rng.next_u64() as u8).collect();
        self.frame(OpCode::Ping, true, &payload, rng);
        self.pings.push(payload);
    }

    fn frame(&mut self, opcode: OpCode, fin: bool, payload: &[u8], rng: &mut Rng) {
        append(&mut self.plain, opcode, fin, payload, rng);
    }

    fn finish(&mut self, rng: &mut Rng) {
        let paused = self.echoes.iter().any(|(_, payload, _)| payload == b"pause:");
        self.end = match rng.within(0..8) {
            // Who leaves while the handler has paused is not answered.
            0 if !paused => End::Fin,
            1 => End::Silence,
            2 => End::Close(None),
            3 => self.order(*rng.pick(&[1000, 1013, 3000, 4999]), rng),
            4 => {
                self.frame(OpCode::Text, true, b"panic:", rng);
                End::Provoke(1011)
            }
            5 => self.break_protocol(rng),
            _ => End::Close(Some(*rng.pick(&[1000, 1001, 1011, 3000, 4000]))),
        };
        if let End::Close(code) = self.end {
            let payload = code.map(|code| [&code.to_be_bytes()[..], b"bye"].concat()).unwrap_or_default();
            self.frame(OpCode::Close, true, &payload, rng);
        }
    }

    fn order(&mut self, code: u16, rng: &mut Rng) -> End {
        self.frame(OpCode::Text, true, format!("close:{code}").as_bytes(), rng);
        // Nobody looks at what follows.
        self.frame(OpCode::Binary, true, &bytes(rng), rng);
        End::Provoke(code)
    }

    fn break_protocol(&mut self, rng: &mut Rng) -> End {
        let code = match rng.within(0..8) {
            0 => {
                self.plain.extend_from_slice(b"\x81\x02hi");
                1002
            }
            1 => {
                self.plain.extend_from_slice(&[*rng.pick(&[0x83, 0x8b, 0xc1, 0x91]), 0x80, 1, 2, 3, 4]);
                1002
            }
            2 => {
                self.frame(OpCode::Continuation, true, b"of nothing", rng);
                1002
            }
            3 => {
                self.frame(OpCode::Close, true, &[3], rng);
                1002
            }
            4 => {
                self.frame(OpCode::Close, true, &1005u16.to_be_bytes(), rng);
                1002
            }
            5 => {
                self.frame(OpCode::Text, false, b"not \xff UTF-8", rng);
                1007
            }
            6 => {
                header(&mut self.plain, OpCode::Binary, true, 1 << 62, [1; 4]);
                1009
            }
            _ => {
                header(&mut self.plain, OpCode::Text, true, MESSAGE_BYTES as u64 + 1, [1; 4]);
                1009
            }
        };
        self.plain.extend((0..rng.within(0..300)).map(|_| rng.next_u64() as u8));
        End::Provoke(code)
    }
}

/// Appends a masked frame.
pub fn append(plain: &mut Vec<u8>, opcode: OpCode, fin: bool, payload: &[u8], rng: &mut Rng) {
    let key = (rng.next_u64() as u32).to_ne_bytes();
    header(plain, opcode, fin, payload.len() as u64, key);
    let start = plain.len();
    plain.extend_from_slice(payload);
    unmask(&mut plain[start..], key, 0);
}

fn header(plain: &mut Vec<u8>, opcode: OpCode, fin: bool, payload_bytes: u64, key: [u8; 4]) {
    Header { fin, rsv1: false, opcode, mask: Some(key), payload_bytes }.encode(plain);
}

fn size(rng: &mut Rng) -> usize {
    let largest = *rng.pick(&[1, 10, 127, 300, 300, 5000, 40_000]);
    rng.within(0..largest + 1)
}

fn bytes(rng: &mut Rng) -> Vec<u8> {
    (0..size(rng)).map(|_| rng.next_u64() as u8).collect()
}

/// Text that is no order.
fn text(rng: &mut Rng) -> Vec<u8> {
    let pieces = ["a", "ä", "€", "😀", "words "];
    let mut text = String::new();
    for _ in 0..size(rng) / 3 {
        text.push_str(pieces[rng.within(0..pieces.len())]);
    }
    text.into_bytes()
}
