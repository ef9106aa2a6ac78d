//! A WebSocket's client.

use std::collections::VecDeque;
use std::fmt;

use super::answer::Answer;
use super::client::Client;
use crate::app::live::message::{IntoMessage, Message, OwnedMessage};
use crate::wire::close;
use crate::wire::frame::{self, Header, OpCode};
use crate::ws::unmask;

/// The client of one WebSocket: see [`App::ws`](super::App::ws). Dropped, it resets the connection.
///
/// * **Sending**: [`send`](WebSocket::send), [`send_binary`](WebSocket::send_binary), [`ping`](WebSocket::ping),
///   [`close`](WebSocket::close); [`send_frame`](WebSocket::send_frame) and [`send_raw`](WebSocket::send_raw) for what is not a whole
///   message or not legal; [`split_every`](WebSocket::split_every) for how it arrives.
/// * **Reading**: [`text`](WebSocket::text), [`binary`](WebSocket::binary), [`message`](WebSocket::message),
///   [`pong`](WebSocket::pong), [`pinged`](WebSocket::pinged), [`closed`](WebSocket::closed). Each waits for other threads, up to five seconds, and
///   panics when nothing comes. [`is_empty`](WebSocket::is_empty) and [`try_message`](WebSocket::try_message) do not wait.
///
/// It answers pings and the server's close only when it reads, so that a client that has gone quiet is played by not reading. A server that breaks
/// RFC 6455 makes it panic.
///
/// ```
/// # use hop::{Callbacks, EventHandler, Message, Request, Response, Routes, WebSocket, Method, testing::App};
/// struct Echo;
///
/// impl EventHandler for Echo {
///     type Conn = ();
///     const CALLBACKS: Callbacks = Callbacks::WEB_SOCKET;
///
///     fn on_ws_open(&self, _: &mut WebSocket<'_>, _: &Request<'_>) -> Result<(), Response> {
///         Ok(())
///     }
///
///     fn on_ws_message(&self, ws: &mut WebSocket<'_>, _: &mut (), message: Message<'_>) {
///         ws.send(message);
///     }
/// }
///
/// let app = App::new(Routes::new().route("/echo", Method::GET, Echo));
/// let mut ws = app.ws("/echo");
/// ws.send("hi");
/// assert_eq!(ws.text(), "hi");
/// ws.close(1000, "bye");
/// assert_eq!(ws.closed().code, 1000);
/// ```
pub struct WebSocket {
    client: Client,
    answer: Answer,
    piece_bytes: usize,
    unread: Vec<u8>,
    /// A message whose last fragment has not come.
    gathering: Option<(OpCode, Vec<u8>)>,
    messages: VecDeque<OwnedMessage>,
    pings: VecDeque<Vec<u8>>,
    pongs: VecDeque<Vec<u8>>,
    closed: Option<Closed>,
    close_sent: bool,
}

/// How a WebSocket ended: see [`WebSocket::closed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The server's code; 1005 where its close frame had none, 1006 where there was no close frame.
    pub code: u16,
    /// The server's reason, often empty.
    pub reason: String,
}

/// A whole frame as clients send it: masked.
///
/// ```
/// use hop::testing::frame;
/// use hop::ws::OpCode;
///
/// let frames = [frame(OpCode::Text, false, b"in two "), frame(OpCode::Continuation, true, b"fragments")].concat();
/// assert_eq!(frames.len(), 2 * 6 + 16);
/// ```
pub fn frame(opcode: OpCode, fin: bool, payload: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = Vec::with_capacity(frame::HEADER_BYTES_MAX + payload.len());
    let payload_bytes = payload.len() as u64;
    Header { fin, rsv1: false, opcode, mask: Some(KEY), payload_bytes }.encode(&mut frame);
    let start = frame.len();
    frame.extend_from_slice(payload);
    unmask(&mut frame[start..], KEY, 0);
    frame
}

/// Sending.
impl WebSocket {
    pub(super) fn new(client: Client, answer: Answer) -> WebSocket {
        WebSocket {
            client,
            answer,
            piece_bytes: usize::MAX,
            unread: Vec::new(),
            gathering: None,
            messages: VecDeque::new(),
            pings: VecDeque::new(),
            pongs: VecDeque::new(),
            closed: None,
            close_sent: false,
        }
    }

    /// Sends a message: text or bytes, whatever a handler could send.
    pub fn send(&mut self, message: impl IntoMessage) {
        message.lend(|message| {
            let opcode = if message.is_text() { OpCode::Text } else { OpCode::Binary };
            self.send_frame(opcode, true, message.as_bytes());
        });
    }

    /// Sends a binary message.
    pub fn send_binary(&mut self, bytes: impl AsRef<[u8]>) {
        self.send_frame(OpCode::Binary, true, bytes.as_ref());
    }

    /// Sends a ping.
    pub fn ping(&mut self, payload: impl AsRef<[u8]>) {
        self.send_frame(OpCode::Ping, true, payload.as_ref());
    }

    /// Sends a close frame, with whatever code. [`closed`](WebSocket::closed) reads the answer.
    pub fn close(&mut self, code: u16, reason: &str) {
        self.send_frame(OpCode::Close, true, &[&code.to_be_bytes(), reason.as_bytes()].concat());
        self.close_sent = true;
    }

    /// Sends one frame: a fragment, or one that is out of place.
    pub fn send_frame(&mut self, opcode: OpCode, fin: bool, payload: &[u8]) {
        self.send_raw(frame(opcode, fin, payload));
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: impl AsRef<[u8]>) {
        for piece in bytes.as_ref().chunks(self.piece_bytes) {
            self.client.send(piece);
        }
    }

    /// From now on, what is sent arrives in pieces of `n` bytes.
    ///
    /// # Panics
    ///
    /// When `n` is 0.
    pub fn split_every(&mut self, n: usize) {
        assert!(n > 0, "a piece has at least one byte");
        self.piece_bytes = n;
    }

    /// The connection under it: to end or reset it, or to stop taking what the server sends ([`Client::window`]).
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// The answer to its handshake.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// The subprotocol that the server has chosen.
    pub fn protocol(&self) -> Option<&str> {
        self.answer.header("sec-websocket-protocol")
    }
}

/// Reading.
impl WebSocket {
    /// The next message.
    ///
    /// # Panics
    ///
    /// When none comes.
    #[track_caller]
    pub fn message(&mut self) -> OwnedMessage {
        self.next("message", |ws| ws.messages.pop_front())
    }

    /// The next message, which is text.
    ///
    /// # Panics
    ///
    /// When none comes, or a binary one.
    #[track_caller]
    pub fn text(&mut self) -> String {
        let message = self.message();
        message.borrow().text().expect("the message is text").to_owned()
    }

    /// The next message, which is binary.
    ///
    /// # Panics
    ///
    /// When none comes, or a text.
    #[track_caller]
    pub fn binary(&mut self) -> Vec<u8> {
        let message = self.message();
        assert!(!message.borrow().is_text(), "the message is text: {message:?}");
        message.borrow().as_bytes().to_vec()
    }

    /// The payload of the next pong.
    ///
    /// # Panics
    ///
    /// When none comes.
    #[track_caller]
    pub fn pong(&mut self) -> Vec<u8> {
        self.next("pong", |ws| ws.pongs.pop_front())
    }

    /// The payload of the server's next ping, which was answered.
    ///
    /// # Panics
    ///
    /// When none comes.
    #[track_caller]
    pub fn pinged(&mut self) -> Vec<u8> {
        self.next("ping", |ws| ws.pings.pop_front())
    }

    /// How the server has closed. Messages that came before can still be read.
    ///
    /// # Panics
    ///
    /// When it does not close.
    #[track_caller]
    pub fn closed(&mut self) -> Closed {
        loop {
            self.read();
            if let Some(closed) = &self.closed {
                return closed.clone();
            }
            if self.client.is_ended() {
                return Closed { code: close::ABNORMAL, reason: String::new() };
            }
            assert!(self.client.wait(), "the server does not close; {self:?}");
        }
    }

    /// The next message, if one is there.
    #[track_caller]
    pub fn try_message(&mut self) -> Option<OwnedMessage> {
        self.read();
        self.messages.pop_front()
    }

    /// Whether nothing has come that was not read: no message, no ping, no pong, no close, and no end of the connection.
    #[track_caller]
    pub fn is_empty(&mut self) -> bool {
        self.read();
        let nothing = self.messages.is_empty() && self.pings.is_empty() && self.pongs.is_empty();
        nothing && self.closed.is_none() && !self.client.is_ended()
    }

    #[track_caller]
    fn next<T>(&mut self, what: &str, take: impl Fn(&mut WebSocket) -> Option<T>) -> T {
        loop {
            self.read();
            if let Some(taken) = take(self) {
                return taken;
            }
            let more = self.closed.is_none() && self.client.wait();
            assert!(more, "no {what} came; {self:?}");
        }
    }

    /// Takes in all whole frames that are there, and what comes because of that.
    #[track_caller]
    fn read(&mut self) {
        loop {
            let arrived = self.client.take();
            if arrived.is_empty() {
                break;
            }
            self.unread.extend_from_slice(&arrived);
            let unread = std::mem::take(&mut self.unread);
            let mut at = 0;
            while let Some((header, start, end)) = whole_frame(&unread, at) {
                self.take_in(header, &unread[start..end]);
                at = end;
            }
            self.unread = unread[at..].to_vec();
        }
        if self.closed.is_some() && self.client.is_ended() {
            // RFC 6455 §7.1.1: the server has ended the connection first.
            self.client.end();
        }
    }

    #[track_caller]
    fn take_in(&mut self, header: Header, payload: &[u8]) {
        assert!(self.closed.is_none(), "a frame comes after the server's close: {header:?}");
        match header.opcode {
            OpCode::Ping => {
                self.pings.push_back(payload.to_vec());
                if !self.close_sent {
                    self.send_frame(OpCode::Pong, true, payload);
                }
            }
            OpCode::Pong => self.pongs.push_back(payload.to_vec()),
            OpCode::Close => self.take_close(payload),
            OpCode::Text | OpCode::Binary => {
                assert!(self.gathering.is_none(), "a message begins inside another one");
                self.take_fragment(header.opcode, Vec::new(), header.fin, payload);
            }
            OpCode::Continuation => {
                let (opcode, begun) = self.gathering.take().expect("a continuation continues a message");
                self.take_fragment(opcode, begun, header.fin, payload);
            }
        }
    }

    #[track_caller]
    fn take_fragment(&mut self, opcode: OpCode, mut data: Vec<u8>, fin: bool, payload: &[u8]) {
        data.extend_from_slice(payload);
        if !fin {
            self.gathering = Some((opcode, data));
        } else if opcode == OpCode::Text {
            let text = String::from_utf8(data).expect("a text is UTF-8");
            self.messages.push_back(Message::of_text(&text).to_owned());
        } else {
            self.messages.push_back(Message::of_bytes(&data).to_owned());
        }
    }

    #[track_caller]
    fn take_close(&mut self, payload: &[u8]) {
        let (code, reason) = close::parse(payload).expect("a close has a legal code and a reason in UTF-8");
        self.closed = Some(Closed { code: code.unwrap_or(close::NONE), reason: reason.to_owned() });
        if !self.close_sent {
            self.send_frame(OpCode::Close, true, &payload[..payload.len().min(2)]);
            self.close_sent = true;
        }
    }
}

/// The frame at `at`, if it is whole: its header, and where its payload begins and ends.
#[track_caller]
fn whole_frame(unread: &[u8], at: usize) -> Option<(Header, usize, usize)> {
    let parsed = frame::parse(&unread[at..]).unwrap_or_else(|error| panic!("the server sends no frame: {error}"));
    let (used, header) = parsed?;
    assert!(header.mask.is_none(), "a server masks nothing (RFC 6455 §5.1)");
    assert!(!header.rsv1, "compression was not agreed on");
    let start = at + used;
    let end = start + usize::try_from(header.payload_bytes).expect("a frame fits into memory");
    (end <= unread.len()).then_some((header, start, end))
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebSocket with {} messages unread, ", self.messages.len())?;
        match &self.closed {
            Some(closed) => write!(f, "closed with {} {:?}", closed.code, closed.reason),
            None if self.client.is_ended() => f.write_str("ended without a close"),
            None => f.write_str("open"),
        }
    }
}
