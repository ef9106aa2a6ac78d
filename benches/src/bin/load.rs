//! The load generator by hand: drives any server that answers with a Content-Length, and prints what it did.

use hop_benches::{
    exchange::Exchange,
    load::{self, Load, Plan, Stop},
    pin, requests,
    workload::ECHO_PATH,
};
use hop_examples::{Flag, Flags};
use std::{io, net::ToSocketAddrs, time::Duration};

const FLAGS: [Flag; 10] = [
    Flag::new("--addr", "HOST:PORT", "127.0.0.1:8080", "the server"),
    Flag::new(
        "--request",
        "NAME",
        "bare",
        "bare, browser (715 bytes) or file (1 MiB); ws-N: a WebSocket message of N bytes",
    ),
    Flag::new("--path", "PATH", ECHO_PATH, "where WebSockets are opened"),
    Flag::new("--connections", "N", "64", "how many are busy at once"),
    Flag::new("--pipelined", "N", "1", "requests sent at once on a connection"),
    Flag::new("--per-connection", "N", "0", "close and replace a connection after so many requests; 0: never"),
    Flag::new("--requests", "N", "0", "stop after so many requests; 0: after --seconds"),
    Flag::new("--seconds", "N", "5", "stop after this time"),
    Flag::new("--idle", "N", "0", "connections that make one request and are held open beside the busy ones"),
    Flag::new("--core", "N", "", "run on this core"),
];

fn main() -> io::Result<()> {
    let options = Flags::from_args("Sends requests until told to stop.", &FLAGS, Options::read);
    if let Some(core) = options.core {
        pin::to(core)?;
    }
    let addr = options.addr.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let exchange = match &options.sent {
        Sent::Request(request) => Exchange::http(addr, request)?,
        Sent::Message(bytes) => Exchange::echo(&options.path, *bytes),
    };
    let held = load::hold(addr, &exchange, options.idle, || ())?;
    let answer_bytes = exchange.answer_bytes;
    let plan = Plan {
        addr,
        exchange,
        connections: options.connections,
        pipelined: options.pipelined,
        per_connection: options.per_connection,
    };
    let outcome = Load::open(plan)?.run(options.stop)?;
    println!(
        "{} requests in {:.3} s: {:.0} a second; answers of {answer_bytes} bytes, {} idle connections held",
        outcome.requests,
        outcome.elapsed.as_secs_f64(),
        outcome.rate(),
        held.len()
    );
    Ok(())
}

struct Options {
    addr: String,
    sent: Sent,
    path: String,
    connections: usize,
    pipelined: usize,
    per_connection: Option<u64>,
    stop: Stop,
    idle: usize,
    core: Option<usize>,
}

enum Sent {
    Request(Vec<u8>),
    /// A WebSocket message of so many bytes.
    Message(usize),
}

impl Sent {
    fn read(name: &str) -> Option<Sent> {
        match name.strip_prefix("ws-") {
            Some(bytes) => bytes.parse().ok().map(Sent::Message),
            None => requests::by_name(name).map(Sent::Request),
        }
    }
}

impl Options {
    fn read(flags: Flags) -> Result<Options, String> {
        let stop = match flags.number("--requests")? {
            0 => Stop::Time(Duration::from_secs(flags.number("--seconds")?)),
            requests => Stop::Requests(requests),
        };
        Ok(Options {
            addr: flags.text("--addr").to_owned(),
            sent: Sent::read(flags.text("--request")).ok_or("--request: bare, browser, file or ws-N")?,
            path: flags.text("--path").to_owned(),
            connections: at_least_one(&flags, "--connections")?,
            pipelined: at_least_one(&flags, "--pipelined")?,
            per_connection: Some(flags.number("--per-connection")?).filter(|most| *most > 0),
            stop,
            idle: flags.number("--idle")?,
            core: (!flags.text("--core").is_empty()).then(|| flags.number("--core")).transpose()?,
        })
    }
}

fn at_least_one(flags: &Flags, name: &str) -> Result<usize, String> {
    match flags.number(name)? {
        0 => Err(format!("{name}: at least 1")),
        number => Ok(number),
    }
}
