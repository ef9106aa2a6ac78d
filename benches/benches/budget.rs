//! The thread and task budget, printed as it is measured: `cargo bench -p hop-benches --bench budget`. How many connections each
//! scenario opens: `WSDEMO_CONN_COUNT`, 24 unless it is set. What is measured, and how, is said in `hop_benches::budget`.

use hop_benches::{
    budget::{self, Plan, Row, SCENARIOS, Scenario},
    peers,
};
use hop_examples::{Flag, Flags};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

const FLAGS: [Flag; 6] = [
    Flag::new("--scenarios", "A,B", "", "which (default: all)"),
    Flag::new("--seconds", "N", "1", "how long nothing is sent before each sample"),
    Flag::new("--json", "FILE", "", "write the rows there, seen from the root of the workspace"),
    Flag::new("--svg", "FILE", "", "draw the bytes of a connection there, as bars"),
    Flag::switch("--no-build", "take the servers as they are"),
    Flag::switch("--bench", "cargo bench says so; changes nothing"),
];
const CONNECTIONS: usize = 24;

fn main() -> io::Result<()> {
    let options = Options::read_all();
    let servers: Vec<&str> = options.scenarios.iter().map(|scenario| scenario.server).collect();
    let folder = if options.builds { peers::build_only(&servers) } else { peers::folder() }?;
    let connections = options.plan.connections;
    let bar = ProgressBar::new((options.scenarios.len() * connections) as u64)
        .with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}").expect("the template is valid"));
    println!("{connections} connections\n\n{}", Row::HEAD);
    let mut rows = Vec::new();
    for (at, scenario) in options.scenarios.iter().enumerate() {
        bar.set_message(scenario.name);
        match options.plan.measure(&folder, scenario, || bar.inc(1)) {
            Ok(growth) => {
                let row = Row::new(*scenario, connections, growth);
                bar.suspend(|| println!("{}", row.line()));
                rows.push(row);
            }
            Err(error) => bar.suspend(|| eprintln!("{}: left out: {}: {error}", scenario.name, scenario.server)),
        }
        bar.set_position(((at + 1) * connections) as u64);
    }
    bar.finish_and_clear();
    println!("\n{}", budget::notes(&rows));
    options.write(&rows)
}

struct Options {
    scenarios: Vec<Scenario>,
    plan: Plan,
    json: String,
    svg: String,
    builds: bool,
}

impl Options {
    fn read_all() -> Options {
        Flags::from_args("Measures threads, tasks and memory of idle connections.", &FLAGS, Options::read)
    }

    fn read(flags: Flags) -> Result<Options, String> {
        let asked = flags.list("--scenarios");
        let known = SCENARIOS.map(|scenario| scenario.name);
        if let Some(unknown) = asked.iter().find(|name| !known.contains(name)) {
            return Err(format!("--scenarios {unknown}: there are {}", known.join(", ")));
        }
        let is_asked_for = |scenario: &Scenario| asked.is_empty() || asked.contains(&scenario.name);
        let count = env::var("WSDEMO_CONN_COUNT").ok().map_or(Ok(CONNECTIONS), |count| count.parse());
        let seconds = flags.number("--seconds")?;
        Ok(Options {
            scenarios: SCENARIOS.into_iter().filter(is_asked_for).collect(),
            plan: Plan {
                connections: count.ok().filter(|count| *count > 0).ok_or("WSDEMO_CONN_COUNT: a number above 0")?,
                idle: Duration::from_secs(Some(seconds).filter(|seconds| *seconds > 0).ok_or("--seconds: at least 1")?),
            },
            json: flags.text("--json").to_owned(),
            svg: flags.text("--svg").to_owned(),
            builds: !flags.is_on("--no-build"),
        })
    }

    fn write(&self, rows: &[Row]) -> io::Result<()> {
        let connections = self.plan.connections;
        if !self.json.is_empty() {
            fs::write(from_root(&self.json), format!("{:#}\n", budget::json(rows, connections)))?;
        }
        if !self.svg.is_empty() {
            fs::write(from_root(&self.svg), budget::chart(rows, connections).svg())?;
        }
        Ok(())
    }
}

/// cargo runs a bench in the folder of its package, and whoever names a file means where they stand, which is the root.
fn from_root(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}
