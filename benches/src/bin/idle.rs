//! What idle connections cost a server: each makes one request and then stays, and only then is anything sampled.
//!
//! Growth is counted from a server that has already served some requests, so that its first use of memory is not
//! charged to the connections; then come the threads and resident bytes that they added, and what CPU time and how many
//! context switches (each wake-up is one) the server spends while nothing at all happens.

use hop_benches::{
    exchange::Exchange,
    growth::{Cost, warm_up},
    load, peers,
    pin::{self, Cores},
    process::Server,
    requests,
};
use hop_examples::{Flag, Flags};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::{fs, io, path::Path, thread, time::Duration};

const FLAGS: [Flag; 6] = [
    Flag::new("--servers", "A,B", "", "which (default: limit, std_example, tokio_example and hop_example if built)"),
    Flag::new("--connections", "N", "16000", "how many; a process may have 20,000 descriptors here and there"),
    Flag::new("--workers", "N", "1", "threads of each server that counts them"),
    Flag::new("--seconds", "N", "10", "for how long nothing happens"),
    Flag::new("--json", "FILE", "", "write the rows there"),
    Flag::switch("--no-build", "take the servers as they are"),
];

fn main() -> io::Result<()> {
    let options = Flags::from_args("Measures idle keep-alive connections.", &FLAGS, Options::read);
    let folder = if options.builds { peers::build() } else { peers::folder() }?;
    let asked: Vec<&str> = options.servers.iter().map(String::as_str).collect();
    let mut rows = Vec::new();
    println!("| {:<14} | connections | threads | bytes each | idle CPU ms | switches |", "server");
    println!("|{:-<16}|{:->13}|{:->9}|{:->12}|{:->13}|{:->10}|", "", ":", ":", ":", ":", ":");
    for server in peers::present(&peers::PLAIN, &asked, &folder) {
        match measure(&options, &folder, server) {
            Ok(row) => {
                row.print();
                rows.push(row);
            }
            // A thread per connection, say, may be more than the machine gives.
            Err(error) => eprintln!("{server}: left out, this machine does not hold it: {error}"),
        }
    }
    if !options.json.is_empty() {
        fs::write(&options.json, serde_json::to_string_pretty(&rows)?)?;
    }
    Ok(())
}

struct Options {
    servers: Vec<String>,
    connections: usize,
    workers: usize,
    seconds: u64,
    json: String,
    builds: bool,
}

impl Options {
    fn read(flags: Flags) -> Result<Options, String> {
        Ok(Options {
            servers: flags.list("--servers").into_iter().map(str::to_owned).collect(),
            connections: Some(flags.number("--connections")?).filter(|n| *n > 0).ok_or("--connections: at least 1")?,
            workers: flags.number("--workers")?,
            seconds: flags.number("--seconds")?,
            json: flags.text("--json").to_owned(),
            builds: !flags.is_on("--no-build"),
        })
    }
}

/// What one server's idle connections cost, all of them together but for `bytes_each`.
#[derive(Serialize)]
struct Row {
    server: &'static str,
    connections: usize,
    threads_grown: i64,
    bytes_each: f64,
    idle_seconds: u64,
    idle_cpu_ms: f64,
    idle_context_switches: u64,
}

fn measure(options: &Options, folder: &Path, name: &'static str) -> io::Result<Row> {
    let cores = Cores::first_two();
    if let Some(cores) = cores {
        pin::to(cores.client)?;
    }
    let mut server = Server::start(&folder.join(name), &[], options.workers, cores)?;
    let exchange = Exchange::http(server.addr, requests::BARE)?;
    warm_up(server.addr, &exchange, 64)?;
    // Threads and tasks of the closed connections end on their own time.
    thread::sleep(Duration::from_millis(500));
    let before = Cost::of(&mut server)?;
    let bar = ProgressBar::new((options.connections + options.seconds as usize) as u64)
        .with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}").expect("the template is valid"));
    bar.set_message(format!("{name}: opening"));
    let held = load::hold(server.addr, &exchange, options.connections, || bar.inc(1))?;
    bar.set_message(format!("{name}: idle"));
    let growth = Cost::of(&mut server)?.since(before);
    let (cpu, switches) = (server.cpu_time()?, server.context_switches()?);
    for _ in 0..options.seconds {
        thread::sleep(Duration::from_secs(1));
        bar.inc(1);
    }
    let row = Row {
        server: name,
        connections: held.len(),
        threads_grown: growth.threads,
        bytes_each: growth.resident_bytes as f64 / held.len() as f64,
        idle_seconds: options.seconds,
        idle_cpu_ms: (server.cpu_time()? - cpu).as_secs_f64() * 1e3,
        idle_context_switches: server.context_switches()? - switches,
    };
    bar.finish_and_clear();
    server.stop()?;
    Ok(row)
}

impl Row {
    fn print(&self) {
        println!(
            "| {:<14} | {:>11} | {:>7} | {:>10.1} | {:>11.2} | {:>8} |",
            self.server,
            self.connections,
            self.threads_grown,
            self.bytes_each,
            self.idle_cpu_ms,
            self.idle_context_switches
        );
    }
}
