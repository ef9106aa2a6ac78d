//! How one server is measured: it is started and warmed up, its connections stay open, and slice by slice the CPU time that
//! it takes is divided by the requests that it answers.

use crate::{
    fanout::Audience,
    http2::Http2,
    load::{self, Latencies, Load, Outcome, Pace, Plan, Stop},
    peers::{self, Site},
    pin::Cores,
    process::Server,
    workload::{CONNECTIONS, Traffic, Workload},
    wrk,
};
use serde::Serialize;
use std::{io, net::TcpStream, path::PathBuf, time::Duration};

/// With how many subscribers the resident memory of a server is read.
const RESIDENT_SUBSCRIBERS: usize = 2000;

/// How often the first server is timed before it is said how many requests a slice has.
const RATES: usize = 3;

/// At which share of the first server's rate latencies are measured: low enough for those that take three times as long.
const PACED_SHARE: f64 = 0.3;

/// Which program sends the requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Client {
    /// The clients of this package: an exact number of requests, over connections that stay open.
    Own,
    /// wrk with one thread, for whole seconds; unpipelined keep-alive requests only.
    Wrk,
}

impl Client {
    /// Whether it can send what the workload asks for.
    pub fn suits(self, workload: &Workload) -> bool {
        let is_http = matches!(workload.traffic, Traffic::Http(_));
        self == Client::Own || (is_http && workload.pipelined == 1 && workload.per_connection.is_none())
    }
}

/// Where and how servers are measured.
#[derive(Debug)]
pub struct Bench {
    /// Where their binaries lie.
    pub folder: PathBuf,
    /// Which cores they and the client are bound to.
    pub cores: Option<Cores>,
    /// About how long a slice of the first server takes; the others get as many requests. At a fixed rate it is the time of each.
    pub time: Duration,
    /// Who sends the requests.
    pub client: Client,
    /// What the file servers serve.
    pub site: Site,
}

impl Bench {
    /// How much is asked of each server: as many requests as the first one answers in the bench's time, or whole seconds under
    /// wrk; and a share of its rate.
    ///
    /// # Errors
    /// When the first server cannot be started or fails a request.
    pub fn dose(&self, workload: &Workload) -> io::Result<Dose> {
        if self.client == Client::Wrk {
            return Ok(Dose { slice: Stop::Time(Duration::from_secs(self.time.as_secs().max(1))), pace: None });
        }
        let mut first = Subject::start(self, workload, workload.servers[0], Stop::Time(self.time))?;
        // The best of some: one that was disturbed would make all slices short.
        let mut rate = 0.0_f64;
        for _ in 0..RATES {
            rate = rate.max(first.measure(Stop::Time(self.time))?.rate);
        }
        first.stop()?;
        let slice = Stop::Requests(((rate * self.time.as_secs_f64()) as u64).max(CONNECTIONS as u64));
        let pace = Pace { per_second: rate * PACED_SHARE, time: self.time };
        Ok(Dose { slice, pace: workload.is_paced.then_some(pace) })
    }
}

/// How much is asked of each server of a workload.
#[derive(Clone, Copy, Debug)]
pub struct Dose {
    /// In a slice.
    pub slice: Stop,
    /// Where latencies are measured.
    pub pace: Option<Pace>,
}

/// What one slice found.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sample {
    /// The server's CPU time per request, in microseconds.
    pub cpu_us: f64,
    /// Answers a second.
    pub rate: f64,
}

/// The latencies of one slice at a fixed rate, in microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    /// Half of them are no longer.
    pub p50: f64,
    /// 99 % are no longer.
    pub p99: f64,
    /// 99.9 % are no longer.
    pub p99_9: f64,
}

impl Latency {
    fn of(latencies: &Latencies) -> Latency {
        let us = |share| latencies.value_at_quantile(share) as f64 / 1e3;
        Latency { p50: us(0.5), p99: us(0.99), p99_9: us(0.999) }
    }
}

/// Sends until told to stop, over the same connections each time (wrk: over its own).
enum Sender {
    Load(Load),
    Wrk(Plan),
    Http2(Http2),
    Audience(Audience),
}

impl Sender {
    fn run(&mut self, stop: Stop) -> io::Result<Outcome> {
        match (self, stop) {
            (Sender::Load(load), stop) => load.run(stop),
            (Sender::Http2(client), stop) => client.run(stop),
            (Sender::Audience(audience), stop) => audience.run(stop),
            (Sender::Wrk(plan), Stop::Time(time)) => wrk::run(plan, time),
            (Sender::Wrk(_), Stop::Requests(_)) => Err(io::Error::other("wrk cannot count")),
        }
    }
}

/// A server that is up and warm, and its client.
pub struct Subject {
    server: Server,
    sender: Sender,
    /// Its resident memory with 2,000 subscribers, where there are any.
    pub resident_mib: Option<f64>,
    held: Vec<TcpStream>,
}

impl Subject {
    /// Starts a server of the workload, opens the connections to it and warms it up by one slice.
    ///
    /// # Errors
    /// When it cannot be started, or fails a request.
    pub fn start(bench: &Bench, workload: &Workload, server: &str, slice: Stop) -> io::Result<Subject> {
        let (binary, mut more) = peers::command(&bench.folder, server);
        if peers::FILES.contains(&server) {
            more.extend(bench.site.arguments());
        }
        let server = Server::start(&binary, &more, 1, bench.cores)?;
        let (mut sender, resident_mib) = match workload.traffic {
            Traffic::FanOut(subscribers) => fan_out(&server, subscribers)?,
            _ => (sender(bench, workload, &server)?, None),
        };
        sender.run(slice)?;
        Ok(Subject { server, sender, resident_mib, held: Vec::new() })
    }

    /// Opens the idle connections of the workload beside the busy ones.
    ///
    /// # Errors
    /// When one of them fails; descriptors may have run out on either side.
    pub fn crowd(&mut self, workload: &Workload) -> io::Result<()> {
        if let Some(plan) = workload.plan(self.server.addr)? {
            self.held = load::hold(self.server.addr, &plan.exchange, workload.idle, || ())?;
        }
        Ok(())
    }

    /// Measures one slice.
    ///
    /// # Errors
    /// When the server fails a request.
    pub fn measure(&mut self, slice: Stop) -> io::Result<Sample> {
        let before = self.server.cpu_time()?;
        let outcome = self.sender.run(slice)?;
        let cpu = self.server.cpu_time()? - before;
        Ok(Sample { cpu_us: cpu.as_secs_f64() * 1e6 / outcome.requests as f64, rate: outcome.rate() })
    }

    /// Measures one slice at a fixed rate.
    ///
    /// # Errors
    /// When the server fails a request, and where the client has no such pace: only the load of this package has.
    pub fn pace(&mut self, pace: Pace) -> io::Result<Latency> {
        match &mut self.sender {
            Sender::Load(load) => Ok(Latency::of(&load.paced(pace)?)),
            _ => Err(io::Error::other("this client has no fixed rate")),
        }
    }

    /// Stops the server.
    ///
    /// # Errors
    /// When it cannot be stopped, or has given up idle connections meanwhile, so that there were fewer than it is said to have.
    pub fn stop(self) -> io::Result<()> {
        let Subject { server, sender, held, .. } = self;
        if server.descriptors()? < held.len() {
            return Err(io::Error::other("the server has closed idle connections: a round must be shorter"));
        }
        // First, for a server that stops gracefully would wait for them.
        drop((sender, held));
        server.stop()
    }
}

fn sender(bench: &Bench, workload: &Workload, server: &Server) -> io::Result<Sender> {
    if let Traffic::Http2 { streams } = workload.traffic {
        let body_bytes = hop_examples::BODY.len();
        return Ok(Sender::Http2(Http2::open(server.addr, workload.connections, streams, body_bytes)?));
    }
    let plan = workload.plan(server.addr)?.ok_or_else(|| io::Error::other("nobody sends this"))?;
    match bench.client {
        Client::Own => Ok(Sender::Load(Load::open(plan)?)),
        Client::Wrk => Ok(Sender::Wrk(plan)),
    }
}

/// Publishes to all subscribers, after the resident memory with some of them has been read.
fn fan_out(server: &Server, subscribers: usize) -> io::Result<(Sender, Option<f64>)> {
    let few = RESIDENT_SUBSCRIBERS.min(subscribers);
    let mut audience = Audience::new(server.addr)?;
    audience.grow_to(few)?;
    audience.run(Stop::Requests(10 * few as u64))?;
    let resident_mib = server.resident_bytes()? as f64 / f64::from(1 << 20);
    audience.grow_to(subscribers)?;
    Ok((Sender::Audience(audience), Some(resident_mib)))
}
