//! The fan-out client: many WebSocket subscribers and one publisher, which posts over HTTP and waits until everybody has
//! what it posted.

use crate::{
    exchange::{Exchange, wrong},
    load::{Outcome, Stop},
    websocket,
};
use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, CreateFlags, EventData, EventFlags},
    fd::OwnedFd,
    time::Timespec,
};
use std::{
    io::{self, Read},
    net::{SocketAddr, TcpStream},
    time::Instant,
};

/// Where subscribers open their WebSocket.
pub const TOPIC: &str = "/ws-topic";
const PAYLOAD: &[u8; 64] = b"sixty-four bytes of news, which everybody who listens is to hear";
/// A subscriber that hears nothing for so long is passed over.
const STALL: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };

/// One publisher and its subscribers, all connected to the same server.
pub struct Audience {
    addr: SocketAddr,
    publication: Exchange,
    publisher: TcpStream,
    subscription: Exchange,
    subscribers: Vec<TcpStream>,
    poll: OwnedFd,
    events: Vec<epoll::Event>,
}

impl Audience {
    /// A publisher without subscribers.
    ///
    /// # Errors
    /// When the server cannot be reached or does not take a publication.
    pub fn new(addr: SocketAddr) -> io::Result<Audience> {
        let head =
            "POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 64\r\n\r\n";
        let publication = Exchange::http(addr, &[head.as_bytes(), PAYLOAD].concat())?;
        let frame = websocket::frame(PAYLOAD);
        let subscription = Exchange {
            opening: websocket::opening(TOPIC),
            request: Vec::new(),
            answer_bytes: frame.len(),
            answer: frame,
        };
        Ok(Audience {
            addr,
            publisher: publication.open(addr)?,
            publication,
            subscription,
            subscribers: Vec::new(),
            poll: epoll::create(CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(1024),
        })
    }

    /// Adds subscribers until there are `count`.
    ///
    /// # Errors
    /// When one is refused; descriptors may have run out on either side.
    pub fn grow_to(&mut self, count: usize) -> io::Result<()> {
        for at in self.subscribers.len()..count {
            let stream = self.subscription.open(self.addr)?;
            epoll::add(&self.poll, &stream, EventData::new_u64(at as u64), EventFlags::IN)?;
            self.subscribers.push(stream);
        }
        Ok(())
    }

    /// Publishes again and again, each time until all have heard it; what is counted are deliveries, rounded up to whole
    /// publications.
    ///
    /// # Errors
    /// When a subscriber hears something else, or nothing for 30 seconds.
    pub fn run(&mut self, stop: Stop) -> io::Result<Outcome> {
        let (started, end, mut deliveries) = (Instant::now(), stop.begin(), 0);
        loop {
            self.publish()?;
            deliveries += self.subscribers.len() as u64;
            if end.has_come(deliveries) {
                return Ok(Outcome { requests: deliveries, elapsed: started.elapsed() });
            }
        }
    }

    fn publish(&mut self) -> io::Result<()> {
        self.publication.once(&mut self.publisher)?;
        let mut waiting = self.subscribers.len();
        let mut input = [0; 256];
        while waiting > 0 {
            epoll::wait(&self.poll, spare_capacity(&mut self.events), Some(&STALL))?;
            if self.events.is_empty() {
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("{waiting} deliveries do not come")));
            }
            for event in self.events.drain(..) {
                let read = self.subscribers[event.data.u64() as usize].read(&mut input)?;
                if input[..read] != self.subscription.answer {
                    return Err(wrong(&input[..read]));
                }
                waiting -= 1;
            }
        }
        Ok(())
    }
}
