//! One connection to an engine that answers what it was asked: what the fixtures are played against.

use hop::Routes;
use hop::unversioned::{App, ConnId, Now, Ticks};
use hop::{EventHandler, Replied, Reply, Request};

use super::host::Host;
use crate::check::Wire;

/// Answers any method and target with 200 and the text that [`check`](crate::check) understands.
#[derive(Debug)]
pub struct Inspect;

impl EventHandler for Inspect {
    type Conn = ();

    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied {
        let (method, target, body) = (request.method_str(), request.target(), request.body());
        let mut text = format!("METHOD {method}\nTARGET {target}\nBODYLEN {}\n\n", body.len()).into_bytes();
        text.extend_from_slice(body);
        reply.send(text)
    }
}

/// The app of [`Inspect`].
pub fn inspect() -> App {
    Routes::new().fallback(Inspect).build().expect("one fallback has no conflicts")
}

/// A connection without a network: what is sent arrives at once, and what is answered is read at once.
pub struct Direct {
    host: Host,
    conn: Option<ConnId>,
    output: Vec<u8>,
    ended: bool,
}

impl Direct {
    /// Connects to a worker of its own.
    pub fn new(app: App) -> Direct {
        let mut host = Host::new(app, Now { ticks: Ticks(1000), unix_seconds: 1_700_000_000 });
        let conn = host.connect(None, usize::MAX);
        Direct { host, conn, output: Vec::new(), ended: false }
    }

    /// Time passes.
    pub fn advance(&mut self, ticks: u32) {
        self.host.advance(ticks, i64::from(ticks / 100));
        self.read();
    }

    /// The client ends its side.
    pub fn finish(&mut self) {
        let Some(id) = self.conn else { return };
        self.host.socket(id).expect("an open connection has a socket").fin = true;
        self.host.readable(id, usize::MAX);
        self.read();
    }

    fn read(&mut self) {
        while let Some(job) = self.host.jobs.pop_front() {
            job.run();
            self.host.work();
        }
        if let Some(socket) = self.conn.and_then(|id| self.host.socket(id)) {
            self.output.append(&mut socket.sent);
            self.ended |= socket.shut;
        }
        for closed in std::mem::take(&mut self.host.closed) {
            self.output.extend_from_slice(&closed.sent);
            (self.ended, self.conn) = (true, None);
        }
    }
}

impl Wire for Direct {
    fn send(&mut self, piece: &[u8]) {
        let Some(id) = self.conn else { return };
        self.host.socket(id).expect("an open connection has a socket").arrived.extend(piece);
        self.host.readable(id, usize::MAX);
        self.read();
    }

    fn output(&self) -> &[u8] {
        &self.output
    }

    fn closed(&self) -> bool {
        self.ended
    }
}
