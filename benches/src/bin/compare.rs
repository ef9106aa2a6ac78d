//! Measures servers against each other: CPU time of the server per request, latencies at a fixed rate, and the memory of idle
//! connections; server and client each on a core of its own.
//!
//! Each round starts every server of a workload afresh with one worker and measures them in turn in short slices; a ratio is
//! taken within its turn, and the table shows the median of all slices and the quartiles.

use hop_benches::{
    idle::{self, Idle},
    measure::{Bench, Client},
    peers::{self, Site},
    pin::{self, Cores},
    report::{Report, Section},
    rounds::Round,
    workload::{self, Workload},
};
use hop_examples::{Flag, Flags};
use indicatif::{ProgressBar, ProgressStyle};
use std::{fs, io, path::Path, time::Duration};

const FLAGS: [Flag; 11] = [
    Flag::new(
        "--only",
        "A,B",
        "",
        "which workloads (default: all): plain, browser, pipelined, json, post, churn, file, idle-beside, ws-20, ws-1024, \
         fan-out-5000, fan-out-10000, axum, axum-ws, axum-h2, idle",
    ),
    Flag::new(
        "--servers",
        "A,B",
        "",
        "which, beside the first of a workload (default: all that are built or installed)",
    ),
    Flag::new("--rounds", "N", "4", "how often the servers are started"),
    Flag::new("--slices", "N", "12", "how often each server is measured in a round"),
    Flag::new("--milliseconds", "N", "150", "about how long a slice takes"),
    Flag::new("--idle", "N", "16000", "idle connections of idle and idle-beside"),
    Flag::new("--client", "NAME", "own", "who sends the requests: own or wrk (which takes whole seconds a slice)"),
    Flag::new("--out", "FOLDER", "", "write compare.json, compare.md and charts there"),
    Flag::switch("--quick", "2 rounds of 3 slices of 50 ms, 1,000 idle: to see that all works, not to compare"),
    Flag::switch("--no-pin", "leave server and client on any core"),
    Flag::switch("--no-build", "take the servers as they are"),
];

fn main() -> io::Result<()> {
    let options = Options::read_all();
    let bench = options.bench()?;
    let mut report = Report { rounds: options.rounds, slices: options.slices, ..Report::default() };
    report.sections = compare_all(&options, &bench)?;
    if options.wants(idle::NAME) && bench.client == Client::Own {
        report.idle = measure_idle(&options, &bench);
    }
    if options.out.is_empty() { Ok(()) } else { write(&report, Path::new(&options.out)) }
}

struct Options {
    only: Vec<String>,
    servers: Vec<String>,
    rounds: u32,
    slices: usize,
    time: Duration,
    idle: Idle,
    client: Client,
    out: String,
    is_pinned: bool,
    builds: bool,
}

impl Options {
    fn read_all() -> Options {
        Flags::from_args("Compares servers: CPU time per request, latencies, idle connections.", &FLAGS, Options::read)
    }

    fn read(flags: Flags) -> Result<Options, String> {
        let owned = |name| flags.list(name).into_iter().map(str::to_owned).collect::<Vec<String>>();
        let quick = flags.is_on("--quick");
        let client = match flags.text("--client") {
            "own" => Client::Own,
            "wrk" => Client::Wrk,
            other => return Err(format!("--client {other}: own or wrk")),
        };
        let workloads = workload::all(0);
        let known: Vec<_> = workloads.iter().map(|workload| workload.name).chain([idle::NAME]).collect();
        let only = owned("--only");
        if let Some(unknown) = only.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(format!("--only {unknown}: there are {}", known.join(", ")));
        }
        let milliseconds = |quickly, usually| Duration::from_millis(if quick { quickly } else { usually });
        let connections = if quick { 1000 } else { flags.number("--idle")? };
        Ok(Options {
            only,
            servers: owned("--servers"),
            rounds: if quick { 2 } else { flags.number("--rounds")? },
            slices: if quick { 3 } else { flags.number("--slices")? },
            time: milliseconds(50, flags.number("--milliseconds")?),
            idle: Idle { connections: connections.max(1), time: milliseconds(200, 10_000) },
            client,
            out: flags.text("--out").to_owned(),
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

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|asked| asked == name)
    }

    fn workloads(&self) -> Vec<Workload> {
        let mut workloads = workload::all(self.idle.connections);
        workloads.retain(|workload| self.client.suits(workload) && self.wants(workload.name));
        workloads
    }

    /// The servers among these; the first always leads.
    fn servers(&self, known: &[&'static str], bench: &Bench) -> Vec<&'static str> {
        let mut asked: Vec<&str> = self.servers.iter().map(String::as_str).collect();
        if !asked.is_empty() {
            asked.push(known[0]);
        }
        peers::present(known, &asked, &bench.folder)
    }
}

fn compare_all(options: &Options, bench: &Bench) -> io::Result<Vec<Section>> {
    let workloads = options.workloads();
    let plans: Vec<_> = workloads.iter().map(|workload| (workload, options.servers(workload.servers, bench))).collect();
    let turns = options.slices * options.rounds as usize;
    let slices: usize = plans.iter().map(|(workload, servers)| servers.len() * workload.instances() * turns).sum();
    let bar = progress(slices);
    let mut sections = Vec::new();
    for (workload, servers) in &plans {
        let dose = bench.dose(workload)?;
        let round = Round { bench, workload, servers, turns: options.slices, dose };
        let mut section = Section::new(workload, servers, dose);
        for _ in 0..options.rounds {
            section.add(round.run(&mut |doing, slices| {
                bar.set_message(doing.to_owned());
                bar.inc(slices as u64);
            })?);
        }
        // At once, for a long run may be cut short.
        bar.suspend(|| println!("{}", section.table()));
        sections.push(section);
    }
    bar.finish_and_clear();
    Ok(sections)
}

fn measure_idle(options: &Options, bench: &Bench) -> Vec<idle::Row> {
    let servers = options.servers(&peers::PLAIN, bench);
    let bar = progress(servers.len() * options.idle.connections);
    let mut rows = Vec::new();
    println!("{} idle connections, each of which has made a request\n\n{}", options.idle.connections, idle::Row::HEAD);
    for (at, server) in servers.into_iter().enumerate() {
        bar.set_message(format!("{}: {server}", idle::NAME));
        match options.idle.measure(&bench.folder, bench.cores, server, || bar.inc(1)) {
            Ok(row) => {
                bar.suspend(|| println!("{}", row.line()));
                rows.push(row);
            }
            // A thread per connection, say, may be more than the machine gives.
            Err(error) => bar.suspend(|| eprintln!("{server}: left out, this machine does not hold it: {error}")),
        }
        bar.set_position(((at + 1) * options.idle.connections) as u64);
    }
    bar.finish_and_clear();
    rows
}

fn progress(steps: usize) -> ProgressBar {
    let template = "{bar:40} {pos}/{len} {msg} (about {eta} left)";
    ProgressBar::new(steps as u64).with_style(ProgressStyle::with_template(template).expect("the template is valid"))
}

fn write(report: &Report, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("compare.json"), format!("{:#}\n", report.json()))?;
    fs::write(folder.join("compare.md"), report.markdown())?;
    fs::write(folder.join("compare-cpu.svg"), report.ratios().svg())?;
    fs::write(folder.join("compare-latency.svg"), report.latencies().svg())?;
    fs::write(folder.join("compare-idle.svg"), report.idle_bytes().svg())
}
