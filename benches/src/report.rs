//! What a comparison found: tables in Markdown, JSON, and charts.

use crate::{
    chart::{Bar, Chart, Group, Scale, grouped},
    idle,
    load::{Pace, Stop},
    measure::{Dose, Latency, Sample},
    rounds::Found,
    stamp,
    stats::Spread,
    workload::Workload,
};
use serde_json::{Map, Value, json};

/// One server under one workload, all slices of all rounds.
#[derive(Clone, Debug)]
pub struct Row {
    server: &'static str,
    samples: Vec<Sample>,
    ratios: Vec<f64>,
    latencies: Vec<Latency>,
    resident_mib: Vec<f64>,
}

/// All that was found of a workload.
#[derive(Clone, Debug)]
pub struct Section {
    workload: Workload,
    dose: Dose,
    rows: Vec<Row>,
}

impl Row {
    fn add(&mut self, found: Found) {
        self.samples.extend(found.samples);
        self.ratios.extend(found.ratios);
        self.resident_mib.extend(found.resident_mib);
        self.latencies.extend(found.latencies);
    }

    fn spread(&self, of: impl Fn(&Sample) -> f64) -> Option<Spread> {
        Spread::of(&self.samples.iter().map(of).collect::<Vec<_>>())
    }

    /// What half of the latencies, 99 % and 99.9 % of them keep within.
    fn latencies_us(&self) -> Option<[Spread; 3]> {
        let spread = |of: fn(&Latency) -> f64| Spread::of(&self.latencies.iter().map(of).collect::<Vec<_>>());
        Some([spread(|latency| latency.p50)?, spread(|latency| latency.p99)?, spread(|latency| latency.p99_9)?])
    }

    fn line(&self) -> Option<String> {
        let (cpu, ratio) = (self.spread(|sample| sample.cpu_us)?, Spread::of(&self.ratios)?);
        let per_second = grouped(self.spread(|sample| sample.rate)?.median);
        let dash = || "–".to_owned();
        let latencies = self.latencies_us().map(|latencies| latencies.map(|us| format!("{us:.0}")));
        let [p50, p99, p99_9] = latencies.unwrap_or_else(|| [(); 3].map(|()| dash()));
        let resident = Spread::of(&self.resident_mib).map_or_else(dash, |mib| format!("{:.1}", mib.median));
        let (cpu, ratio) = (cpu.to_string(), ratio.to_string());
        Some(format!(
            "| {:<25} | {cpu:>22} | {ratio:>18} | {per_second:>10} | {p50:>14} | {p99:>20} | {p99_9:>20} | {resident:>12} |\n",
            self.server
        ))
    }

    fn json(&self, dose: Dose) -> Value {
        let requests = match dose.slice {
            Stop::Requests(requests) => Some(requests),
            Stop::Time(_) => None,
        };
        let latency_us = self.latencies_us().map(|[p50, p99, p99_9]| json!({ "p50": p50, "p99": p99, "p99_9": p99_9 }));
        json!({
            "requests_a_slice": requests,
            "cpu_us_per_request": self.spread(|sample| sample.cpu_us), "ratio": Spread::of(&self.ratios),
            "per_second": self.spread(|sample| sample.rate), "resident_mib": Spread::of(&self.resident_mib),
            "paced_per_second": dose.pace.map(|pace| pace.per_second), "latency_us": latency_us,
            "samples": self.samples, "ratios": self.ratios, "latencies": self.latencies,
        })
    }
}

impl Section {
    /// A row without samples for each server.
    pub fn new(workload: &Workload, servers: &[&'static str], dose: Dose) -> Section {
        let row = |server: &&'static str| Row {
            server,
            samples: Vec::new(),
            ratios: Vec::new(),
            latencies: Vec::new(),
            resident_mib: Vec::new(),
        };
        Section { workload: workload.clone(), dose, rows: servers.iter().map(row).collect() }
    }

    /// Adds what a round found, server by server.
    pub fn add(&mut self, found: Vec<Found>) {
        self.rows.iter_mut().zip(found).for_each(|(row, found)| row.add(found));
    }

    /// Medians and quartiles of all slices.
    pub fn table(&self) -> String {
        let Workload { name, about, unit, .. } = self.workload;
        let length = match self.dose.slice {
            Stop::Requests(requests) if unit == "delivery" => format!("{requests} deliveries"),
            Stop::Requests(requests) => format!("{requests} {unit}s"),
            Stop::Time(time) => format!("{} s", time.as_secs()),
        };
        let pace = |pace: Pace| format!("; latencies in µs at {} a second", grouped(pace.per_second));
        let pace = self.dose.pace.map(pace).unwrap_or_default();
        let mut table = format!("{name}: {about}; {length} a slice{pace}\n\n");
        let cpu = format!("CPU µs per {unit}");
        table += &format!(
            "| {:<25} | {cpu:>22} | {:>18} | {:>10} | {:>14} | {:>20} | {:>20} | {:>12} |\n",
            "server", "ratio", "per second", "median", "99 %", "99.9 %", "resident MiB"
        );
        table += &format!(
            "|{:-<27}|{:->24}|{:->20}|{:->12}|{:->16}|{:->22}|{:->22}|{:->14}|\n",
            "", ":", ":", ":", ":", ":", ":", ":"
        );
        table.extend(self.rows.iter().filter_map(Row::line));
        table
    }

    /// Bars of one figure, server by server; `None` if nobody has it.
    fn group(&self, figure: impl Fn(&Row) -> Option<(f64, String)>) -> Option<Group> {
        let bar = |row: &Row| {
            let (value, note) = figure(row)?;
            Some(Bar { label: row.server.to_owned(), value, note, is_own: is_own(row.server) })
        };
        let bars: Vec<Bar> = self.rows.iter().filter_map(bar).collect();
        (!bars.is_empty()).then(|| Group { label: format!("{}: {}", self.workload.name, self.workload.about), bars })
    }
}

/// Whether it is hop that serves.
fn is_own(server: &str) -> bool {
    server.starts_with("hop") || server.ends_with("hop") || matches!(server, "ws_example" | "static_site")
}

/// A comparison with all that it found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Workload by workload.
    pub sections: Vec<Section>,
    /// Idle connections, server by server.
    pub idle: Vec<idle::Row>,
    /// How often the servers were started.
    pub rounds: u32,
    /// How often each was measured in a round.
    pub slices: usize,
}

impl Report {
    /// All figures by workload and server, and what they were measured on. The spaces in a server's name are `_`.
    pub fn json(&self) -> Value {
        let key = |server: &str| server.replace(" --", "_").replace(' ', "_");
        let of_section = |section: &Section| {
            let rows = section.rows.iter().map(|row| (key(row.server), row.json(section.dose)));
            (section.workload.name.to_owned(), rows.collect::<Map<_, _>>().into())
        };
        let workloads: Map<String, Value> = self.sections.iter().map(of_section).collect();
        let idle: Map<String, Value> = self.idle.iter().map(|row| (key(row.server), json!(row))).collect();
        let (rounds, slices) = (self.rounds, self.slices);
        json!({
            "stamp": stamp::stamp(), "rounds": rounds, "slices_a_round": slices, "workloads": workloads, "idle": idle,
        })
    }

    /// All tables.
    pub fn markdown(&self) -> String {
        let mut text = format!("What `compare` found, on:\n\n```json\n{:#}\n```\n", stamp::stamp());
        for section in &self.sections {
            text += &format!("\n{}", section.table());
        }
        if !self.idle.is_empty() {
            text += &format!("\nidle connections, each of which has made a request\n\n{}\n", idle::Row::HEAD);
            self.idle.iter().for_each(|row| text += &format!("{}\n", row.line()));
        }
        text
    }

    /// CPU time as ratios.
    pub fn ratios(&self) -> Chart {
        let ratio = |row: &Row| Spread::of(&row.ratios).map(|spread| (spread.median, spread.to_string()));
        Chart {
            title: "CPU time of the server per request".to_owned(),
            axis: "× that of the first of each group, logarithmic: medians, and quartiles in brackets".to_owned(),
            scale: Scale { from: 0.5, step: 2.0 },
            groups: self.sections.iter().filter_map(|section| section.group(ratio)).collect(),
        }
    }

    /// Latencies of which one in a hundred is longer.
    pub fn latencies(&self) -> Chart {
        let figure = |row: &Row| {
            let [p50, p99, p99_9] = row.latencies_us()?;
            Some((p99.median, format!("{p99:.0}; half within {:.0}, 99.9 % {:.0}", p50.median, p99_9.median)))
        };
        Chart {
            title: "Latency at a fixed rate, 99th percentile".to_owned(),
            axis: "µs from when due, logarithmic: medians and quartiles of slices, at 0.3 × what the first of each group can do"
                .to_owned(),
            scale: Scale { from: 10.0, step: 10.0 },
            groups: self.sections.iter().filter_map(|section| section.group(figure)).collect(),
        }
    }

    /// Memory of idle connections.
    pub fn idle_bytes(&self) -> Chart {
        let bar = |row: &idle::Row| Bar {
            label: row.server.to_owned(),
            value: row.bytes_each,
            note: format!("{} {} threads more", grouped(row.bytes_each), row.threads_grown),
            is_own: is_own(row.server),
        };
        Chart {
            title: "Resident bytes of an idle connection that has made a request".to_owned(),
            axis: "bytes per connection, logarithmic; what the kernel keeps comes on top".to_owned(),
            scale: Scale { from: 1.0, step: 10.0 },
            groups: vec![Group { label: String::new(), bars: self.idle.iter().map(bar).collect() }],
        }
    }
}
