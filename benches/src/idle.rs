//! What idle connections cost a server: each makes one request and then stays, and only then is anything sampled.
//!
//! Growth is counted from a server that has already served some requests, so that its first use of memory is not
//! charged to the connections; then come the threads and resident bytes that they added, and what CPU time and how many
//! context switches (each wake-up is one) the server spends while nothing at all happens.

use crate::{exchange::Exchange, growth::warm_up, load, peers, pin::Cores, process::Server, requests};
use serde::Serialize;
use std::{io, path::Path, thread, time::Duration};

/// Its name beside those of the workloads.
pub const NAME: &str = "idle";

/// How many connections are idle, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Idle {
    /// How many there are; a process may have 20,000 descriptors on many a system.
    pub connections: usize,
    /// For how long nothing happens.
    pub time: Duration,
}

/// What one server's idle connections cost, all of them together but for `bytes_each`.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Whose.
    pub server: &'static str,
    /// How many there were.
    pub connections: usize,
    /// How many threads they added.
    pub threads_grown: i64,
    /// How much resident memory each added.
    pub bytes_each: f64,
    /// For how long nothing happened.
    pub idle_seconds: f64,
    /// CPU time that the server took in that time, in milliseconds.
    pub idle_cpu_ms: f64,
    /// How often its threads were switched to in that time.
    pub idle_context_switches: u64,
}

impl Row {
    /// The head of the table.
    pub const HEAD: &str = "\
| server                    | connections | threads more | bytes each | idle CPU ms | switches |
|---------------------------|------------:|-------------:|-----------:|------------:|---------:|";

    /// The row as a line of Markdown.
    pub fn line(&self) -> String {
        let Row { server, connections, threads_grown, bytes_each, idle_cpu_ms, idle_context_switches, .. } = self;
        format!(
            "| {server:<25} | {connections:>11} | {threads_grown:>12} | {bytes_each:>10.1} | {idle_cpu_ms:>11.2} \
             | {idle_context_switches:>8} |"
        )
    }
}

impl Idle {
    /// What the idle connections of a server cost, whose binary lies in `folder`. `opened` is told after each connection.
    ///
    /// # Errors
    /// When a connection fails: a thread for each, say, may be more than the machine gives.
    pub fn measure(
        self,
        folder: &Path,
        cores: Option<Cores>,
        server: &'static str,
        opened: impl Fn(),
    ) -> io::Result<Row> {
        let (binary, more) = peers::command(folder, server);
        let process = Server::start(&binary, &more, 1, cores)?;
        let exchange = Exchange::http(process.addr, requests::BARE)?;
        warm_up(process.addr, &exchange, 64)?;
        // Threads and tasks of the closed connections end on their own time.
        thread::sleep(Duration::from_millis(500));
        let (threads, resident_bytes) = (process.threads()? as i64, process.resident_bytes()? as f64);
        let held = load::hold(process.addr, &exchange, self.connections, opened)?;
        let threads_grown = process.threads()? as i64 - threads;
        let resident_grown = process.resident_bytes()? as f64 - resident_bytes;
        let (cpu, switches) = (process.cpu_time()?, process.context_switches()?);
        thread::sleep(self.time);
        let row = Row {
            server,
            connections: held.len(),
            threads_grown,
            bytes_each: resident_grown / held.len() as f64,
            idle_seconds: self.time.as_secs_f64(),
            idle_cpu_ms: (process.cpu_time()? - cpu).as_secs_f64() * 1e3,
            idle_context_switches: process.context_switches()? - switches,
        };
        process.stop()?;
        Ok(row)
    }
}
