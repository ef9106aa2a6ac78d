//! A client over a real socket, strict by [`peer`], and what can be compared of an answer.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::peer::{self, Message, Response};

/// How long something is waited for that must come; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
#[derive(Debug)]
pub struct Dial {
    stream: TcpStream,
    unread: Vec<u8>,
    ended: bool,
}

impl Dial {
    /// Connects.
    pub fn to(address: SocketAddr) -> Dial {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout is set");
        stream.set_nodelay(true).expect("packets leave at once");
        Dial { stream, unread: Vec::new(), ended: false }
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Dial {
        self.stream.write_all(bytes.as_ref()).expect("the server takes what it is sent");
        self
    }

    /// Sends bytes as far as the server takes them. `false`: not all of them.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// The next final answer, to a request of this method; whole, or as far as it came before the end of the connection.
    pub fn answer(&mut self, method: &str) -> Response {
        loop {
            match peer::next(&self.unread, method, self.ended).expect("the server speaks HTTP") {
                Some((used, Message::Interim(_))) => drop(self.unread.drain(..used)),
                Some((used, Message::Final(response))) if response.complete || self.ended => {
                    self.unread.drain(..used);
                    return response;
                }
                _ => assert!(self.read(), "the connection ended without an answer"),
            }
        }
    }

    /// Waits until `text` has come, and gives all that came up to its end.
    pub fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.unread.windows(text.len()).position(|window| window == text.as_bytes()) {
                let taken = self.unread.drain(..at + text.len()).collect();
                return String::from_utf8(taken).expect("what came is text");
            }
            assert!(self.read(), "{text:?} never came, only {}", self.unread.escape_ascii());
        }
    }

    /// Waits for the end of the connection, and gives what came before it.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.read() {}
        std::mem::take(&mut self.unread)
    }

    /// Leaves at once: the server is told by a reset.
    pub fn reset(self) {
        rustix::net::sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO)).expect("the socket is open");
    }

    /// Reads once. `false`: the connection has ended.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 64 * 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => self.ended = true,
                Ok(n) => self.unread.extend_from_slice(&bytes[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
                    self.ended = true
                }
                Err(error) => panic!("nothing came: {error}; so far {}", self.unread.escape_ascii()),
            }
            return !self.ended;
        }
    }
}

/// What two servers must have in common in an answer: its status, its fields but for the date, and its body.
#[derive(Debug, PartialEq)]
pub struct Seen {
    /// The status.
    pub status: u16,
    /// Names and values, sorted by name: which name comes first means nothing.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// Whether it came whole.
    pub complete: bool,
}

impl From<Response> for Seen {
    fn from(response: Response) -> Seen {
        let text =
            |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.escape_ascii().to_string());
        let headers = response.headers.iter().filter(|(name, _)| name != "date");
        let mut headers: Vec<_> = headers.map(|(name, value)| (name.clone(), text(value))).collect();
        headers.sort_by(|one, other| one.0.cmp(&other.0));
        Seen { status: response.status, headers, body: text(&response.body), complete: response.complete }
    }
}

impl Seen {
    /// The value of the first field of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// One request on a connection of its own; its method is its first word.
pub fn ask(address: SocketAddr, request: &str) -> Seen {
    let method = request.split(' ').next().unwrap_or_default();
    Dial::to(address).send(request).answer(method).into()
}

/// The text of a request with this first line, these further lines and this body, whose length is added if it has one.
pub fn request(line: &str, headers: &[&str], body: &str) -> String {
    let mut text = format!("{line} HTTP/1.1\r\nHost: a\r\n");
    headers.iter().for_each(|header| text += &format!("{header}\r\n"));
    if !body.is_empty() {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    text + "\r\n" + body
}
