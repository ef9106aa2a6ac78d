//! The comparison from its command line to its files, with the servers of frameworks; counts, no times.
#![cfg(feature = "peers")]

use hop_benches::{
    exchange::Exchange,
    load::{Load, Plan, Stop},
    peers,
    process::Server,
    requests,
};
use serde_json::Value;
use std::{env, fs, path::Path, process::Command};

/// The servers that this package does not build itself.
const EXAMPLES: [&str; 6] =
    ["std_example", "tokio_example", "hop_example", "ws_example", "static_site", "axum_example"];

#[test]
fn every_server_of_the_app_answers_alike() {
    let folder = Path::new(env!("CARGO_BIN_EXE_axum_app")).parent().unwrap();
    for request in [requests::JSON.to_vec(), requests::post()] {
        for name in &peers::APP[1..] {
            let (binary, more) = peers::command(folder, name);
            let server = Server::start(&binary, &more, 1, None).unwrap();
            // Fails unless the answer is a 200 with a length.
            let exchange = Exchange::http(server.addr, &request).unwrap();
            let plan = Plan { addr: server.addr, connections: 4, exchange, pipelined: 1, per_connection: None };
            assert_eq!(Load::open(plan).unwrap().run(Stop::Requests(100)).unwrap().requests, 100, "{name}");
        }
    }
}

#[test]
fn a_quick_comparison_writes_all_that_it_found() {
    let folder = peers::build_only(&EXAMPLES).unwrap();
    let out = env::temp_dir().join(format!("hop-compare-{}", std::process::id()));
    let mut compare = Command::new(env!("CARGO_BIN_EXE_compare"));
    compare.args(["--quick", "--no-build", "--only", "plain,json,file,ws-20,idle", "--out"]).arg(&out);
    assert!(compare.status().unwrap().success());
    let json: Value = serde_json::from_slice(&fs::read(out.join("compare.json")).unwrap()).unwrap();
    let paced = [("plain", &peers::PLAIN[..]), ("json", &peers::APP), ("ws-20", &peers::ECHO)].map(|it| (it, 6));
    for ((workload, known), latencies) in paced.into_iter().chain([(("file", &peers::FILES[..]), 0)]) {
        for server in peers::present(known, &[], &folder) {
            let row = &json["workloads"][workload][server];
            let samples = row["samples"].as_array().map(Vec::len);
            let paced = row["latencies"].as_array().map(Vec::len);
            assert_eq!((samples, paced), (Some(6), Some(latencies)), "{workload}, {server}");
            assert_eq!(row["latency_us"]["p99_9"]["median"].is_f64(), latencies > 0, "{workload}, {server}");
        }
    }
    // hop's threads are those that it began with, and nothing wakes them; one may still be on its way to sleep.
    let idle = &json["idle"]["hop_example"];
    assert_eq!((&idle["connections"], &idle["threads_grown"]), (&1000.into(), &0.into()));
    assert!(idle["idle_context_switches"].as_u64().is_some_and(|switches| switches <= 2), "{idle}");
    assert_eq!(json["idle"]["std_example"]["threads_grown"], 1000);
    for file in ["compare.md", "compare-cpu.svg", "compare-latency.svg", "compare-idle.svg"] {
        assert!(fs::read_to_string(out.join(file)).unwrap().contains("hop_example"), "{file}");
    }
    fs::remove_dir_all(out).unwrap();
}
