//! What the budget found: a Markdown table, JSON, and bars for the chart.

use super::{Growth, Sample, Scenario};
use crate::{
    chart::{Bar, Chart, Group, Scale, grouped},
    stamp,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// One scenario and what its connections have added.
#[derive(Clone, Debug)]
pub struct Row {
    scenario: Scenario,
    connections: usize,
    growth: Growth,
}

/// A sample, divided by the connections.
#[derive(Serialize)]
struct Each {
    threads: f64,
    tasks: f64,
    resident_bytes: f64,
    switches_per_second: f64,
}

impl Each {
    fn of(sample: Sample, connections: usize) -> Each {
        let each = |grown: f64| grown / connections as f64;
        Each {
            threads: each(sample.cost.threads as f64),
            tasks: each(sample.cost.tasks as f64),
            resident_bytes: each(sample.cost.resident_bytes as f64),
            switches_per_second: each(sample.switches_per_second),
        }
    }
}

impl Row {
    /// The head of the table: each quantity as growth, then by connection, then the bytes after a ping and its pong.
    pub const HEAD: &str = "\
| scenario          | threads | tasks | resident KiB | switches/s | threads each | tasks each | bytes each | switches/s each | bytes each after a ping |
|-------------------|--------:|------:|-------------:|-----------:|-------------:|-----------:|-----------:|----------------:|------------------------:|";

    /// What so many connections have added in a scenario.
    pub fn new(scenario: Scenario, connections: usize, growth: Growth) -> Row {
        Row { scenario, connections, growth }
    }

    /// The row as a line of Markdown.
    pub fn line(&self) -> String {
        let Sample { cost, switches_per_second } = self.growth.idle;
        let each = Each::of(self.growth.idle, self.connections);
        let pinged = self.growth.pinged.map(|sample| Each::of(sample, self.connections).resident_bytes);
        let pinged = pinged.map_or("–".to_owned(), |bytes| format!("{bytes:.0}"));
        format!(
            "| {:<17} | {:>7} | {:>5} | {:>12} | {:>10.0} | {:>12.2} | {:>10.2} | {:>10.0} | {:>15.3} | {pinged:>23} |",
            self.name(),
            cost.threads,
            cost.tasks,
            cost.resident_bytes / 1024,
            without_minus(switches_per_second),
            each.threads,
            each.tasks,
            each.resident_bytes,
            without_minus(each.switches_per_second),
        )
    }

    /// The name, with the mark of its note.
    fn name(&self) -> String {
        format!("{}{}", self.scenario.name, if self.scenario.name == OWN_BUFFER { " ¹" } else { "" })
    }

    fn json(&self) -> Value {
        let part = |sample| json!({ "growth": sample, "each": Each::of(sample, self.connections) });
        let mut row = part(self.growth.idle);
        row["server"] = self.scenario.server.into();
        row["after_ping"] = self.growth.pinged.map_or(Value::Null, part);
        row
    }

    fn bar(&self) -> Bar {
        let Sample { cost, .. } = self.growth.idle;
        let counted = |count: i64, what: &str| match count {
            0 => format!("no {what}s"),
            1 => format!("1 {what}"),
            _ => format!("{count} {what}s"),
        };
        let value = Each::of(self.growth.idle, self.connections).resident_bytes;
        let (threads, tasks) = (counted(cost.threads, "thread"), counted(cost.tasks, "task"));
        Bar {
            label: self.scenario.name.to_owned(),
            value,
            note: format!("{} {threads}, {tasks}", grouped(value)),
            is_own: self.scenario.name.starts_with("hop-"),
        }
    }
}

/// The row whose memory is mostly its user's own.
const OWN_BUFFER: &str = "hop-ws-event";

/// What must be known beside the table.
pub fn notes(rows: &[Row]) -> String {
    let mut notes = "\
Growth over a server that has served one such connection before; one worker. Memory is that of the server's own pages; what the
kernel keeps for sockets and threads comes on top. Switches are those of a time in which the clients send nothing, less those
of the same server before; event streams are sent one event a second.
"
    .to_owned();
    if rows.iter().any(|row| row.scenario.name == OWN_BUFFER) {
        notes += "\n¹ 4,096 bytes of it are the read buffer of tungstenite, the user's own state.\n";
    }
    notes
}

/// A difference of two noisy rates may be slightly negative; `-0` says nothing.
fn without_minus(rate: f64) -> f64 {
    if rate.abs() < 0.0005 { 0.0 } else { rate }
}

/// All rows by name, and what they were measured on.
pub fn json(rows: &[Row], connections: usize) -> Value {
    let by_name: Map<String, Value> = rows.iter().map(|row| (row.scenario.name.to_owned(), row.json())).collect();
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    json!({ "stamp": stamp::stamp(), "profile": profile, "connections": connections, "rows": by_name })
}

/// Bytes of each connection as bars, threads and tasks beside them.
pub fn chart(rows: &[Row], connections: usize) -> Chart {
    Chart {
        title: format!("Resident bytes of an idle connection, {connections} of them open"),
        axis: "bytes per connection, logarithmic; beside each bar what all of them have added".to_owned(),
        scale: Scale { from: 1.0, step: 10.0 },
        groups: vec![Group { label: String::new(), bars: rows.iter().map(Row::bar).collect() }],
    }
}

#[cfg(test)]
mod tests {
    use super::super::SCENARIOS;
    use super::*;
    use crate::growth::Cost;

    fn row(at: usize, threads: i64, resident_bytes: i64) -> Row {
        let idle = Sample { cost: Cost { threads, tasks: 0, resident_bytes }, switches_per_second: -0.0001 };
        Row::new(SCENARIOS[at], 4, Growth { idle, pinged: None })
    }

    #[test]
    fn a_line_has_a_cell_for_each_column() {
        let line = row(0, 4, 4096).line();
        assert_eq!(line.matches('|').count(), Row::HEAD.lines().next().unwrap().matches('|').count());
        assert!(line.starts_with("| std-idle-http     |       4 |     0 |            4 |          0 |"), "{line}");
        assert!(line.ends_with("–  |") || line.ends_with("– |"), "{line}");
    }

    #[test]
    fn figures_are_found_in_json_by_name() {
        let json = json(&[row(0, 4, 4096)], 4);
        assert_eq!(json.pointer("/rows/std-idle-http/growth/threads"), Some(&4.into()));
        assert_eq!(json.pointer("/rows/std-idle-http/each/resident_bytes"), Some(&1024.0.into()));
        assert_eq!(json.pointer("/rows/std-idle-http/after_ping"), Some(&Value::Null));
    }

    #[test]
    fn only_the_row_with_a_buffer_of_its_own_has_the_note() {
        assert!(!notes(&[row(0, 4, 4096)]).contains('¹'));
        let own = SCENARIOS.iter().position(|scenario| scenario.name == OWN_BUFFER).unwrap();
        assert!(notes(&[row(own, 0, 4096)]).contains('¹') && row(own, 0, 4096).line().contains('¹'));
    }
}
