//! A WebSocket's handshake, from the client's side.

use http::{HeaderName, HeaderValue};

use super::App;
use super::answer::Answer;
use super::client::Client;
use super::ws::WebSocket;
use crate::wire::handshake::accept_key;

/// The key of RFC 6455 §1.3: in memory nothing depends on its being random.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A handshake being made: see [`App::ws_request`].
pub struct WsRequest {
    app: App,
    target: String,
    fields: Vec<(String, String)>,
    protocols: Vec<String>,
    behind: Vec<u8>,
    piece_bytes: usize,
}

/// A handshake that was sent and may not be answered yet: see [`WsRequest::start`].
pub struct Opening {
    client: Client,
    protocols: Vec<String>,
}

impl WsRequest {
    pub(super) fn new(app: App, target: &str) -> WsRequest {
        let own = [
            ("Host", "test"),
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", KEY),
        ];
        let fields = own.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let target = target.to_owned();
        WsRequest { app, target, fields, protocols: Vec::new(), behind: Vec::new(), piece_bytes: usize::MAX }
    }

    /// With a header field, in place of the handshake's own one of that name.
    ///
    /// # Panics
    ///
    /// When HTTP does not allow the name or the value.
    #[track_caller]
    pub fn header(self, name: &str, value: &str) -> WsRequest {
        HeaderName::try_from(name).expect("the header's name is a token");
        HeaderValue::try_from(value).expect("the header's value has no control characters");
        let own = ["host", "connection", "upgrade", "sec-websocket-version", "sec-websocket-key"];
        let mut request = if own.contains(&&*name.to_ascii_lowercase()) { self.without(name) } else { self };
        request.fields.push((name.to_owned(), value.to_owned()));
        request
    }

    /// Without a field of the handshake.
    pub fn without(mut self, name: &str) -> WsRequest {
        self.fields.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Offers a subprotocol, after those that were offered before.
    pub fn protocol(mut self, name: &str) -> WsRequest {
        self.protocols.push(name.to_owned());
        self
    }

    /// Sends these bytes together with the handshake, without waiting for its answer: frames, or the body that a handshake must not have.
    pub fn followed_by(mut self, bytes: impl AsRef<[u8]>) -> WsRequest {
        self.behind.extend_from_slice(bytes.as_ref());
        self
    }

    /// Sends everything in pieces of `n` bytes.
    pub fn split_every(mut self, n: usize) -> WsRequest {
        self.piece_bytes = n;
        self
    }

    /// The bytes that are sent.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("GET {} HTTP/1.1\r\n", self.target);
        self.fields.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        if !self.protocols.is_empty() {
            head.push_str(&format!("Sec-WebSocket-Protocol: {}\r\n", self.protocols.join(", ")));
        }
        [head.as_bytes(), b"\r\n", &self.behind].concat()
    }

    /// Sends it, and waits for nothing.
    ///
    /// # Panics
    ///
    /// When the app takes no more connections.
    #[track_caller]
    pub fn start(self) -> Opening {
        let mut client = self.app.connect();
        self.bytes().chunks(self.piece_bytes).for_each(|piece| client.send(piece));
        Opening { client, protocols: self.protocols }
    }

    /// Sends it. `Err`: it was refused with this answer.
    ///
    /// ```
    /// # use hop::{Method, Routes, handler, testing::App};
    /// let app = App::new(Routes::new().route("/page", Method::GET, handler(|_, reply| reply.send("a page"))));
    /// assert_eq!(app.ws_request("/page").send().unwrap_err().text(), "a page");
    /// ```
    ///
    /// # Panics
    ///
    /// When no answer comes, or one that opens a WebSocket against RFC 6455.
    #[track_caller]
    #[allow(clippy::result_large_err, reason = "a test wants the answer as it is, and makes few of them")]
    pub fn send(self) -> Result<WebSocket, Answer> {
        self.start().finish()
    }

    /// Sends it; it must be refused with this status.
    ///
    /// ```
    /// # use hop::{Routes, testing::App};
    /// App::new(Routes::new()).ws_request("/nowhere").expect(404);
    /// ```
    ///
    /// # Panics
    ///
    /// When it is not.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        let target = self.target.clone();
        match self.send() {
            Ok(_) => panic!("the WebSocket at {target} was opened; expected {status}"),
            Err(answer) => answer.expect(status),
        }
    }

    /// Sends it; the WebSocket must open.
    ///
    /// # Panics
    ///
    /// When it is refused; the message has the answer.
    #[track_caller]
    pub fn open(self) -> WebSocket {
        let target = self.target.clone();
        match self.send() {
            Ok(ws) => ws,
            Err(answer) => {
                panic!("the WebSocket at {target} was refused with {}: {}", answer.status, answer.body.escape_ascii())
            }
        }
    }
}

impl Opening {
    /// The connection, to send frames that have to wait for the answer, or to go away.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Waits for the answer. `Err`: it is a refusal.
    ///
    /// # Panics
    ///
    /// As [`WsRequest::send`].
    #[track_caller]
    #[allow(clippy::result_large_err, reason = "a test wants the answer as it is, and makes few of them")]
    pub fn finish(mut self) -> Result<WebSocket, Answer> {
        let answer = self.client.answer_or_head(101);
        if answer.status != 101 {
            return Err(answer);
        }
        // RFC 6455 §4.1: what a client has to look at.
        let says = |name, value: &str| answer.header(name).is_some_and(|said| said.eq_ignore_ascii_case(value));
        assert!(says("upgrade", "websocket") && says("connection", "upgrade"), "no upgrade: {:?}", answer.headers);
        assert_eq!(answer.header("sec-websocket-accept"), Some(&*accept_key(KEY.as_bytes())));
        if let Some(chosen) = answer.header("sec-websocket-protocol") {
            assert!(self.protocols.iter().any(|offered| offered == chosen), "{chosen} was not offered");
        }
        Ok(WebSocket::new(self.client, answer))
    }
}
