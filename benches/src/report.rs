//! What a comparison found, as a table and as JSON.

use crate::{load::Stop, measure::Sample, rounds::Found, stats::Spread, workload::Workload};
use serde_json::{Map, Value, json};
use std::fs;

/// One server under one workload, all slices of all rounds.
#[derive(Clone, Debug)]
pub struct Row {
    workload: &'static str,
    server: &'static str,
    slice: Stop,
    samples: Vec<Sample>,
    ratios: Vec<f64>,
    resident_mib: Vec<f64>,
}

impl Row {
    /// A row without samples.
    pub fn new(workload: &Workload, server: &'static str, slice: Stop) -> Row {
        let (samples, ratios, resident_mib) = (Vec::new(), Vec::new(), Vec::new());
        Row { workload: workload.name, server, slice, samples, ratios, resident_mib }
    }

    /// Adds what a round found.
    pub fn add(&mut self, found: Found) {
        self.samples.extend(found.samples);
        self.ratios.extend(found.ratios);
        self.resident_mib.extend(found.resident_mib);
    }

    fn spread(&self, of: impl Fn(&Sample) -> f64) -> Option<Spread> {
        Spread::of(&self.samples.iter().map(of).collect::<Vec<_>>())
    }

    fn json(&self) -> Value {
        let requests = match self.slice {
            Stop::Requests(requests) => Some(requests),
            Stop::Time(_) => None,
        };
        json!({
            "requests_a_slice": requests,
            "cpu_us_per_request": self.spread(|sample| sample.cpu_us), "ratio": Spread::of(&self.ratios),
            "per_second": self.spread(|sample| sample.rate), "resident_mib": Spread::of(&self.resident_mib),
            "samples": self.samples, "ratios": self.ratios,
        })
    }
}

/// Prints the table of a workload: medians and quartiles of all slices.
pub fn print(workload: &Workload, slice: Stop, rows: &[Row]) {
    let length = match slice {
        Stop::Requests(requests) if workload.unit == "delivery" => format!("{requests} deliveries"),
        Stop::Requests(requests) => format!("{requests} {}s", workload.unit),
        Stop::Time(time) => format!("{} s", time.as_secs()),
    };
    let cpu = format!("CPU µs per {}", workload.unit);
    println!("\n{}: {}; {length} a slice\n", workload.name, workload.about);
    println!("| {:<25} | {cpu:>22} | {:>18} | {:>10} | {:>12} |", "server", "ratio", "per second", "resident MiB");
    println!("|{:-<27}|{:->24}|{:->20}|{:->12}|{:->14}|", "", ":", ":", ":", ":");
    for row in rows {
        let (cpu, ratio) = (row.spread(|sample| sample.cpu_us), Spread::of(&row.ratios));
        if let (Some(cpu), Some(ratio), Some(rate)) = (cpu, ratio, row.spread(|sample| sample.rate)) {
            let (cpu, ratio) = (cpu.to_string(), ratio.to_string());
            let resident = Spread::of(&row.resident_mib).map_or("–".to_owned(), |mib| format!("{:.1}", mib.median));
            println!("| {:<25} | {cpu:>22} | {ratio:>18} | {:>10.0} | {resident:>12} |", row.server, rate.median);
        }
    }
}

/// All rows by workload and server, and what they were measured on. The spaces in a server's name are `_`.
pub fn json(rows: &[Row], rounds: u32, slices: usize) -> Value {
    let mut workloads = Map::new();
    for row in rows {
        let servers = workloads.entry(row.workload).or_insert_with(|| json!({}));
        servers[row.server.replace(" --", "_").replace(' ', "_")] = row.json();
    }
    json!({ "machine": machine(), "rounds": rounds, "slices_a_round": slices, "workloads": workloads })
}

/// The machine that this runs on: kernel, processor and how many cores.
pub fn machine() -> Value {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    json!({
        "kernel": fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        "cpu": model.map_or("", |(_, model)| model),
        // This thread is bound to one of them, so that it cannot ask in the usual way.
        "cores": processors.lines().filter(|line| line.starts_with("processor")).count(),
    })
}
