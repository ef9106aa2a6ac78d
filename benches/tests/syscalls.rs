//! The system calls of a request, counted by strace, where that is installed.

use hop_benches::{
    exchange::Exchange,
    load::{Load, Plan, Stop},
    peers,
    process::Server,
    requests,
};
use std::{
    collections::BTreeMap,
    env, fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

const FEW: u64 = 200;
const MANY: u64 = 1200;

#[test]
fn a_request_costs_one_read_one_write_and_at_most_one_wait() {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("strace is not installed: nothing is counted");
        return;
    }
    let hop = peers::build_example("hop_example").unwrap();
    let (few, mut each) = (calls(&hop, FEW), calls(&hop, MANY));
    for (name, count) in &mut each {
        *count -= few.get(name).copied().unwrap_or(0);
    }
    let waits = each.remove("epoll_pwait").unwrap_or(0);
    assert!((1..=(MANY - FEW) as i64).contains(&waits), "{waits} waits");
    let request = (MANY - FEW) as i64;
    // What threads do that take no part in requests, those of tokio's runtime, differs by a few calls from life to life.
    each.retain(|_, count| count.abs() > request / 100);
    assert_eq!(each, BTreeMap::from([("recvfrom".to_owned(), request), ("sendto".to_owned(), request)]));
}

/// How often a server makes each system call in a life with so many requests.
fn calls(binary: &Path, requests: u64) -> BTreeMap<String, i64> {
    let file = env::temp_dir().join(format!("hop-strace-{}-{requests}", std::process::id()));
    let mut strace = Command::new("strace");
    // -D: strace is a grandchild, so that the child is the server.
    strace.args(["-D", "-f", "-c", "-U", "name,calls", "-o"]).arg(&file).arg(binary);
    let server = Server::start_by(strace, 1, None).unwrap();
    let exchange = Exchange::http(server.addr, requests::BARE).unwrap();
    let plan = Plan { addr: server.addr, connections: 8, exchange, pipelined: 1, per_connection: None };
    let mut load = Load::open(plan).unwrap();
    assert_eq!(load.run(Stop::Requests(requests)).unwrap().requests, requests);
    drop(load);
    server.stop().unwrap();
    let text = written(&file);
    fs::remove_file(&file).unwrap();
    let line = |line: &str| {
        let (name, count) = line.trim().rsplit_once(' ')?;
        Some((name.trim().to_owned(), count.parse().ok()?)).filter(|(name, _)| name != "total")
    };
    text.lines().filter_map(line).collect()
}

/// The table, of which the last line is the total; strace writes it when the server has ended.
fn written(file: &Path) -> String {
    let began = Instant::now();
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        if text.lines().last().is_some_and(|line| line.trim_start().starts_with("total")) {
            return text;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "strace writes nothing: {text}");
        thread::yield_now();
    }
}
