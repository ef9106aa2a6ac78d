//! A WebSocket client over a real socket: tungstenite, and the bytes of its messages to be sent in any pieces.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An open WebSocket. Whatever goes wrong is a panic that says what.
#[derive(Debug)]
pub struct Client {
    socket: WebSocket<TcpStream>,
    path: String,
}

impl Client {
    /// Opens the WebSocket at `path`.
    pub fn open(addr: SocketAddr, path: &str) -> Client {
        let stream = TcpStream::connect(addr).expect("the server listens");
        stream.set_nodelay(true).expect("an open socket takes options");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above 0 is valid");
        let opened = tungstenite::client::client_with_config(format!("ws://{addr}{path}"), stream, Some(config()));
        Client {
            socket: opened.unwrap_or_else(|error| panic!("{path} does not open: {error}")).0,
            path: path.to_owned(),
        }
    }

    /// Sends a message.
    pub fn send(&mut self, message: Message) {
        self.socket.send(message).expect("the server takes messages");
    }

    /// The next message: also a ping, a pong or a close.
    pub fn message(&mut self) -> Message {
        self.socket.read().unwrap_or_else(|error| panic!("{} sends no message: {error}", self.path))
    }

    /// The next message, which is text.
    pub fn text(&mut self) -> String {
        match self.message() {
            Message::Text(text) => text.to_string(),
            other => panic!("{other:?} instead of a text"),
        }
    }

    /// Sends bytes as they are, cut as `pieces` says, one write for each; calls `read` meanwhile, so that neither side waits for
    /// the other to read.
    pub fn send_while<T>(&mut self, bytes: &[u8], pieces: &[usize], read: impl FnOnce(&mut Client) -> T) -> T {
        let mut stream = self.socket.get_ref().try_clone().expect("a socket can be cloned");
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut rest = bytes;
                for piece in pieces {
                    let (now, later) = rest.split_at((*piece).min(rest.len()));
                    stream.write_all(now).expect("the server reads");
                    rest = later;
                }
                stream.write_all(rest).expect("the server reads");
            });
            read(self)
        })
    }

    /// Closes with `code`, or without one: the code that the server closes with, after which it has ended the connection.
    pub fn close(mut self, code: Option<u16>) -> Option<u16> {
        let frame = code.map(|code| CloseFrame { code: code.into(), reason: "".into() });
        self.socket.close(frame).expect("the server reads");
        let mut answered = None;
        loop {
            match self.socket.read() {
                Ok(Message::Close(frame)) => answered = Some(frame.map(|frame| frame.code.into())),
                Ok(_) => {}
                Err(Error::ConnectionClosed) => return answered.expect("the connection ends with a close frame"),
                Err(error) => panic!("the close handshake ends with {error}"),
            }
        }
    }

    /// The socket itself.
    pub fn stream(&self) -> &TcpStream {
        self.socket.get_ref()
    }
}

/// The bytes of messages as a client sends them, one after the other.
pub fn encode(messages: &[Message]) -> Vec<u8> {
    let mut socket = WebSocket::from_raw_socket(std::io::Cursor::new(Vec::new()), Role::Client, Some(config()));
    for message in messages {
        socket.send(message.clone()).expect("memory takes everything");
    }
    socket.get_ref().get_ref().clone()
}

/// Messages and frames of 64 MiB.
fn config() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(64 << 20)).max_frame_size(Some(64 << 20))
}
