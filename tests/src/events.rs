//! An event stream's client over a real socket.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long the next line may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An event as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name; empty where it has none.
    pub event: String,
    /// What it says.
    pub data: String,
    /// Its id; empty where it has none.
    pub id: String,
}

/// An open event stream.
#[derive(Debug)]
pub struct Events {
    lines: BufReader<TcpStream>,
}

impl Events {
    /// Opens the stream at `path`, as a client that has seen the event `last_id` last. It speaks HTTP/1.0, so that what comes are
    /// the events themselves and no chunks.
    ///
    /// # Panics
    /// When the answer is not a 200.
    pub fn open(addr: SocketAddr, path: &str, last_id: Option<&str>) -> Events {
        let mut stream = TcpStream::connect(addr).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above 0 is valid");
        let last = last_id.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {addr}\r\nAccept: text/event-stream\r\n{last}\r\n")
            .expect("the server reads");
        let mut events = Events { lines: BufReader::new(stream) };
        let status = events.line();
        assert!(status.starts_with("HTTP/1.1 200 "), "{path}: {status}");
        while !events.line().is_empty() {}
        events
    }

    /// The next event; comments are passed over.
    pub fn event(&mut self) -> Event {
        let mut event = Event::default();
        loop {
            let line = self.line();
            match line.split_once(": ").unwrap_or((&line, "")) {
                ("", "") if event == Event::default() => {}
                ("", "") => return event,
                ("event", name) => name.clone_into(&mut event.event),
                ("data", text) if event.data.is_empty() => text.clone_into(&mut event.data),
                ("data", text) => event.data = format!("{}\n{text}", event.data),
                ("id", id) => id.clone_into(&mut event.id),
                _ => {}
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let bytes = self.lines.read_line(&mut line).expect("the stream goes on within a minute");
        assert!(bytes > 0, "the stream has ended");
        line.trim_end_matches(['\r', '\n']).to_owned()
    }
}
