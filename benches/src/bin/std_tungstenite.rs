//! A peer: tungstenite's blocking `WebSocket`, a thread per connection.

use hop_examples::{Options, listening};
use std::{
    io,
    net::{TcpListener, TcpStream},
    thread,
};
use tungstenite::Error;

fn main() -> io::Result<()> {
    let options =
        Options::from_args("Echoes WebSocket messages, a thread per connection (so --workers changes nothing).");
    let listener = TcpListener::bind(&options.addr)?;
    listening(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept()?;
        // An error is the client's own end: a reset, or a connection it left half way.
        thread::Builder::new().spawn(move || drop(echo(stream)))?;
    }
}

fn echo(stream: TcpStream) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut socket = tungstenite::accept(stream).map_err(|error| Error::Io(io::Error::other(error.to_string())))?;
    loop {
        let message = socket.read()?;
        if message.is_text() || message.is_binary() {
            socket.send(message)?;
        }
    }
}
