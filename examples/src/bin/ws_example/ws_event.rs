//! `/ws-event`: tungstenite's API without its thread. The poll loop brings bytes, tungstenite finds them in memory, and what it writes
//! goes back through the poll loop.

use std::io::{self, Read, Write};

use hop::RawIo;
use hop::prelude::*;
use tungstenite::WebSocket;
use tungstenite::protocol::Role;

use super::handshake;
use super::ws_std::config;

/// tungstenite would reserve 128 KiB for each connection.
const READ_BYTES: usize = 4096;

#[route("/ws-event")]
pub fn upgrade(headers: Headers<'_>) -> Response {
    let hijack = Response::hijack(|conn| {
        let config = config().read_buffer_size(READ_BYTES).write_buffer_size(0);
        let mut socket = WebSocket::from_raw_socket(Pipe::default(), Role::Server, Some(config));
        conn.on_readable(move |io| turn(&mut socket, io));
    });
    handshake::accept(headers, hijack)
}

fn turn(socket: &mut WebSocket<Pipe>, io: &mut RawIo<'_>) {
    socket.get_mut().input.extend_from_slice(io.unread());
    io.consume(io.unread().len());
    let open = echo(socket);
    io.send(&std::mem::take(&mut socket.get_mut().output));
    if !open {
        io.close();
    }
}

/// Answers all messages that are there. `false`: the conversation has ended.
fn echo(socket: &mut WebSocket<Pipe>) -> bool {
    loop {
        let done = match socket.read() {
            Ok(message) if message.is_text() || message.is_binary() => socket.send(message),
            Ok(_) => socket.flush(),
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => {}
            Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return true,
            Err(_) => return false,
        }
    }
}

/// A stream in memory: empty is not the end.
#[derive(Default)]
struct Pipe {
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let n = into.len().min(self.input.len());
        into[..n].copy_from_slice(&self.input[..n]);
        self.input.drain(..n);
        if self.input.is_empty() {
            self.input = Vec::new();
        }
        Ok(n)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
