//! One connection: session × protocol × unsent output × unread input.
//!
//! This file knows no route and no handler: what the application keeps for a request in flight is the opaque, boxed `F`.

use crate::buf::carry::Carry;
use crate::buf::out::Queue;
use crate::proto::cycle::State;
use crate::proto::h1::H1;
use crate::proto::ws::Ws;

/// A transformation of the bytes between the socket and the protocol: TLS, one day; the identity is no session at all.
///
/// A session is a value: it is given bytes and appends bytes. It keeps a record that is not complete to itself.
pub trait Session: Send {
    /// Takes bytes that came from the socket; appends what they mean to `plain` and what must be said back to `cipher`.
    fn decrypt(&mut self, input: &[u8], plain: &mut Vec<u8>, cipher: &mut Vec<u8>) -> Result<(), SessionError>;
    /// Appends the form in which `plain` travels.
    fn encrypt(&mut self, plain: &[u8], cipher: &mut Vec<u8>);
    /// Appends the farewell, if there is one: nothing is encrypted after it.
    fn close(&mut self, cipher: &mut Vec<u8>) {
        let _ = cipher;
    }
}

/// The peer broke the session: the connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionError;

/// A session and its bytes that wait for the socket.
pub struct Secured {
    pub session: Box<dyn Session>,
    pub cipher: Vec<u8>,
    pub sent: usize,
    pub said_goodbye: bool,
}

impl Secured {
    pub fn new(session: Box<dyn Session>) -> Self {
        Secured { session, cipher: Vec::new(), sent: 0, said_goodbye: false }
    }

    pub fn unsent(&self) -> &[u8] {
        &self.cipher[self.sent..]
    }

    pub fn advance(&mut self, n: usize) {
        self.sent += n;
        if self.sent == self.cipher.len() {
            self.cipher = Vec::new();
            self.sent = 0;
        }
    }
}

/// The protocol that a connection speaks now.
///
/// `L` is what the application keeps for a connection that stays open: away while one of its callbacks runs, and gone when it was told
/// of the end.
#[derive(Debug)]
pub enum Proto<L> {
    /// HTTP/1.x.
    H1(H1),
    /// A WebSocket.
    Ws(Ws, Option<Box<L>>),
    /// An event stream.
    Events(Events, Option<Box<L>>),
    /// Bytes that are the user's own.
    Raw(Raw),
}

/// An event stream: the body of an answer that goes on and on.
#[derive(Clone, Copy, Debug)]
pub struct Events {
    /// Each event is wrapped in a chunk (HTTP/1.1).
    pub chunked: bool,
    /// Its end was written.
    pub over: bool,
}

/// A hijacked connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw {
    /// Nothing is under way: it ends when nothing comes for a while.
    pub rests: bool,
    /// What is queued leaves, then the connection ends.
    pub over: bool,
    /// What is queued leaves, then nothing more is said; the peer is still heard.
    pub mute: bool,
    /// It goes on after the peer has sent its last.
    pub stays: bool,
    /// Its callback knows that the peer has sent its last.
    pub told: bool,
}

impl<L> Proto<L> {
    /// Where the connection stands: what is open, beyond HTTP, counts as an answer without end.
    #[inline]
    pub fn state(&self) -> State {
        let over = match self {
            Proto::H1(h1) => return h1.state(),
            Proto::Ws(ws, _) => ws.is_over(),
            Proto::Events(events, _) => events.over,
            Proto::Raw(raw) => raw.over,
        };
        if over { State::Closing } else { State::Answering }
    }

    /// Nothing is read any more; what is queued leaves, then the connection ends.
    pub fn stop(&mut self) {
        match self {
            Proto::H1(h1) => h1.stop(),
            Proto::Ws(ws, _) => ws.end(),
            Proto::Events(events, _) => events.over = true,
            Proto::Raw(raw) => raw.over = true,
        }
    }

    /// Whether nothing is said behind what is queued.
    #[inline]
    pub fn has_said_all(&self) -> bool {
        matches!(self, Proto::Raw(raw) if raw.mute) || self.state() == State::Closing
    }

    /// The application's part of a connection that stays open, where it is.
    #[inline]
    pub fn live(&mut self) -> Option<&mut Option<Box<L>>> {
        match self {
            Proto::Ws(_, live) | Proto::Events(_, live) => Some(live),
            Proto::H1(_) | Proto::Raw(_) => None,
        }
    }
}

/// Why a connection's deadline was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// No deadline.
    Off,
    /// Between requests; of what stays open, its own times: ticks, pings, silence.
    Idle,
    /// As [`Timer::Idle`], of what stays open and has unread input: a frame that has begun, or messages that are not wanted now.
    Held,
    /// As [`Timer::Idle`], of a hijacked connection, between requests when empty lines have come, and of a streamed answer that has nothing
    /// to say to a client that has sent its last.
    Rest,
    /// A head has begun.
    Head,
    /// A body has begun.
    Body,
    /// The request is whole, the answer owed; or the rest of an answer, to a client that has sent its last.
    Answer,
    /// Output waits for the socket, or will when it is pulled.
    Write,
    /// The last answer has left; the peer may read it.
    Linger,
}

/// One connection: `F` and `L` are the application's, see the module and [`Proto`].
pub struct Conn<F, L> {
    pub proto: Proto<L>,
    /// Output that the socket did not take yet.
    pub queue: Option<Box<Queue>>,
    /// Input that was read and not used yet.
    pub carry: Option<Box<Carry>>,
    pub session: Option<Box<Secured>>,
    /// What is in flight beyond the plain path.
    pub flight: Option<Box<F>>,
    /// Number of the current request, wrapping: an answer to an older one is stale.
    pub request: u32,
    /// Bytes of an unwanted body that were thrown away.
    pub drained: u32,
    pub timer: Timer,
    /// The peer will send no more.
    pub ended: bool,
    /// hop has said that it will send no more.
    pub shut: bool,
    /// Nothing can be sent or received any more.
    pub cut: bool,
    /// It waits in the engine's list of connections to look at.
    pub listed: bool,
}

impl<F, L> Conn<F, L> {
    /// Between two requests or messages, with nothing unread, unsent or special about it; what its last turn wrote may be in the cork.
    pub fn is_at_rest(&self) -> bool {
        let boxed = self.queue.is_some() || self.carry.is_some() || self.flight.is_some() || self.session.is_some();
        self.timer == Timer::Idle && !(boxed || self.ended || self.cut)
    }

    /// Nothing is sent or received any more, and nothing is waited for.
    pub fn cut(&mut self) {
        self.cut = true;
        self.timer = Timer::Off;
    }

    pub fn new(session: Option<Box<dyn Session>>) -> Self {
        Conn {
            proto: Proto::H1(H1::default()),
            queue: None,
            carry: None,
            session: session.map(|session| Box::new(Secured::new(session))),
            flight: None,
            request: 0,
            drained: 0,
            timer: Timer::Off,
            ended: false,
            shut: false,
            cut: false,
            listed: false,
        }
    }

    /// Whether output waits, the cork aside.
    pub fn has_output(&self) -> bool {
        self.queue.is_some() || self.session.as_ref().is_some_and(|secured| !secured.unsent().is_empty())
    }

    /// Unread input, in bytes.
    pub fn carry_bytes(&self) -> usize {
        self.carry.as_ref().map_or(0, |carry| carry.unread().len())
    }
}

// With the slab's slot (8), the timer wheel's entry (16) and the driver's socket (16) a connection stays within 128 bytes.
const _: () = assert!(size_of::<Conn<(), ()>>() <= 88);
