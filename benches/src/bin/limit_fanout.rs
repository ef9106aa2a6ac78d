//! The practical ceiling of fan-out: a bare `send` of the same bytes to each subscriber.
//!
//! A GET is a WebSocket handshake and makes the connection a subscriber; a POST publishes its body, as one text message.
//! A request is taken to arrive whole. What subscribers say is read and forgotten.

use hop_benches::{
    ceiling::{self, Connection, Work},
    handshake, websocket,
};
use hop_examples::Options;
use memchr::memmem;
use rustix::{
    event::epoll::EventFlags,
    fd::BorrowedFd,
    io::Errno,
    net::{SendFlags, send},
};

const PUBLISHED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn main() -> std::io::Result<()> {
    let options = Options::from_args("The ceiling of fan-out: sends what is posted to all (always one thread).");
    ceiling::serve(&options.addr, FanOut { input: vec![0; 64 * 1024], published: Vec::new() })
}

struct FanOut {
    input: Vec<u8>,
    /// The frames of this turn.
    published: Vec<Vec<u8>>,
}

impl Work for FanOut {
    /// Whether it subscribes.
    type State = bool;
    const INTEREST: EventFlags = EventFlags::IN;

    fn ready(&mut self, socket: BorrowedFd<'_>, is_subscriber: &mut bool) -> Result<bool, Errno> {
        let read = rustix::io::read(socket, &mut self.input[..])?;
        let input = &self.input[..read];
        if *is_subscriber || read == 0 {
            return Ok(read > 0);
        }
        let answer = match input.first() {
            Some(b'G') => handshake::accept(input).ok_or(Errno::PROTO)?,
            _ => {
                let body = memmem::find(input, b"\r\n\r\n").ok_or(Errno::PROTO)? + 4;
                self.published.push(websocket::frame(&input[body..]));
                PUBLISHED.to_vec()
            }
        };
        *is_subscriber = input.starts_with(b"G");
        Ok(rustix::io::write(socket, &answer)? == answer.len())
    }

    fn turned(&mut self, connections: &[Connection<bool>]) {
        for frame in self.published.drain(..) {
            for (socket, _) in connections.iter().flatten().filter(|(_, is_subscriber)| *is_subscriber) {
                // A subscriber that does not read misses messages.
                let _ = send(socket, &frame, SendFlags::NOSIGNAL);
            }
        }
    }
}
