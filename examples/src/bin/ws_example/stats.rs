//! `/stats`: what the server costs at the moment, once a second, as JSON in events.

use std::fs;
use std::sync::{Arc, OnceLock};

use hop::prelude::*;
use hop::{Handle, Stats};

/// The server, as soon as it listens, and what it cost before the first connection.
#[derive(Clone, Default)]
pub struct Watch(Arc<OnceLock<Began>>);

struct Began {
    server: Handle,
    resident_bytes: u64,
}

impl Watch {
    /// The server listens.
    pub fn begin(&self, server: Handle) {
        let _ = self.0.set(Began { server, resident_bytes: resident_bytes() });
    }
}

#[derive(serde::Serialize)]
struct Numbers {
    connections: usize,
    web_sockets: usize,
    event_streams: usize,
    /// Since the start: the page makes a rate of it.
    messages: u64,
    threads: u64,
    resident_bytes: u64,
    /// What a connection has added to it, on average.
    bytes_per_connection: u64,
}

#[route("/stats", every = "1s")]
pub fn numbers(State(watch): State<Watch>) -> Option<Event> {
    let Began { server, resident_bytes: before } = watch.0.get()?;
    let Stats { connections, web_sockets, event_streams, messages_received, messages_sent, .. } = server.stats();
    let now = resident_bytes();
    let numbers = Numbers {
        connections,
        web_sockets,
        event_streams,
        messages: messages_received + messages_sent,
        threads: status("Threads:"),
        resident_bytes: now,
        bytes_per_connection: now.saturating_sub(*before) / connections.max(1) as u64,
    };
    Event::json(&numbers).ok()
}

fn resident_bytes() -> u64 {
    1024 * status("VmRSS:")
}

/// A number that the system tells of this process; 0 where it does not.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
