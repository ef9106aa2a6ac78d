//! Open connections from the client's side: everything here goes through [`testing`](crate::testing).

mod closing;
mod drain;
mod echo;
mod handles;
mod handshake;
mod hijack;
mod openings;
mod panics;
mod pause;
mod publishing;
mod queue;
mod retained;
mod silence;
mod stopping;
mod streams;
mod ticks;
mod topics;
mod violations;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::testing::App;
use crate::{
    Callbacks, CloseReason, EventHandler, EventStream, LiveOptions, Message, Method, Request, Response, Routes,
    WebSocket,
};

/// What a probe was told, in order; a probe's closures may write here, too.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    /// What was added since it was asked last.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

type OnSocket = Box<dyn Fn(&mut WebSocket<'_>) + Send + Sync>;
type OnStream = Box<dyn Fn(&mut EventStream<'_>) + Send + Sync>;
type OnMessage = Box<dyn Fn(&mut WebSocket<'_>, Message<'_>) + Send + Sync>;

/// A handler put together of closures, which notes each end of a connection as `number: reason`, the first connection being 1.
struct Probe {
    log: Log,
    opened: AtomicU32,
    open: OnSocket,
    message: OnMessage,
    pong: OnMessage,
    tick: OnSocket,
    drain: OnSocket,
    stream_open: OnStream,
    stream_tick: OnStream,
    stream_drain: OnStream,
    close: Box<dyn Fn() + Send + Sync>,
}

impl Probe {
    /// Does nothing but note ends.
    fn new(log: &Log) -> Probe {
        Probe {
            log: log.clone(),
            opened: AtomicU32::new(0),
            open: Box::new(|_| {}),
            message: Box::new(|_, _| {}),
            pong: Box::new(|_, _| {}),
            tick: Box::new(|_| {}),
            drain: Box::new(|_| {}),
            stream_open: Box::new(|_| {}),
            stream_tick: Box::new(|_| {}),
            stream_drain: Box::new(|_| {}),
            close: Box::new(|| {}),
        }
    }

    /// Sends every message back.
    fn echo(log: &Log) -> Probe {
        Probe { message: Box::new(|ws, message| _ = ws.send(message)), ..Probe::new(log) }
    }

    /// Does on a message what `act` says.
    fn on_message(log: &Log, act: impl Fn(&mut WebSocket<'_>, Message<'_>) + Send + Sync + 'static) -> Probe {
        Probe { message: Box::new(act), ..Probe::new(log) }
    }

    /// Does on an open what `act` says.
    fn on_open(log: &Log, act: impl Fn(&mut WebSocket<'_>) + Send + Sync + 'static) -> Probe {
        Probe { open: Box::new(act), ..Probe::echo(log) }
    }

    /// Does with a new event stream what `act` says.
    fn on_stream(log: &Log, act: impl Fn(&mut EventStream<'_>) + Send + Sync + 'static) -> Probe {
        Probe { stream_open: Box::new(act), ..Probe::new(log) }
    }

    fn number(&self) -> u32 {
        self.opened.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn closed(&self, number: u32, why: &CloseReason) {
        self.log.add(format!("{number}: {why:?}"));
        (self.close)();
    }
}

impl EventHandler for Probe {
    type Conn = u32;
    const CALLBACKS: Callbacks = Callbacks::WEB_SOCKET.and(Callbacks::EVENT_STREAM);

    fn on_ws_open(&self, ws: &mut WebSocket<'_>, _: &Request<'_>) -> Result<u32, Response> {
        (self.open)(ws);
        Ok(self.number())
    }

    fn on_ws_message(&self, ws: &mut WebSocket<'_>, _: &mut u32, message: Message<'_>) {
        (self.message)(ws, message);
    }

    fn on_ws_pong(&self, ws: &mut WebSocket<'_>, _: &mut u32, payload: &[u8]) {
        (self.pong)(ws, Message::of_bytes(payload));
    }

    fn on_ws_tick(&self, ws: &mut WebSocket<'_>, _: &mut u32) {
        (self.tick)(ws);
    }

    fn on_ws_drain(&self, ws: &mut WebSocket<'_>, _: &mut u32) {
        (self.drain)(ws);
    }

    fn on_ws_close(&self, number: u32, why: CloseReason) {
        self.closed(number, &why);
    }

    fn on_sse_open(&self, stream: &mut EventStream<'_>, _: &Request<'_>) -> Result<u32, Response> {
        (self.stream_open)(stream);
        Ok(self.number())
    }

    fn on_sse_tick(&self, stream: &mut EventStream<'_>, _: &mut u32) {
        (self.stream_tick)(stream);
    }

    fn on_sse_drain(&self, stream: &mut EventStream<'_>, _: &mut u32) {
        (self.stream_drain)(stream);
    }

    fn on_sse_close(&self, number: u32, why: CloseReason) {
        self.closed(number, &why);
    }
}

/// An app with this handler at `/`.
fn serve(handler: impl EventHandler) -> App {
    serve_with(handler, |_| {})
}

/// The same, with options.
fn serve_with(handler: impl EventHandler, change: impl FnOnce(&mut LiveOptions) + Send + 'static) -> App {
    App::new(Routes::new().route("/", Method::GET, handler).live(change))
}

/// An echo at `/`.
fn echo() -> App {
    serve(Probe::echo(&Log::default()))
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Panics without a backtrace in the test's output.
fn fail() -> ! {
    std::panic::resume_unwind(Box::new("a callback of a test panics"))
}
