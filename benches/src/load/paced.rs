//! Requests at a fixed rate, and how long their answers take.
//!
//! Each request is due at a time that is fixed beforehand, and its latency counts from then, whether a connection was free or not: a
//! server that stands still for a while pays for all requests that were due meanwhile. A client that waits for an answer before it
//! asks again would leave those out, which is called coordinated omission.

use super::Load;
use crate::exchange::STALL;
use hdrhistogram::Histogram;
use std::{
    collections::VecDeque,
    io,
    time::{Duration, Instant},
};

/// Latencies in nanoseconds, to three digits.
pub type Latencies = Histogram<u64>;

/// What is longer counts as this.
const LONGEST: Duration = Duration::from_secs(60);

/// How fast, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Requests that are due each second, evenly spread.
    pub per_second: f64,
    /// For how long.
    pub time: Duration,
}

impl Pace {
    fn interval(self) -> Duration {
        Duration::from_secs_f64(1.0 / self.per_second)
    }

    fn requests(self) -> u32 {
        (self.per_second * self.time.as_secs_f64()) as u32
    }
}

impl Load {
    /// Sends one request after another at a fixed pace, on whichever connection has been free for longest, and waits for all
    /// answers. This thread never sleeps meanwhile, so that nothing is late on its account.
    ///
    /// # Errors
    /// As [`Load::run`].
    ///
    /// # Panics
    /// With a plan whose requests are pipelined, or whose connections are replaced: nobody is paced by those.
    pub fn paced(&mut self, pace: Pace) -> io::Result<Latencies> {
        assert!(self.plan.pipelined == 1 && self.plan.per_connection.is_none(), "one request at a time");
        let (interval, requests) = (pace.interval(), pace.requests());
        let mut free: VecDeque<usize> = (0..self.plan.connections).collect();
        let mut due = vec![Duration::ZERO; self.plan.connections];
        let mut latencies = Histogram::new_with_max(LONGEST.as_nanos() as u64, 3).expect("three digits are possible");
        let (started, mut heard) = (Instant::now(), Instant::now());
        let mut sent = 0;
        while latencies.len() < u64::from(requests) {
            while sent < requests
                && interval * sent <= started.elapsed()
                && let Some(at) = free.pop_front()
            {
                due[at] = interval * sent;
                self.send(at)?;
                sent += 1;
            }
            let mut events = self.wait(Duration::ZERO)?;
            for event in events.drain(..) {
                let at = event.data.u64() as usize;
                if self.receive(at)? {
                    self.busy -= 1;
                    free.push_back(at);
                    latencies.saturating_record((started.elapsed() - due[at]).as_nanos() as u64);
                }
                heard = Instant::now();
            }
            self.events = events;
            if self.busy > 0 && heard.elapsed() > STALL {
                return Err(self.stalled());
            }
        }
        Ok(latencies)
    }
}
