//! The workloads, and how one server is measured under one of them: the server's CPU time for an exact number of requests.

use crate::{
    exchange::Exchange,
    fanout::Audience,
    load::{self, Outcome, Plan, Stop},
    peers::{self, Site},
    pin::Cores,
    process::Server,
    requests, websocket,
};
use serde::Serialize;
use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

/// Connections that are busy at once, in every workload but the files.
pub const CONNECTIONS: usize = 64;
/// Where the servers of [`peers::ECHO`] echo; those that look at no path echo there too.
pub const ECHO_PATH: &str = "/ws-high";
/// With how many subscribers the resident memory of a server is read.
const RESIDENT_SUBSCRIBERS: usize = 2000;

/// What is asked of a server.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name on the command line and in the table.
    pub name: &'static str,
    /// One line on what it is.
    pub about: &'static str,
    /// The servers that can do it, the ceiling first.
    pub servers: &'static [&'static str],
    /// What is counted.
    pub unit: &'static str,
    traffic: Traffic,
    connections: usize,
    pipelined: usize,
    per_connection: Option<u64>,
    /// With idle connections beside it, a server is compared with itself without them.
    idle: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Traffic {
    /// This request.
    Http(Vec<u8>),
    /// WebSocket messages of so many bytes.
    Echo(usize),
    /// So many subscribers.
    FanOut(usize),
}

/// All workloads; `idle` connections stand beside the busy ones in `idle-beside`.
pub fn all(idle: usize) -> Vec<Workload> {
    let plain = Workload {
        name: "plain",
        about: "a bare GET",
        servers: &peers::PLAIN,
        unit: "request",
        traffic: Traffic::Http(requests::BARE.to_vec()),
        connections: CONNECTIONS,
        pipelined: 1,
        per_connection: None,
        idle: 0,
    };
    let like = |name, about| Workload { name, about, ..plain.clone() };
    let echo = |name, about, bytes| Workload {
        servers: &peers::ECHO,
        unit: "message",
        traffic: Traffic::Echo(bytes),
        ..like(name, about)
    };
    let fan_out = |name, about, subscribers| Workload {
        servers: &peers::FAN_OUT,
        unit: "delivery",
        traffic: Traffic::FanOut(subscribers),
        ..like(name, about)
    };
    vec![
        plain.clone(),
        Workload {
            traffic: Traffic::Http(requests::BROWSER.to_vec()),
            ..like("browser", "a browser's request of 715 bytes")
        },
        Workload { pipelined: 16, ..like("pipelined", "bare GETs, 16 at once") },
        Workload { per_connection: Some(10), ..like("churn", "10 bare GETs a connection") },
        Workload {
            traffic: Traffic::Http(requests::file()),
            servers: &peers::FILES,
            connections: 8,
            ..like("file", "a file of 1 MiB, over 8 connections")
        },
        Workload { idle, ..like("idle-beside", "a bare GET beside idle connections, against without them") },
        echo("ws-20", "a WebSocket message of 20 bytes, echoed", 20),
        echo("ws-1024", "a WebSocket message of 1 KiB, echoed", 1024),
        fan_out("fan-out-5000", "64 bytes to 5,000 subscribers", 5000),
        fan_out("fan-out-10000", "64 bytes to 10,000 subscribers", 10_000),
    ]
}

/// Which program sends the requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Client {
    /// The load generator of this package: an exact number of requests.
    Own,
    /// wrk with one thread, for whole seconds; unpipelined keep-alive requests only.
    Wrk,
}

/// What one measurement found.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sample {
    /// The server's CPU time per request, in microseconds.
    pub cpu_us: f64,
    /// What it is divided by, where that is the server's own figure rather than the ceiling's of the same round.
    pub own_base_us: Option<f64>,
    /// Answers a second.
    pub rate: f64,
    /// The server's resident memory with 2,000 subscribers, where there are any.
    pub resident_mib: Option<f64>,
}

/// Where and how servers are measured.
#[derive(Debug)]
pub struct Bench {
    /// Where their binaries lie.
    pub folder: PathBuf,
    /// Which cores they and the client are bound to.
    pub cores: Option<Cores>,
    /// About how long one measurement of the ceiling takes; the others get as many requests.
    pub time: Duration,
    /// Who sends the requests.
    pub client: Client,
    /// What the file servers serve.
    pub site: Site,
}

impl Workload {
    /// Whether `client` can send it.
    pub fn suits(&self, client: Client) -> bool {
        let is_plain = matches!(self.traffic, Traffic::Http(_)) && self.pipelined == 1 && self.per_connection.is_none();
        client == Client::Own || is_plain
    }

    /// How many requests a measurement makes: what the ceiling does in the bench's time.
    ///
    /// # Errors
    /// When the ceiling cannot be started or driven.
    pub fn requests(&self, bench: &Bench) -> io::Result<u64> {
        let server = self.start(bench, self.servers[0])?;
        let stop = Stop::Time(bench.time.min(Duration::from_millis(300)));
        let outcome = match self.traffic {
            Traffic::FanOut(subscribers) => audience(&server, subscribers)?.run(stop)?,
            _ => load::run(&self.plan(server.addr, &self.exchange(server.addr)?, stop))?,
        };
        server.stop()?;
        Ok(((outcome.rate() * bench.time.as_secs_f64()) as u64).max(CONNECTIONS as u64))
    }

    /// Starts the server afresh, warms it up by a tenth of the requests, and measures it.
    ///
    /// # Errors
    /// When the server cannot be started, or fails a request.
    pub fn measure(&self, bench: &Bench, server: &str, requests: u64) -> io::Result<Sample> {
        let server = self.start(bench, server)?;
        let sample = match self.traffic {
            Traffic::FanOut(subscribers) => fan_out(&server, subscribers, requests),
            _ => self.load(bench, &server, requests),
        }?;
        server.stop()?;
        Ok(sample)
    }

    fn load(&self, bench: &Bench, server: &Server, requests: u64) -> io::Result<Sample> {
        let exchange = self.exchange(server.addr)?;
        let plan = self.plan(server.addr, &exchange, Stop::Requests(requests));
        load::run(&Plan { stop: Stop::Requests(requests / 10), ..plan })?;
        let sample = cost(server, || bench.send(&plan))?;
        if self.idle == 0 {
            return Ok(sample);
        }
        let _held = load::hold(server.addr, &exchange, self.idle, || ())?;
        Ok(Sample { own_base_us: Some(sample.cpu_us), ..cost(server, || bench.send(&plan))? })
    }

    fn start(&self, bench: &Bench, server: &str) -> io::Result<Server> {
        let more = if peers::FILES.contains(&server) { bench.site.arguments() } else { Vec::new() };
        Server::start(&bench.folder.join(server), &more, 1, bench.cores)
    }

    fn exchange(&self, addr: SocketAddr) -> io::Result<Exchange> {
        match &self.traffic {
            Traffic::Http(request) => Exchange::http(addr, request),
            Traffic::Echo(bytes) => Ok(websocket::echo(ECHO_PATH, *bytes)),
            Traffic::FanOut(_) => Err(io::Error::other("subscribers send nothing")),
        }
    }

    fn plan<'a>(&self, addr: SocketAddr, exchange: &'a Exchange, stop: Stop) -> Plan<'a> {
        Plan {
            addr,
            exchange,
            connections: self.connections,
            pipelined: self.pipelined,
            per_connection: self.per_connection,
            stop,
        }
    }
}

fn audience(server: &Server, subscribers: usize) -> io::Result<Audience> {
    let mut audience = Audience::new(server.addr)?;
    audience.grow_to(subscribers)?;
    Ok(audience)
}

fn fan_out(server: &Server, subscribers: usize, deliveries: u64) -> io::Result<Sample> {
    let few = RESIDENT_SUBSCRIBERS.min(subscribers);
    let mut audience = audience(server, few)?;
    audience.run(Stop::Requests(10 * few as u64))?;
    let resident_mib = Some(server.resident_bytes()? as f64 / f64::from(1 << 20));
    audience.grow_to(subscribers)?;
    audience.run(Stop::Requests(deliveries / 10))?;
    Ok(Sample { resident_mib, ..cost(server, || audience.run(Stop::Requests(deliveries)))? })
}

impl Bench {
    fn send(&self, plan: &Plan<'_>) -> io::Result<Outcome> {
        match self.client {
            Client::Own => load::run(plan),
            Client::Wrk => wrk(plan, self.time),
        }
    }
}

fn cost(server: &Server, send: impl FnOnce() -> io::Result<Outcome>) -> io::Result<Sample> {
    let before = server.cpu_time()?;
    let outcome = send()?;
    let cpu = server.cpu_time()? - before;
    let cpu_us = cpu.as_secs_f64() * 1e6 / outcome.requests as f64;
    Ok(Sample { cpu_us, own_base_us: None, rate: outcome.rate(), resident_mib: None })
}

/// Runs wrk; it inherits this thread's core.
fn wrk(plan: &Plan<'_>, time: Duration) -> io::Result<Outcome> {
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
