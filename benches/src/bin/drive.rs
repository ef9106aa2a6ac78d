//! Measures the servers against each other: CPU time of the server per request, interleaved, server and client each on a
//! core of its own.
//!
//! Each round starts every server of a workload afresh with one worker and measures them in turn in short slices; a ratio is
//! taken within its turn, and the table shows the median of all slices and the quartiles.

use hop_benches::{
    measure::{Bench, Client},
    peers::{self, Site},
    pin::{self, Cores},
    report::{self, Row},
    rounds::Round,
    workload::{self, Workload},
};
use hop_examples::{Flag, Flags};
use indicatif::{ProgressBar, ProgressStyle};
use std::{fs, io, time::Duration};

const FLAGS: [Flag; 11] = [
    Flag::new(
        "--workloads",
        "A,B",
        "",
        "which (default: all): plain, browser, pipelined, churn, file, idle-beside, ws-20, ws-1024, fan-out-5000, \
         fan-out-10000, axum, axum-ws, axum-h2",
    ),
    Flag::new("--servers", "A,B", "", "which, beside the first of a workload (default: all that are built)"),
    Flag::new("--rounds", "N", "4", "how often the servers are started"),
    Flag::new("--slices", "N", "12", "how often each server is measured in a round"),
    Flag::new("--milliseconds", "N", "150", "about how long a slice takes"),
    Flag::new("--idle", "N", "15000", "idle connections of idle-beside"),
    Flag::new("--client", "NAME", "own", "who sends the requests: own or wrk (which takes whole seconds a slice)"),
    Flag::new("--json", "FILE", "", "write all samples there"),
    Flag::switch("--quick", "2 rounds of 3 slices of 50 ms: to see that all works, not to compare"),
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
        let report = report::json(&rows, options.rounds, options.slices);
        fs::write(&options.json, serde_json::to_string_pretty(&report)?)?;
    }
    Ok(())
}

struct Options {
    workloads: Vec<String>,
    servers: Vec<String>,
    rounds: u32,
    slices: usize,
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
            rounds: if quick { 2 } else { flags.number("--rounds")? },
            slices: if quick { 3 } else { flags.number("--slices")? },
            time: Duration::from_millis(if quick { 50 } else { flags.number("--milliseconds")? }),
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
        self.client.suits(workload)
            && (self.workloads.is_empty() || self.workloads.iter().any(|name| name == workload.name))
    }

    /// The servers of a workload; its first always leads.
    fn servers(&self, workload: &Workload, bench: &Bench) -> Vec<&'static str> {
        let mut asked: Vec<&str> = self.servers.iter().map(String::as_str).collect();
        if !asked.is_empty() {
            asked.push(workload.servers[0]);
        }
        peers::present(workload.servers, &asked, &bench.folder)
    }
}

fn measure_all(options: &Options, bench: &Bench, workloads: &[Workload]) -> io::Result<Vec<Row>> {
    let plans: Vec<_> = workloads.iter().map(|workload| (workload, options.servers(workload, bench))).collect();
    let turns = options.slices * options.rounds as usize;
    let slices: usize = plans.iter().map(|(workload, servers)| servers.len() * workload.instances() * turns).sum();
    let bar = ProgressBar::new(slices as u64).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} (about {eta} left)").expect("the template is valid"),
    );
    let mut rows = Vec::new();
    for (workload, servers) in &plans {
        let slice = bench.slice(workload)?;
        let round = Round { bench, workload, servers, turns: options.slices, slice };
        let measured = measure(options.rounds, &round, &bar)?;
        // At once, for a long run may be cut short.
        bar.suspend(|| report::print(workload, slice, &measured));
        rows.extend(measured);
    }
    bar.finish_and_clear();
    Ok(rows)
}

fn measure(rounds: u32, round: &Round<'_>, bar: &ProgressBar) -> io::Result<Vec<Row>> {
    let row = |server: &&'static str| Row::new(round.workload, server, round.slice);
    let mut rows: Vec<Row> = round.servers.iter().map(row).collect();
    for _ in 0..rounds {
        let mut told = |doing: &str, slices: usize| {
            bar.set_message(doing.to_owned());
            bar.inc(slices as u64);
        };
        for (row, found) in rows.iter_mut().zip(round.run(&mut told)?) {
            row.add(found);
        }
    }
    Ok(rows)
}
