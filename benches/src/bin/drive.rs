//! Measures the servers against each other: CPU time of the server per request, interleaved, server and client each on a
//! core of its own.
//!
//! Each round starts every server afresh with one worker, one after the other, so that what the machine does meanwhile
//! falls on all of them; a ratio is taken within its round, and the table shows the median of the rounds and the quartiles.

use hop_benches::{
    peers::{self, Site},
    pin::{self, Cores},
    stats::Spread,
    workload::{self, Bench, Client, Sample, Workload},
};
use hop_examples::{Flag, Flags};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::{fs, io, time::Duration};

const FLAGS: [Flag; 10] = [
    Flag::new(
        "--workloads",
        "A,B",
        "",
        "which (default: all): plain, browser, pipelined, churn, file, idle-beside, ws-20, ws-1024, fan-out-5000, fan-out-10000",
    ),
    Flag::new("--servers", "A,B", "", "which, beside the ceilings (default: all that are built)"),
    Flag::new("--rounds", "N", "7", "how often each server is measured"),
    Flag::new("--milliseconds", "N", "1500", "about how long one measurement takes"),
    Flag::new("--idle", "N", "15000", "idle connections of idle-beside"),
    Flag::new("--client", "NAME", "own", "who sends the requests: own or wrk"),
    Flag::new("--json", "FILE", "", "write all samples there"),
    Flag::switch("--quick", "3 rounds of 200 ms: to see that all works, not to compare"),
    Flag::switch("--no-pin", "leave server and client on any core"),
    Flag::switch("--no-build", "take the servers as they are"),
];

fn main() -> io::Result<()> {
    let options = Flags::from_args("Compares the servers' CPU time per request.", &FLAGS, Options::read);
    let bench = options.bench()?;
    let workloads: Vec<Workload> =
        workload::all(options.idle).into_iter().filter(|workload| options.wants(workload)).collect();
    let rows = measure_all(&options, &bench, &workloads)?;
    if !options.json.is_empty() {
        let report = json!({ "machine": machine(), "rounds": options.rounds, "rows": rows.iter().map(Row::json).collect::<Vec<_>>() });
        fs::write(&options.json, serde_json::to_string_pretty(&report)?)?;
    }
    Ok(())
}

struct Options {
    workloads: Vec<String>,
    servers: Vec<String>,
    rounds: u32,
    time: Duration,
    idle: usize,
    client: Client,
    json: String,
    is_pinned: bool,
    builds: bool,
}

impl Options {
    fn read(flags: Flags) -> Result<Options, String> {
        let owned = |name| flags.list(name).into_iter().map(str::to_owned).collect::<Vec<String>>();
        let quick = flags.is_on("--quick");
        let client = match flags.text("--client") {
            "own" => Client::Own,
            "wrk" => Client::Wrk,
            other => return Err(format!("--client {other}: own or wrk")),
        };
        let known: Vec<_> = workload::all(0).iter().map(|workload| workload.name).collect();
        let workloads = owned("--workloads");
        if let Some(unknown) = workloads.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(format!("--workloads {unknown}: there are {}", known.join(", ")));
        }
        Ok(Options {
            workloads,
            servers: owned("--servers"),
            rounds: if quick { 3 } else { flags.number("--rounds")? },
            time: Duration::from_millis(if quick { 200 } else { flags.number("--milliseconds")? }),
            idle: flags.number("--idle")?,
            client,
            json: flags.text("--json").to_owned(),
            is_pinned: !flags.is_on("--no-pin"),
            builds: !flags.is_on("--no-build"),
        })
    }

    fn bench(&self) -> io::Result<Bench> {
        let folder = if self.builds { peers::build() } else { peers::folder() }?;
        let cores = Cores::first_two().filter(|_| self.is_pinned);
        match cores {
            Some(cores) => pin::to(cores.client)?,
            None => eprintln!("server and client are not pinned: expect noise"),
        }
        Ok(Bench { folder, cores, time: self.time, client: self.client, site: Site::new()? })
    }

    fn wants(&self, workload: &Workload) -> bool {
        workload.suits(self.client)
            && (self.workloads.is_empty() || self.workloads.iter().any(|name| name == workload.name))
    }

    /// The servers of a workload; its ceiling always leads.
    fn servers(&self, workload: &Workload, bench: &Bench) -> Vec<&'static str> {
        let mut asked: Vec<&str> = self.servers.iter().map(String::as_str).collect();
        if !asked.is_empty() {
            asked.push(workload.servers[0]);
        }
        peers::present(workload.servers, &asked, &bench.folder)
    }
}

/// One server under one workload, a sample for each round.
struct Row {
    workload: &'static str,
    server: &'static str,
    requests: u64,
    samples: Vec<Sample>,
    ratios: Vec<f64>,
}

fn measure_all(options: &Options, bench: &Bench, workloads: &[Workload]) -> io::Result<Vec<Row>> {
    let plans: Vec<_> = workloads.iter().map(|workload| (workload, options.servers(workload, bench))).collect();
    let measurements = plans.iter().map(|(_, servers)| servers.len() as u64).sum::<u64>() * u64::from(options.rounds);
    let bar = ProgressBar::new(measurements).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} (about {eta} left)").expect("the template is valid"),
    );
    let mut rows = Vec::new();
    for (workload, servers) in plans {
        let measured = measure(options.rounds, bench, workload, &servers, &bar)?;
        // At once, for a long run may be cut short.
        bar.suspend(|| print(workload, &measured));
        rows.extend(measured);
    }
    bar.finish_and_clear();
    Ok(rows)
}

fn measure(
    rounds: u32,
    bench: &Bench,
    workload: &Workload,
    servers: &[&'static str],
    bar: &ProgressBar,
) -> io::Result<Vec<Row>> {
    let requests = workload.requests(bench)?;
    let row = |server| Row { workload: workload.name, server, requests, samples: vec![], ratios: vec![] };
    let mut rows: Vec<Row> = servers.iter().copied().map(row).collect();
    for _ in 0..rounds {
        let mut ceiling_us = None;
        for row in &mut rows {
            bar.set_message(format!("{} {}", workload.name, row.server));
            let sample = workload.measure(bench, row.server, requests)?;
            let ceiling_us = *ceiling_us.get_or_insert(sample.cpu_us);
            row.ratios.push(sample.cpu_us / sample.own_base_us.unwrap_or(ceiling_us));
            row.samples.push(sample);
            bar.inc(1);
        }
    }
    Ok(rows)
}

fn print(workload: &Workload, rows: &[Row]) {
    let requests = rows.first().map_or(0, |row| row.requests);
    let cpu = format!("CPU µs per {}", workload.unit);
    println!("\n{}: {}; {requests} a measurement\n", workload.name, workload.about);
    println!("| {:<19} | {cpu:>22} | {:>18} | {:>10} | {:>12} |", "server", "ratio", "per second", "resident MiB");
    println!("|{:-<21}|{:->24}|{:->20}|{:->12}|{:->14}|", "", ":", ":", ":", ":");
    for row in rows {
        let (cpu, ratio, rate) = (row.cpu_us(), Spread::of(&row.ratios), row.rate());
        if let (Some(cpu), Some(ratio), Some(rate)) = (cpu, ratio, rate) {
            let (cpu, ratio) = (cpu.to_string(), ratio.to_string());
            let resident = row.resident_mib().map_or("–".to_owned(), |mib| format!("{:.1}", mib.median));
            println!("| {:<19} | {cpu:>22} | {ratio:>18} | {:>10.0} | {resident:>12} |", row.server, rate.median);
        }
    }
}

impl Row {
    fn cpu_us(&self) -> Option<Spread> {
        Spread::of(&self.samples.iter().map(|sample| sample.cpu_us).collect::<Vec<_>>())
    }

    fn rate(&self) -> Option<Spread> {
        Spread::of(&self.samples.iter().map(|sample| sample.rate).collect::<Vec<_>>())
    }

    fn resident_mib(&self) -> Option<Spread> {
        Spread::of(&self.samples.iter().filter_map(|sample| sample.resident_mib).collect::<Vec<_>>())
    }

    fn json(&self) -> Value {
        json!({
            "workload": self.workload, "server": self.server, "requests": self.requests,
            "cpu_us_per_request": self.cpu_us(), "ratio": Spread::of(&self.ratios), "per_second": self.rate(),
            "resident_mib": self.resident_mib(),
            "samples": self.samples,
        })
    }
}

/// What the figures were measured on.
fn machine() -> Value {
    let first = |path: &str, key: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned()
    };
    let model = first("/proc/cpuinfo", "model name");
    json!({
        "kernel": first("/proc/sys/kernel/osrelease", ""),
        "cpu": model.split_once(": ").map_or("", |(_, model)| model),
        "cores": std::thread::available_parallelism().map_or(0, |cores| cores.get()),
    })
}
