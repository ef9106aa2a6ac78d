//! wrk as the client, for those who trust it more.

use crate::load::{Outcome, Plan};
use std::{
    io,
    process::Command,
    time::{Duration, Instant},
};

/// Runs wrk with one thread for whole seconds; it inherits this thread's core. It sends the head of the plan's request over
/// as many connections, which it opens itself.
///
/// # Errors
/// When it cannot be run, or has seen an error.
pub fn run(plan: &Plan, time: Duration) -> io::Result<Outcome> {
    let head = str::from_utf8(&plan.exchange.request).map_err(io::Error::other)?;
    let mut lines = head.trim_end().lines();
    let path = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or("/");
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", &format!("-c{}", plan.connections), &format!("-d{}", time.as_secs().max(1))]);
    for header in lines {
        wrk.args(["-H", header]);
    }
    let started = Instant::now();
    let output = wrk.arg(format!("http://{}{path}", plan.addr)).output()?;
    let elapsed = started.elapsed();
    let said = String::from_utf8_lossy(&output.stdout);
    let requests = said.lines().find_map(|line| line.trim().split_once(" requests in")?.0.parse().ok());
    let failed = said.contains("Socket errors") || said.contains("Non-2xx");
    match requests.filter(|_| output.status.success() && !failed) {
        Some(requests) => Ok(Outcome { requests, elapsed }),
        None => Err(io::Error::other(format!("wrk said: {said}"))),
    }
}
