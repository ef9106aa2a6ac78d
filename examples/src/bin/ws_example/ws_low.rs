//! `/ws-low`: an echo that sees frames. Payloads are sent back as they come, piece by piece, so that a frame of any size needs no memory.

use hop::RawIo;
use hop::prelude::*;
use hop::ws::{FrameError, Header, OpCode, close, parse, unmask};

use super::handshake;

#[route("/ws-low")]
pub fn upgrade(headers: Headers<'_>) -> Response {
    let hijack = Response::hijack(|conn| {
        let mut echo = Echo::default();
        conn.on_readable(move |io| {
            if let Err(error) = echo.turn(io) {
                fail(io, error);
            }
        });
    });
    handshake::accept(headers, hijack)
}

/// The frame that is being sent back.
#[derive(Default)]
struct Echo {
    left_bytes: u64,
    key: [u8; 4],
    /// Bytes of its payload that were sent back.
    sent_bytes: usize,
}

impl Echo {
    fn turn(&mut self, io: &mut RawIo<'_>) -> Result<(), FrameError> {
        loop {
            self.payload(io);
            if self.left_bytes > 0 {
                return Ok(());
            }
            let Some((used, header)) = parse(io.unread())? else { return Ok(()) };
            if header.opcode.is_control() {
                if !control(io, used, &header) {
                    return Ok(());
                }
                continue;
            }
            io.consume(used);
            *self = Echo { left_bytes: header.payload_bytes, key: header.mask.unwrap_or_default(), sent_bytes: 0 };
            let mut head = Vec::new();
            Header { mask: None, ..header }.encode(&mut head);
            io.send(&head);
        }
    }

    /// Sends back what is there of the payload.
    fn payload(&mut self, io: &mut RawIo<'_>) {
        let here = io.unread().len().min(usize::try_from(self.left_bytes).unwrap_or(usize::MAX));
        let mut piece = io.unread()[..here].to_vec();
        unmask(&mut piece, self.key, self.sent_bytes);
        io.send(&piece);
        io.consume(here);
        self.sent_bytes += here;
        self.left_bytes -= here as u64;
    }
}

/// Answers a ping or a close as soon as it is whole. `false`: it is not.
fn control(io: &mut RawIo<'_>, used: usize, header: &Header) -> bool {
    let end = used + header.payload_bytes as usize;
    let Some(payload) = io.unread().get(used..end) else { return false };
    let mut payload = payload.to_vec();
    unmask(&mut payload, header.mask.unwrap_or_default(), 0);
    io.consume(end);
    match header.opcode {
        OpCode::Ping => frame(io, OpCode::Pong, &payload),
        OpCode::Close => {
            frame(io, OpCode::Close, &payload);
            io.close();
        }
        _ => {}
    }
    true
}

fn frame(io: &mut RawIo<'_>, opcode: OpCode, payload: &[u8]) {
    let mut frame = Vec::new();
    let payload_bytes = payload.len() as u64;
    Header { fin: true, rsv1: false, opcode, mask: None, payload_bytes }.encode(&mut frame);
    frame.extend_from_slice(payload);
    io.send(&frame);
}

fn fail(io: &mut RawIo<'_>, error: FrameError) {
    let mut payload = close::PROTOCOL.to_be_bytes().to_vec();
    payload.extend_from_slice(error.what().as_bytes());
    frame(io, OpCode::Close, &payload);
    io.close();
}
