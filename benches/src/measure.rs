//! How one server is measured: it is started and warmed up, its connections stay open, and slice by slice the CPU time that
//! it takes is divided by the requests that it answers.

use crate::{
    fanout::Audience,
    http2::Http2,
    load::{self, Load, Outcome, Stop},
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
    /// About how long a slice of the first server takes; the others get as many requests.
    pub time: Duration,
    /// Who sends the requests.
    pub client: Client,
    /// What the file servers serve.
    pub site: Site,
}

impl Bench {
    /// How long a slice is: as many requests as the first server answers in the bench's time, or whole seconds under wrk.
    ///
    /// # Errors
    /// When the first server cannot be started or fails a request.
    pub fn slice(&self, workload: &Workload) -> io::Result<Stop> {
        if self.client == Client::Wrk {
            return Ok(Stop::Time(Duration::from_secs(self.time.as_secs().max(1))));
        }
        let mut first = Subject::start(self, workload, workload.servers[0], Stop::Time(self.time))?;
        // The best of some: one that was disturbed would make all slices short.
        let mut rate = 0.0_f64;
        for _ in 0..RATES {
            rate = rate.max(first.measure(Stop::Time(self.time))?.rate);
        }
        first.stop()?;
        Ok(Stop::Requests(((rate * self.time.as_secs_f64()) as u64).max(CONNECTIONS as u64)))
    }
}

/// What one slice found.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sample {
    /// The server's CPU time per request, in microseconds.
    pub cpu_us: f64,
    /// Answers a second.
    pub rate: f64,
}

/// Sends until told to stop, over the same connections each time.
type Sender = Box<dyn FnMut(Stop) -> io::Result<Outcome>>;

/// A server that is up and warm, and its client.
pub struct Subject {
    server: Server,
    send: Sender,
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
        let (mut send, resident_mib) = match workload.traffic {
            Traffic::FanOut(subscribers) => fan_out(&server, subscribers)?,
            _ => (sender(bench, workload, &server)?, None),
        };
        send(slice)?;
        Ok(Subject { server, send, resident_mib, held: Vec::new() })
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
        let outcome = (self.send)(slice)?;
        let cpu = self.server.cpu_time()? - before;
        Ok(Sample { cpu_us: cpu.as_secs_f64() * 1e6 / outcome.requests as f64, rate: outcome.rate() })
    }

    /// Stops the server.
    ///
    /// # Errors
    /// When it cannot be stopped, or has given up idle connections meanwhile, so that there were fewer than it is said to have.
    pub fn stop(self) -> io::Result<()> {
        if self.server.descriptors()? < self.held.len() {
            return Err(io::Error::other("the server has closed idle connections: a round must be shorter"));
        }
        self.server.stop()
    }
}

fn sender(bench: &Bench, workload: &Workload, server: &Server) -> io::Result<Sender> {
    if let Traffic::Http2 { streams } = workload.traffic {
        let mut client = Http2::open(server.addr, workload.connections, streams, hop_examples::BODY.len())?;
        return Ok(Box::new(move |stop| client.run(stop)));
    }
    let plan = workload.plan(server.addr)?.ok_or_else(|| io::Error::other("nobody sends this"))?;
    if bench.client == Client::Wrk {
        return Ok(Box::new(move |stop| match stop {
            Stop::Time(time) => wrk::run(&plan, time),
            Stop::Requests(_) => Err(io::Error::other("wrk cannot count")),
        }));
    }
    let mut load = Load::open(plan)?;
    Ok(Box::new(move |stop| load.run(stop)))
}

/// Publishes to all subscribers, after the resident memory with some of them has been read.
fn fan_out(server: &Server, subscribers: usize) -> io::Result<(Sender, Option<f64>)> {
    let few = RESIDENT_SUBSCRIBERS.min(subscribers);
    let mut audience = Audience::new(server.addr)?;
    audience.grow_to(few)?;
    audience.run(Stop::Requests(10 * few as u64))?;
    let resident_mib = server.resident_bytes()? as f64 / f64::from(1 << 20);
    audience.grow_to(subscribers)?;
    Ok((Box::new(move |stop| audience.run(stop)), Some(resident_mib)))
}
