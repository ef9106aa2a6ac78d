//! The machine: every split of the input gives the same events; each rule of the RFC has its close code.

mod closing;
#[cfg(feature = "deflate")]
mod deflate;
mod limits;
mod messages;
mod random;
mod violations;
mod writing;

use super::*;
use crate::wire::frame::Header;
use crate::wire::mask::unmask;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const MAX: usize = 1 << 20;

/// An event without its borrow.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
}

fn seen(event: Event<'_>) -> Option<Seen> {
    Some(match event {
        Event::None | Event::Progress => return None,
        Event::Message { kind: Kind::Text, data } => Seen::Text(str::from_utf8(data).expect("valid UTF-8").into()),
        Event::Message { kind: Kind::Binary, data } => Seen::Binary(data.into()),
        Event::Ping(data) => Seen::Ping(data.into()),
        Event::Pong(data) => Seen::Pong(data.into()),
        Event::Close { code, reason } => Seen::Close(code, reason.into()),
    })
}

/// A connection with what a worker shares and the input that was not used.
#[derive(Default)]
struct Side {
    ws: Ws,
    unpacker: Unpacker,
    unread: Vec<u8>,
    max: usize,
}

impl Side {
    fn new(max: usize) -> Side {
        Side { max, ..Side::default() }
    }

    /// All events of `part`, up to an error.
    fn take(&mut self, part: &[u8], seen_so_far: &mut Vec<Seen>) -> Result<(), WsError> {
        self.unread.extend_from_slice(part);
        let mut at = 0;
        loop {
            let (used, event) = self.ws.step(&mut self.unread[at..], self.max, &mut self.unpacker)?;
            assert_eq!(used == 0, event == Event::None, "{event:?} used {used}");
            let done = event == Event::None;
            seen_so_far.extend(seen(event));
            at += used;
            if done {
                break;
            }
        }
        self.unread.drain(..at);
        assert!(self.unread.len() <= 130, "{} bytes were not used", self.unread.len());
        Ok(())
    }
}

type Outcome = (Vec<Seen>, Option<WsError>);

fn read(parts: &[&[u8]], max: usize) -> Outcome {
    let (mut side, mut events) = (Side::new(max), Vec::new());
    let error = parts.iter().find_map(|part| side.take(part, &mut events).err());
    (events, error)
}

/// The same outcome whole, in any two parts, and byte by byte.
#[track_caller]
fn check(input: &[u8], events: &[Seen], error: Option<WsError>) {
    let expected = (events.to_vec(), error);
    assert_eq!(read(&[input], MAX), expected, "{}", input.escape_ascii());
    for cut in 0..input.len() {
        assert_eq!(read(&[&input[..cut], &input[cut..]], MAX), expected, "{} cut at {cut}", input.escape_ascii());
    }
    assert_eq!(read(&input.chunks(1).collect::<Vec<_>>(), MAX), expected, "{} byte by byte", input.escape_ascii());
}

/// A masked frame; `first` is its first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let payload_bytes = payload.len() as u64;
    Header { fin: true, rsv1: false, opcode: OpCode::Binary, mask: Some(KEY), payload_bytes }.encode(&mut out);
    out[0] = first;
    let start = out.len();
    out.extend_from_slice(payload);
    unmask(&mut out[start..], KEY, 0);
    out
}

fn close_frame(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(0x88, &[&code.to_be_bytes()[..], reason].concat())
}

fn text(text: &str) -> Seen {
    Seen::Text(text.into())
}

/// As ours look to a client.
fn written(write: impl FnOnce(&mut Ws, &mut Vec<u8>)) -> Vec<u8> {
    let (mut ws, mut out) = (Ws::default(), Vec::new());
    write(&mut ws, &mut out);
    out
}
