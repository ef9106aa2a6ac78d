//! The thread and task budget: what idle connections of each kind add to a server, each having made one request, or one
//! handshake and echo, or received one event, before anything is sampled.
//!
//! The servers are processes of their own, so what grows is theirs alone. Growth is counted from a server that has
//! already served some connections of the kind. How many connections: `WSDEMO_CONN_COUNT`, 24 unless it is set.

use hop_benches::{
    exchange::{self, Exchange},
    growth::{Cost, warm_up},
    peers,
    process::Server,
    requests, websocket,
};
use hop_examples::{Flag, Flags};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::{env, fs, io, net::SocketAddr, net::TcpStream, path::Path, thread, time::Duration};

const FLAGS: [Flag; 3] = [
    Flag::new("--scenarios", "A,B", "", "which (default: all whose servers are built)"),
    Flag::new("--json", "FILE", "", "write the rows there"),
    Flag::switch("--no-build", "take the servers as they are"),
];
const CONNECTIONS: usize = 24;
const ECHO_BYTES: usize = 20;

/// Name, server with its arguments, and kind of connection.
const SCENARIOS: [(&str, &str, Kind); 14] = [
    ("std-idle-http", "std_example", Kind::Http),
    ("tokio-idle-http", "tokio_example", Kind::Http),
    ("hop-idle-http", "hop_example", Kind::Http),
    ("std-tungstenite", "std_tungstenite", Kind::WebSocket("/")),
    ("tokio-tungstenite", "tungstenite_echo", Kind::WebSocket("/")),
    ("hop-ws-low", "ws_example", Kind::WebSocket("/ws-low")),
    ("hop-ws-high", "ws_example", Kind::WebSocket("/ws-high")),
    ("hop-ws-std", "ws_example", Kind::WebSocket("/ws-std")),
    ("hop-ws-event", "ws_example", Kind::WebSocket("/ws-event")),
    ("hop-sse", "ws_example", Kind::Events("/sse")),
    ("hop-axum-idle", "axum_example", Kind::Http),
    ("axum-idle", "axum_example --serve axum", Kind::Http),
    ("hop-axum-ws", "axum_example", Kind::WebSocket("/ws")),
    ("axum-ws", "axum_example --serve axum", Kind::WebSocket("/ws")),
];

/// What a connection has done before it is idle.
#[derive(Clone, Copy)]
enum Kind {
    /// A bare GET of `/`.
    Http,
    /// A handshake at this path, and an echo.
    WebSocket(&'static str),
    /// The first event of this path.
    Events(&'static str),
}

fn main() -> io::Result<()> {
    let options = Flags::from_args("Measures threads, tasks and memory of idle connections.", &FLAGS, Options::read);
    let folder = if options.builds { peers::build() } else { peers::folder() }?;
    let is_asked_for = |name: &str| options.scenarios.is_empty() || options.scenarios.iter().any(|asked| asked == name);
    let scenarios: Vec<_> = SCENARIOS.into_iter().filter(|(name, ..)| is_asked_for(name)).collect();
    let bar = ProgressBar::new((scenarios.len() * options.connections) as u64)
        .with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}").expect("the template is valid"));
    println!("{} connections\n\n{}", options.connections, Row::HEAD);
    let mut rows = Vec::new();
    for (name, server, kind) in scenarios {
        bar.set_message(name);
        match measure(&folder, server, kind, options.connections, &bar) {
            Ok(cost) => {
                let row = Row::new(name, options.connections, cost);
                bar.suspend(|| row.print());
                rows.push(row);
            }
            Err(error) => bar.suspend(|| eprintln!("{name}: left out: {server}: {error}")),
        }
    }
    bar.finish_and_clear();
    if !options.json.is_empty() {
        fs::write(&options.json, serde_json::to_string_pretty(&rows)?)?;
    }
    Ok(())
}

struct Options {
    scenarios: Vec<String>,
    connections: usize,
    json: String,
    builds: bool,
}

impl Options {
    fn read(flags: Flags) -> Result<Options, String> {
        let scenarios: Vec<String> = flags.list("--scenarios").into_iter().map(str::to_owned).collect();
        let known = SCENARIOS.map(|(name, ..)| name);
        if let Some(unknown) = scenarios.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(format!("--scenarios {unknown}: there are {}", known.join(", ")));
        }
        let count = env::var("WSDEMO_CONN_COUNT").ok().map_or(Ok(CONNECTIONS), |count| count.parse());
        Ok(Options {
            scenarios,
            connections: count.ok().filter(|count| *count > 0).ok_or("WSDEMO_CONN_COUNT: a number above 0")?,
            json: flags.text("--json").to_owned(),
            builds: !flags.is_on("--no-build"),
        })
    }
}

/// What `count` idle connections add to the server.
fn measure(folder: &Path, server: &str, kind: Kind, count: usize, bar: &ProgressBar) -> io::Result<Cost> {
    let (binary, more) = peers::command(folder, server);
    let mut server = Server::start(&binary, &more, 1, None)?;
    let open = kind.opener(server.addr)?;
    // Threads, tasks and streams of the closed connections end on their own time.
    thread::sleep(Duration::from_millis(1500));
    let before = Cost::of(&mut server)?;
    let held: Vec<TcpStream> = (0..count).map(|_| open().inspect(|_| bar.inc(1))).collect::<io::Result<_>>()?;
    let growth = Cost::of(&mut server)?.since(before);
    drop(held);
    server.stop()?;
    Ok(growth)
}

impl Kind {
    /// Warms the server up by connections of this kind, and gives what opens another one.
    fn opener(self, addr: SocketAddr) -> io::Result<Box<dyn Fn() -> io::Result<TcpStream>>> {
        let exchange = match self {
            Kind::Http => Exchange::http(addr, requests::BARE)?,
            Kind::WebSocket(path) => websocket::echo(path, ECHO_BYTES),
            Kind::Events(path) => {
                let open = move || exchange::event_stream(addr, path);
                (0..CONNECTIONS).map(|_| open()).collect::<io::Result<Vec<_>>>()?;
                return Ok(Box::new(open));
            }
        };
        warm_up(addr, &exchange)?;
        Ok(Box::new(move || exchange.used(addr)))
    }
}

#[derive(Serialize)]
struct Row {
    scenario: &'static str,
    connections: usize,
    #[serde(flatten)]
    growth: Cost,
    threads_each: f64,
    tasks_each: f64,
    resident_bytes_each: f64,
}

impl Row {
    const HEAD: &str = "\
| scenario          | threads | tasks | resident KiB | threads each | tasks each | bytes each |
|-------------------|--------:|------:|-------------:|-------------:|-----------:|-----------:|";

    fn new(scenario: &'static str, connections: usize, growth: Cost) -> Row {
        let each = |grown: i64| grown as f64 / connections as f64;
        Row {
            scenario,
            connections,
            growth,
            threads_each: each(growth.threads),
            tasks_each: each(growth.tasks),
            resident_bytes_each: each(growth.resident_bytes),
        }
    }

    fn print(&self) {
        let Cost { threads, tasks, resident_bytes } = self.growth;
        let (resident_kib, bytes_each) = (resident_bytes / 1024, self.resident_bytes_each);
        println!(
            "| {:<17} | {threads:>7} | {tasks:>5} | {resident_kib:>12} | {:>12.2} | {:>10.2} | {bytes_each:>10.1} |",
            self.scenario, self.threads_each, self.tasks_each,
        );
    }
}
