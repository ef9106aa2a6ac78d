//! The workloads: what is asked of which servers.

use crate::{exchange::Exchange, load::Plan, peers, requests};
use std::{io, net::SocketAddr};

/// Connections that are busy at once, unless a workload says otherwise.
pub const CONNECTIONS: usize = 64;
/// Where the servers of [`peers::ECHO`] echo; those that look at no path echo there too.
pub const ECHO_PATH: &str = "/ws-high";

/// What is asked of a server.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name on the command line and in the table.
    pub name: &'static str,
    /// One line on what it is.
    pub about: &'static str,
    /// The servers that can do it; the others are measured against the first, which is the ceiling where there is one.
    pub servers: &'static [&'static str],
    /// What is counted.
    pub unit: &'static str,
    /// What is sent.
    pub traffic: Traffic,
    /// How many connections are busy at once.
    pub connections: usize,
    /// How many requests are sent at once on a connection.
    pub pipelined: usize,
    /// Whether latencies at a fixed rate are measured as well.
    pub is_paced: bool,
    /// After how many requests a connection is closed and replaced; `None`: never.
    pub per_connection: Option<u64>,
    /// With so many idle connections beside it, a server is compared with itself without them.
    pub idle: usize,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Traffic {
    /// This request.
    Http(Vec<u8>),
    /// WebSocket messages.
    Echo {
        /// Where the WebSockets are opened.
        path: &'static str,
        /// How long a message is.
        bytes: usize,
    },
    /// A publication to so many subscribers.
    FanOut(usize),
    /// `GET /` over HTTP/2.
    Http2 {
        /// How many requests are under way at once on a connection.
        streams: usize,
    },
}

/// All workloads; `idle` connections stand beside the busy ones in `idle-beside`.
pub fn all(idle: usize) -> Vec<Workload> {
    [http(idle), live(), axum()].concat()
}

fn plain() -> Workload {
    Workload {
        name: "plain",
        about: "a bare GET",
        servers: &peers::PLAIN,
        unit: "request",
        traffic: Traffic::Http(requests::BARE.to_vec()),
        connections: CONNECTIONS,
        pipelined: 1,
        is_paced: true,
        per_connection: None,
        idle: 0,
    }
}

/// As [`plain`] but for its name and what else is said.
fn like_plain(name: &'static str, about: &'static str) -> Workload {
    Workload { name, about, ..plain() }
}

fn http(idle: usize) -> Vec<Workload> {
    let requesting =
        |name, about, request: Vec<u8>| Workload { traffic: Traffic::Http(request), ..like_plain(name, about) };
    let app = |name, about, request| Workload { servers: &peers::APP, ..requesting(name, about, request) };
    vec![
        plain(),
        requesting("browser", "a browser's request of 715 bytes", requests::BROWSER.to_vec()),
        Workload { pipelined: 16, is_paced: false, ..like_plain("pipelined", "bare GETs, 16 at once") },
        app("json", "a GET with a number in its path, answered by 30 bytes of JSON", requests::JSON.to_vec()),
        app("post", "a POST of 16 KiB, answered by its length", requests::post()),
        Workload { per_connection: Some(10), is_paced: false, ..like_plain("churn", "10 bare GETs a connection") },
        Workload {
            servers: &peers::FILES,
            connections: 8,
            // Of so many bytes, the client's reading of them would be timed.
            is_paced: false,
            ..requesting("file", "a file of 1 MiB, over 8 connections", requests::file())
        },
        Workload {
            idle,
            is_paced: false,
            ..like_plain("idle-beside", "a bare GET beside idle connections, against without them")
        },
    ]
}

fn live() -> Vec<Workload> {
    let echo = |name, about, bytes| Workload {
        servers: &peers::ECHO,
        unit: "message",
        traffic: Traffic::Echo { path: ECHO_PATH, bytes },
        ..like_plain(name, about)
    };
    let fan_out = |name, about, subscribers| Workload {
        servers: &peers::FAN_OUT,
        unit: "delivery",
        traffic: Traffic::FanOut(subscribers),
        is_paced: false,
        ..like_plain(name, about)
    };
    vec![
        echo("ws-20", "a WebSocket message of 20 bytes, echoed", 20),
        echo("ws-1024", "a WebSocket message of 1 KiB, echoed", 1024),
        fan_out("fan-out-5000", "64 bytes to 5,000 subscribers", 5000),
        fan_out("fan-out-10000", "64 bytes to 10,000 subscribers", 10_000),
    ]
}

fn axum() -> Vec<Workload> {
    let axum = |name, about| Workload { servers: &peers::AXUM, ..like_plain(name, about) };
    vec![
        axum("axum", "a bare GET to an axum app, by axum's server and by hop"),
        Workload {
            unit: "message",
            traffic: Traffic::Echo { path: "/ws", bytes: 20 },
            ..axum("axum-ws", "a WebSocket message of 20 bytes, echoed by an axum app")
        },
        Workload {
            traffic: Traffic::Http2 { streams: 8 },
            connections: 8,
            is_paced: false,
            ..axum("axum-h2", "a GET over HTTP/2 to an axum app, 8 streams on each of 8 connections")
        },
    ]
}

impl Workload {
    /// What the load generator is to do with a server; `None` where the workload has a client of its own.
    ///
    /// # Errors
    /// When the server does not answer the request.
    pub fn plan(&self, addr: SocketAddr) -> io::Result<Option<Plan>> {
        let exchange = match &self.traffic {
            Traffic::Http(request) => Exchange::http(addr, request)?,
            Traffic::Echo { path, bytes } => Exchange::echo(path, *bytes),
            Traffic::FanOut(_) | Traffic::Http2 { .. } => return Ok(None),
        };
        let (connections, pipelined, per_connection) = (self.connections, self.pipelined, self.per_connection);
        Ok(Some(Plan { addr, exchange, connections, pipelined, per_connection }))
    }

    /// Whether a server is measured against itself without idle connections, rather than against the first one.
    pub fn is_beside_idle(&self) -> bool {
        self.idle > 0
    }

    /// How many of each server are measured: beside idle connections, one without them as well.
    pub fn instances(&self) -> usize {
        if self.is_beside_idle() { 2 } else { 1 }
    }

    /// How many descriptors the client needs for each server.
    pub fn descriptors(&self) -> usize {
        match self.traffic {
            Traffic::FanOut(subscribers) => subscribers,
            _ => self.connections + self.idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_has_a_name_of_its_own_and_something_to_compare() {
        let workloads = all(100);
        for (at, workload) in workloads.iter().enumerate() {
            assert!(workload.servers.len() > 1, "{}", workload.name);
            assert!(workloads[..at].iter().all(|other| other.name != workload.name), "{}", workload.name);
        }
    }
}
