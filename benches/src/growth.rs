//! What a server holds on to: threads, tasks and memory, and how much of that idle connections have added.

use crate::{
    exchange::Exchange,
    load::{Load, Plan, Stop},
    process::Server,
};
use serde::Serialize;
use std::{io, net::SocketAddr};

/// What a server has, or has gained.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cost {
    /// Its threads.
    pub threads: i64,
    /// The tasks of its tokio runtime; none without one.
    pub tasks: i64,
    /// Its resident memory.
    pub resident_bytes: i64,
}

impl Cost {
    /// What the server has now.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn of(server: &mut Server) -> io::Result<Cost> {
        Ok(Cost {
            threads: server.threads()? as i64,
            tasks: server.tasks()? as i64,
            resident_bytes: server.resident_bytes()? as i64,
        })
    }

    /// What it has gained.
    pub fn since(self, before: Cost) -> Cost {
        Cost {
            threads: self.threads - before.threads,
            tasks: self.tasks - before.tasks,
            resident_bytes: self.resident_bytes - before.resident_bytes,
        }
    }
}

/// Some requests over some connections, which are closed again: a server's first use of memory is not charged to what
/// comes after. What they leave behind is used again by as many of those that follow.
///
/// # Errors
/// When the server fails a request.
pub fn warm_up(addr: SocketAddr, exchange: &Exchange, connections: usize) -> io::Result<()> {
    let plan = Plan { addr, connections, exchange: exchange.clone(), pipelined: 1, per_connection: None };
    Load::open(plan)?.run(Stop::Requests(10_000)).map(drop)
}
