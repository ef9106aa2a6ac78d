//! The application of the simulated WebSockets and event streams, and the book that it keeps of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use hop::{
    Callbacks, CloseReason, Event, EventHandler, EventStream, Message, Method, Request, Response, Routes, WebSocket,
    WebSocketHandle,
};

/// Who was opened and who was told of the end.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    opened: usize,
    closed: HashMap<usize, CloseReason>,
    /// States of connections that exist.
    alive: usize,
    paused: Vec<WebSocketHandle>,
}

/// The state of one connection.
#[derive(Debug)]
pub struct Member {
    number: usize,
    ticks: usize,
    ledger: Arc<Ledger>,
}

impl Ledger {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().expect("nothing panics while it holds the book of the simulator")
    }

    fn open(self: &Arc<Self>) -> Member {
        let mut book = self.book();
        book.opened += 1;
        book.alive += 1;
        Member { number: book.opened, ticks: 0, ledger: Arc::clone(self) }
    }

    /// How many connections are open.
    ///
    /// # Panics
    /// When a connection's state lives on although its end was told, or is gone although it was not.
    pub fn open_count(&self) -> usize {
        let book = self.book();
        let open = book.opened - book.closed.len();
        assert_eq!(book.alive, open, "a state lives exactly as long as its connection");
        open
    }

    /// How many were opened.
    pub fn opened(&self) -> usize {
        self.book().opened
    }

    /// How often each kind of end was told, by its name.
    pub fn ends(&self) -> HashMap<String, usize> {
        let mut ends = HashMap::new();
        for why in self.book().closed.values() {
            let name = format!("{why:?}");
            *ends.entry(name.split([' ', '{']).next().unwrap_or_default().to_owned()).or_default() += 1;
        }
        ends
    }

    /// The connection that has been paused for longest.
    pub fn take_paused(&self) -> Option<WebSocketHandle> {
        let mut book = self.book();
        if book.paused.is_empty() { None } else { Some(book.paused.remove(0)) }
    }

    /// Whether somebody waits to be resumed.
    pub fn has_paused(&self) -> bool {
        !self.book().paused.is_empty()
    }

    /// Begins a new book.
    pub fn clear(&self) {
        *self.book() = Book::default();
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.ledger.book().alive -= 1;
    }
}

/// The handler. A socket's text is an order where it looks like one; everything else comes back.
#[derive(Debug)]
pub struct Room(pub Arc<Ledger>);

impl Room {
    fn closed(&self, member: Member, why: CloseReason) {
        let number = member.number;
        drop(member);
        let told_before = self.0.book().closed.insert(number, why);
        assert!(told_before.is_none(), "the end of connection {number} is told twice");
    }
}

impl EventHandler for Room {
    type Conn = Member;
    const CALLBACKS: Callbacks = Callbacks::WEB_SOCKET.and(Callbacks::EVENT_STREAM);

    fn on_ws_open(&self, ws: &mut WebSocket<'_>, _: &Request<'_>) -> Result<Member, Response> {
        ws.subscribe("all");
        Ok(self.0.open())
    }

    fn on_ws_message(&self, ws: &mut WebSocket<'_>, _: &mut Member, message: Message<'_>) {
        let text = message.text().unwrap_or_default();
        match text.split_once(':') {
            Some(("pub", _)) => ws.publish("all", text),
            Some(("close", code)) => ws.close_with(code.parse().expect("scripts close with numbers"), "as you wish"),
            Some(("panic", _)) => {
                ws.send("this is taken back");
                std::panic::resume_unwind(Box::new("a handler of the simulator panics"));
            }
            Some(("pause", _)) => {
                ws.pause();
                self.0.book().paused.push(ws.handle());
                ws.send(message);
            }
            _ => _ = ws.send(message),
        }
    }

    fn on_ws_close(&self, member: Member, why: CloseReason) {
        self.closed(member, why);
    }

    fn on_sse_open(&self, stream: &mut EventStream<'_>, _: &Request<'_>) -> Result<Member, Response> {
        stream.subscribe("all");
        Ok(self.0.open())
    }

    fn on_sse_tick(&self, stream: &mut EventStream<'_>, member: &mut Member) {
        member.ticks += 1;
        stream.send(Event::data(format!("tick:{}", member.ticks)));
    }

    fn on_sse_close(&self, member: Member, why: CloseReason) {
        self.closed(member, why);
    }
}

/// The site, with the room at `/`.
pub fn routes(ledger: &Arc<Ledger>) -> Routes {
    Routes::new().route("/", Method::GET, Room(Arc::clone(ledger)))
}
