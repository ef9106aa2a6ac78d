//! A small load generator: epoll, one thread, a fixed request, answers recognised by their length.
//!
//! It does what wrk cannot: an exact number of requests, run after run over the same connections; connections that close
//! after some; idle ones that stay; WebSocket messages and their echoes.

mod paced;

pub use paced::{Latencies, Pace};

use crate::exchange::{Exchange, STALL, wrong};
use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, CreateFlags, EventData, EventFlags},
    fd::OwnedFd,
    time::Timespec,
};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

const INPUT_BYTES: usize = 256 * 1024;

/// What is sent, and over how many connections.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server.
    pub addr: SocketAddr,
    /// How many connections are busy at once.
    pub connections: usize,
    /// What is sent and expected.
    pub exchange: Exchange,
    /// How many requests are sent at once on a connection; the next ones follow when all are answered.
    pub pipelined: usize,
    /// After how many requests a connection is closed and replaced; `None`: never.
    pub per_connection: Option<u64>,
}

/// When a run ends.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// After this many requests; rounded up to whole batches of pipelined ones.
    Requests(u64),
    /// After this time, and when what is under way has been answered.
    Time(Duration),
}

/// The end of a run that has begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    requests: u64,
    deadline: Option<Instant>,
}

impl Stop {
    pub(crate) fn begin(self) -> End {
        match self {
            Stop::Requests(requests) => End { requests, deadline: None },
            Stop::Time(time) => End { requests: u64::MAX, deadline: Some(Instant::now() + time) },
        }
    }
}

impl End {
    /// Whether nothing more is to be sent after so many requests.
    pub(crate) fn has_come(self, sent: u64) -> bool {
        sent >= self.requests || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

/// What a run has done.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Requests answered.
    pub requests: u64,
    /// From the first request to the last answer.
    pub elapsed: Duration,
}

impl Outcome {
    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }
}

/// Opens `count` connections one after another, makes one request on each, and keeps them all open. `opened` is told after each.
///
/// # Errors
/// When one of them fails; descriptors may have run out on either side.
pub fn hold(addr: SocketAddr, exchange: &Exchange, count: usize, opened: impl Fn()) -> io::Result<Vec<TcpStream>> {
    (0..count).map(|_| exchange.used(addr).inspect(|_| opened())).collect()
}

/// The open connections of a plan, on which requests can be sent again and again.
pub struct Load {
    plan: Plan,
    batch: Vec<u8>,
    batch_answer_bytes: usize,
    poll: OwnedFd,
    events: Vec<epoll::Event>,
    connections: Vec<Connection>,
    input: Vec<u8>,
    /// Connections with a batch under way.
    busy: usize,
    sent: u64,
    end: End,
}

struct Connection {
    stream: TcpStream,
    /// Bytes of the batch's answers that have not come yet.
    left: usize,
    requests: u64,
}

impl Load {
    /// Opens the connections and sends no request yet.
    ///
    /// # Errors
    /// When one of them fails; descriptors may have run out on either side.
    pub fn open(plan: Plan) -> io::Result<Load> {
        let poll = epoll::create(CreateFlags::CLOEXEC)?;
        let connections: io::Result<_> = (0..plan.connections).map(|at| Connection::open(&plan, &poll, at)).collect();
        Ok(Load {
            batch: plan.exchange.request.repeat(plan.pipelined),
            batch_answer_bytes: plan.exchange.answer_bytes * plan.pipelined,
            connections: connections?,
            plan,
            poll,
            events: Vec::with_capacity(1024),
            input: vec![0; INPUT_BYTES],
            busy: 0,
            sent: 0,
            end: Stop::Requests(0).begin(),
        })
    }

    /// Sends requests until told to stop, and waits for all answers; the connections stay open.
    ///
    /// # Errors
    /// When a connection fails or is closed by the server, when an answer is not the expected one, and when nothing at all
    /// arrives for 30 seconds. The load is of no further use then.
    pub fn run(&mut self, stop: Stop) -> io::Result<Outcome> {
        let started = Instant::now();
        (self.sent, self.end) = (0, stop.begin());
        for at in 0..self.plan.connections {
            self.next_batch(at)?;
        }
        while self.busy > 0 {
            self.turn()?;
        }
        Ok(Outcome { requests: self.sent, elapsed: started.elapsed() })
    }

    fn turn(&mut self) -> io::Result<()> {
        let mut events = self.wait(STALL)?;
        if events.is_empty() {
            return Err(self.stalled());
        }
        for event in events.drain(..) {
            let at = event.data.u64() as usize;
            if self.receive(at)? {
                self.connections[at].requests += self.plan.pipelined as u64;
                self.busy -= 1;
                self.next_batch(at)?;
            }
        }
        self.events = events;
        Ok(())
    }

    /// The connections that are readable, at the latest after `timeout`; none if there are none then.
    fn wait(&mut self, timeout: Duration) -> io::Result<Vec<epoll::Event>> {
        let timeout = Timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: i64::from(timeout.subsec_nanos()) };
        epoll::wait(&self.poll, spare_capacity(&mut self.events), Some(&timeout))?;
        Ok(std::mem::take(&mut self.events))
    }

    fn stalled(&self) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, format!("{} answers do not come", self.busy))
    }

    /// Reads what has come of a batch's answers, and says whether that was the last of them.
    fn receive(&mut self, at: usize) -> io::Result<bool> {
        let connection = &mut self.connections[at];
        let read = connection.stream.read(&mut self.input)?;
        let input = &self.input[..read];
        let answer = &self.plan.exchange.answer;
        let is_first = connection.left == self.batch_answer_bytes;
        if read == 0 || read > connection.left || (is_first && !input.starts_with(&answer[..read.min(answer.len())])) {
            return Err(wrong(input));
        }
        connection.left -= read;
        Ok(connection.left == 0)
    }

    fn next_batch(&mut self, at: usize) -> io::Result<()> {
        if self.end.has_come(self.sent) {
            return Ok(());
        }
        let connection = &mut self.connections[at];
        if self.plan.per_connection.is_some_and(|most| connection.requests >= most) {
            *connection = Connection::open(&self.plan, &self.poll, at)?;
        }
        self.send(at)?;
        self.sent += self.plan.pipelined as u64;
        Ok(())
    }

    fn send(&mut self, at: usize) -> io::Result<()> {
        let connection = &mut self.connections[at];
        connection.stream.write_all(&self.batch)?;
        connection.left = self.batch_answer_bytes;
        self.busy += 1;
        Ok(())
    }
}

impl Connection {
    /// The socket stays blocking: it is read only when epoll calls it readable, and a batch fits its send buffer.
    fn open(plan: &Plan, poll: &OwnedFd, at: usize) -> io::Result<Connection> {
        let stream = plan.exchange.open(plan.addr)?;
        epoll::add(poll, &stream, EventData::new_u64(at as u64), EventFlags::IN)?;
        Ok(Connection { stream, left: 0, requests: 0 })
    }
}
