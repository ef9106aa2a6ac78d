//! The thread and task budget: what idle connections of each kind add to a server. Every connection has made one request, or
//! one handshake and echo, or has received one event, before anything is sampled.
//!
//! The servers are processes of their own, so what grows is theirs alone. Growth is counted from a server that has already
//! served a connection of the kind, and context switches are those of a time in which nothing is sent.

use crate::{
    exchange::{self, Exchange},
    growth::{Cost, warm_up},
    peers,
    process::Server,
    requests, websocket,
};
use rustix::process::{Resource, getrlimit};
use serde::Serialize;
use std::{
    io::{self, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    thread,
    time::Duration,
};

mod table;

pub use table::{Row, chart, json, notes};

const ECHO_BYTES: usize = 20;
const PING_PAYLOAD: &[u8] = b"anybody there?";
/// One, lest what it leaves behind be enough for all of a few.
const FIRST_CONNECTIONS: usize = 1;
/// Descriptors that a server needs besides those of its connections, generously.
const OTHER_DESCRIPTORS: u64 = 64;
/// Threads, tasks and streams of closed connections end on their own time.
const SETTLE: Duration = Duration::from_millis(1500);

/// A server and what connects to it.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// What the row is called.
    pub name: &'static str,
    /// The server's binary and its arguments.
    pub server: &'static str,
    /// What its connections are.
    pub kind: Kind,
    /// What serves a connection.
    pub model: Model,
}

/// What a connection has done before it is idle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A bare GET of `/`.
    Http,
    /// A handshake at this path, and an echo.
    WebSocket(&'static str),
    /// The first event of this path.
    Events(&'static str),
}

/// What a server has for each open connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// Neither a thread nor a task: a few threads wait for all of them.
    Events,
    /// A thread.
    Threads,
    /// A task of tokio's.
    Tasks,
}

impl Model {
    /// By how much threads and tasks grow with so many connections.
    pub fn grows(self, connections: i64) -> (i64, i64) {
        match self {
            Model::Events => (0, 0),
            Model::Threads => (connections, 0),
            Model::Tasks => (0, connections),
        }
    }
}

const fn scenario(name: &'static str, server: &'static str, kind: Kind, model: Model) -> Scenario {
    Scenario { name, server, kind, model }
}

/// All that can be measured, in the order of the table.
pub const SCENARIOS: [Scenario; 14] = [
    scenario("std-idle-http", "std_example", Kind::Http, Model::Threads),
    scenario("tokio-idle-http", "tokio_example", Kind::Http, Model::Tasks),
    scenario("hop-idle-http", "hop_example", Kind::Http, Model::Events),
    scenario("std-tungstenite", "std_tungstenite", Kind::WebSocket("/"), Model::Threads),
    scenario("tokio-tungstenite", "tungstenite_echo", Kind::WebSocket("/"), Model::Tasks),
    scenario("hop-ws-low", "ws_example", Kind::WebSocket("/ws-low"), Model::Events),
    scenario("hop-ws-high", "ws_example", Kind::WebSocket("/ws-high"), Model::Events),
    scenario("hop-ws-std", "ws_example", Kind::WebSocket("/ws-std"), Model::Threads),
    scenario("hop-ws-event", "ws_example", Kind::WebSocket("/ws-event"), Model::Events),
    scenario("hop-sse", "ws_example", Kind::Events("/sse"), Model::Events),
    scenario("hop-axum-idle", "axum_example", Kind::Http, Model::Events),
    scenario("axum-idle", "axum_example --serve axum", Kind::Http, Model::Tasks),
    // Hosted by hop, but on hyper, and axum spawns a task for each WebSocket.
    scenario("hop-axum-ws", "axum_example", Kind::WebSocket("/ws"), Model::Tasks),
    scenario("axum-ws", "axum_example --serve axum", Kind::WebSocket("/ws"), Model::Tasks),
];

/// What a server has, and how often its threads are switched to while nothing is sent.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sample {
    /// Threads, tasks and memory.
    #[serde(flatten)]
    pub cost: Cost,
    /// Context switches of all its threads, each second.
    pub switches_per_second: f64,
}

impl Sample {
    /// Waits for `idle` and samples then.
    fn after(idle: Duration, server: &mut Server) -> io::Result<Sample> {
        let before = server.context_switches()?;
        thread::sleep(idle);
        let switches = server.context_switches()?.saturating_sub(before);
        // Asking for its tasks wakes the server, so this comes last.
        Ok(Sample { cost: Cost::of(server)?, switches_per_second: switches as f64 / idle.as_secs_f64() })
    }

    fn since(self, before: Sample) -> Sample {
        let switches_per_second = self.switches_per_second - before.switches_per_second;
        Sample { cost: self.cost.since(before.cost), switches_per_second }
    }
}

/// What the connections of a scenario have added.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// While they are open and idle.
    pub idle: Sample,
    /// And again after a ping and its pong on each of them, for WebSockets.
    pub pinged: Option<Sample>,
}

/// How much is measured, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many connections are opened.
    pub connections: usize,
    /// How long nothing is sent before a sample is taken.
    pub idle: Duration,
}

impl Plan {
    /// What `connections` idle connections add to the server of a scenario, whose binary lies in `folder`. `opened` is told after
    /// each connection.
    ///
    /// # Errors
    /// When a connection fails, which may mean that this machine does not hold so many of them.
    pub fn measure(&self, folder: &Path, scenario: &Scenario, opened: impl Fn()) -> io::Result<Growth> {
        self.fits()?;
        let (binary, more) = peers::command(folder, scenario.server);
        let mut server = Server::start(&binary, &more, 1, None)?;
        let open = scenario.kind.opener(server.addr)?;
        thread::sleep(SETTLE);
        let before = Sample::after(self.idle, &mut server)?;
        let mut held = (0..self.connections)
            .map(|_| open().inspect(|_| opened()))
            .collect::<io::Result<Vec<TcpStream>>>()
            .map_err(unanswered)?;
        let idle = Sample::after(self.idle, &mut server)?.since(before);
        let pinged = match scenario.kind {
            Kind::WebSocket(_) => {
                ping_all(&mut held)?;
                Some(Sample::after(self.idle, &mut server)?.since(before))
            }
            Kind::Http | Kind::Events(_) => None,
        };
        drop(held);
        server.stop()?;
        Ok(Growth { idle, pinged })
    }

    /// Whether this process, and so the server that it starts, may have the descriptors.
    fn fits(&self) -> io::Result<()> {
        let needed = self.connections as u64 + OTHER_DESCRIPTORS;
        match getrlimit(Resource::Nofile).current {
            Some(most) if most < needed => {
                Err(io::Error::other(format!("needs {needed} descriptors, and a process may have {most} (ulimit -n)")))
            }
            _ => Ok(()),
        }
    }
}

/// A server that has no thread or descriptor left closes the connection or leaves it unanswered.
fn unanswered(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("this machine does not hold so many: a connection was not answered: {error}"))
}

/// A ping on each connection, all at once, and then the pongs.
fn ping_all(held: &mut [TcpStream]) -> io::Result<()> {
    let ping = websocket::ping(PING_PAYLOAD);
    held.iter_mut().try_for_each(|stream| stream.write_all(&ping))?;
    held.iter_mut().try_for_each(|stream| exchange::await_pong(stream, PING_PAYLOAD))
}

impl Kind {
    /// Warms the server up by connections of this kind, and gives what opens another one.
    fn opener(self, addr: SocketAddr) -> io::Result<Box<dyn Fn() -> io::Result<TcpStream>>> {
        let exchange = match self {
            Kind::Http => Exchange::http(addr, requests::BARE)?,
            Kind::WebSocket(path) => Exchange::echo(path, ECHO_BYTES),
            Kind::Events(path) => {
                let open = move || exchange::event_stream(addr, path);
                (0..FIRST_CONNECTIONS).map(|_| open()).collect::<io::Result<Vec<_>>>()?;
                return Ok(Box::new(open));
            }
        };
        warm_up(addr, &exchange, FIRST_CONNECTIONS)?;
        Ok(Box::new(move || exchange.used(addr)))
    }
}
