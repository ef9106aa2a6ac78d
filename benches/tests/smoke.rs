//! The ceilings and the load generator work on each other: exact counts, no times.

use hop_benches::{
    exchange::Exchange,
    fanout::Audience,
    http2::Http2,
    load::{self, Load, Pace, Plan, Stop},
    measure::{Bench, Client},
    peers::{self, Site},
    process::Server,
    requests,
    rounds::Round,
    workload::{self, Workload},
};
use std::{
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    thread,
    time::{Duration, Instant},
};

fn limit() -> Server {
    Server::start(Path::new(env!("CARGO_BIN_EXE_limit")), &[], 1, None).unwrap()
}

fn http(server: &Server, request: &[u8]) -> Exchange {
    Exchange::http(server.addr, request).unwrap()
}

fn plan(server: &Server, exchange: &Exchange) -> Plan {
    Plan { addr: server.addr, connections: 8, exchange: exchange.clone(), pipelined: 1, per_connection: None }
}

fn answered(plan: Plan, requests: u64) -> u64 {
    Load::open(plan).unwrap().run(Stop::Requests(requests)).unwrap().requests
}

#[test]
fn an_exact_number_of_requests_is_answered() {
    let server = limit();
    let exchange = http(&server, requests::BROWSER);
    assert_eq!(exchange.answer_bytes, requests::ANSWER.len());
    assert_eq!(answered(plan(&server, &exchange), 1000), 1000);
}

#[test]
fn a_load_runs_twice_over_the_same_connections() {
    let server = limit();
    let exchange = http(&server, requests::BARE);
    let mut load = Load::open(plan(&server, &exchange)).unwrap();
    assert_eq!(load.run(Stop::Requests(100)).unwrap().requests, 100);
    let descriptors = server.descriptors().unwrap();
    assert_eq!(load.run(Stop::Requests(300)).unwrap().requests, 300);
    assert_eq!(server.descriptors().unwrap(), descriptors);
}

#[test]
fn a_paced_load_times_every_request_of_its_pace() {
    let server = limit();
    let exchange = http(&server, requests::BARE);
    let mut load = Load::open(plan(&server, &exchange)).unwrap();
    let pace = Pace { per_second: 5000.0, time: Duration::from_millis(100) };
    let latencies = load.paced(pace).unwrap();
    assert_eq!(latencies.len(), 500);
    assert!(latencies.min() > 0);
    // Nothing is left on the connections: they serve the next run.
    assert_eq!(load.run(Stop::Requests(100)).unwrap().requests, 100);
}

/// A request whose turn comes while all connections are busy waits, and its waiting counts.
#[test]
fn requests_that_wait_for_a_connection_are_late_by_their_wait() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    // From the first request until the last answer is written, as the server sees it.
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; requests::BARE.len()];
        stream.read_exact(&mut request).unwrap();
        let first = Instant::now();
        loop {
            let busy = first.elapsed();
            stream.write_all(requests::ANSWER).unwrap();
            if stream.read_exact(&mut request).is_err() {
                return busy;
            }
        }
    });
    let (request, answer) = (requests::BARE.to_vec(), b"HTTP/1.1 200".to_vec());
    let exchange = Exchange { opening: Vec::new(), request, answer, answer_bytes: requests::ANSWER.len() };
    let mut load = Load::open(Plan { addr, connections: 1, exchange, pipelined: 1, per_connection: None }).unwrap();
    // All are due within a microsecond, and one is answered after the other.
    let due_within = Duration::from_micros(1);
    let latencies = load.paced(Pace { per_second: 1e9, time: due_within }).unwrap();
    drop(load);
    let busy = server.join().unwrap();
    assert_eq!(latencies.len(), 1000);
    // The last one was due before the first was sent, and answered after that time.
    let longest = Duration::from_nanos(latencies.max()) + due_within;
    assert!(longest >= busy, "{longest:?} of {busy:?}");
}

#[test]
fn pipelined_requests_are_counted_in_whole_batches() {
    let server = limit();
    let exchange = http(&server, requests::BARE);
    let plan = Plan { pipelined: 16, ..plan(&server, &exchange) };
    assert_eq!(answered(plan, 1000), 1008);
}

#[test]
fn connections_can_be_replaced_while_others_are_held_idle() {
    let server = limit();
    let exchange = http(&server, requests::BARE);
    let plan = Plan { per_connection: Some(10), ..plan(&server, &exchange) };
    let held = load::hold(server.addr, &exchange, 20, || ()).unwrap();
    assert_eq!(answered(plan, 500), 500);
    assert_eq!(held.len(), 20);
}

#[test]
fn a_whole_file_is_fetched() {
    let site = Site::new().unwrap();
    let path = Path::new(env!("CARGO_BIN_EXE_limit_file"));
    let server = Server::start(path, &site.arguments(), 1, None).unwrap();
    let exchange = http(&server, &requests::file());
    assert!(exchange.answer_bytes > requests::FILE_BYTES);
    assert_eq!(answered(plan(&server, &exchange), 40), 40);
}

#[test]
fn messages_of_any_length_are_echoed_alone_and_coalesced() {
    for binary in [
        env!("CARGO_BIN_EXE_limit_ws"),
        env!("CARGO_BIN_EXE_fastwebsockets_echo"),
        env!("CARGO_BIN_EXE_tungstenite_echo"),
        env!("CARGO_BIN_EXE_std_tungstenite"),
    ] {
        let server = Server::start(Path::new(binary), &[], 1, None).unwrap();
        for bytes in [0, 20, 125, 126, 1024, 65_535, 65_536, 100_000] {
            let exchange = Exchange::echo("/", bytes);
            let plan = Plan { pipelined: if bytes > 1024 { 1 } else { 16 }, ..plan(&server, &exchange) };
            assert_eq!(answered(plan, 160), 160, "{binary}, {bytes} bytes");
        }
    }
}

#[test]
fn axum_and_hop_speak_http2_with_prior_knowledge() {
    let folder = peers::build_example("axum_example").unwrap().parent().unwrap().to_owned();
    for server in peers::AXUM {
        let (binary, more) = peers::command(&folder, server);
        let server = Server::start(&binary, &more, 1, None).unwrap();
        let mut client = Http2::open(server.addr, 4, 8, hop_examples::BODY.len()).unwrap();
        assert_eq!(client.run(Stop::Requests(100)).unwrap().requests, 100);
        let descriptors = server.descriptors().unwrap();
        assert_eq!(client.run(Stop::Requests(1001)).unwrap().requests, 1001);
        assert_eq!(server.descriptors().unwrap(), descriptors);
        let mut client = Http2::open(server.addr, 1, 1, 7).unwrap();
        assert!(client.run(Stop::Requests(1)).unwrap_err().to_string().contains("28 bytes"));
    }
}

fn workload(name: &str, idle: usize) -> Workload {
    workload::all(idle).into_iter().find(|workload| workload.name == name).unwrap()
}

#[test]
fn a_round_measures_every_server_once_a_turn() {
    let folder = Path::new(env!("CARGO_BIN_EXE_limit")).parent().unwrap().to_owned();
    let (time, site) = (Duration::from_millis(10), Site::new().unwrap());
    let bench = Bench { folder, cores: None, time, client: Client::Own, site };
    for (name, servers) in [("ws-20", &["limit_ws", "fastwebsockets_echo"][..]), ("idle-beside", &["limit"])] {
        let workload = workload(name, 50);
        let dose = bench.dose(&workload).unwrap();
        let round = Round { bench: &bench, workload: &workload, servers, turns: 3, dose };
        let mut measured = 0;
        let found = round.run(&mut |_, slices| measured += slices).unwrap();
        assert_eq!((found.len(), measured), (servers.len(), 3 * servers.len() * workload.instances()));
        for found in found {
            assert_eq!((found.samples.len(), found.ratios.len()), (3, 3));
            assert_eq!(found.latencies.len(), if workload.is_paced { 3 } else { 0 });
            assert!(found.samples.iter().all(|sample| sample.cpu_us > 0.0));
        }
    }
}

#[test]
fn what_is_published_reaches_every_subscriber() {
    for binary in [env!("CARGO_BIN_EXE_limit_fanout"), env!("CARGO_BIN_EXE_hop_fanout")] {
        let server = Server::start(Path::new(binary), &[], 1, None).unwrap();
        let mut audience = Audience::new(server.addr).unwrap();
        audience.grow_to(100).unwrap();
        assert_eq!(audience.run(Stop::Requests(1)).unwrap().requests, 100, "{binary}");
        audience.grow_to(150).unwrap();
        assert_eq!(audience.run(Stop::Requests(300)).unwrap().requests, 300, "{binary}");
    }
}

#[test]
fn the_cost_of_a_server_can_be_read() {
    let mut server = limit();
    let before = server.cpu_time().unwrap();
    assert_eq!(answered(plan(&server, &http(&server, requests::BARE)), 5000), 5000);
    assert!(server.cpu_time().unwrap() > before);
    assert_eq!(server.tasks().unwrap(), 0);
    assert_eq!(server.threads().unwrap(), 1);
    assert!(server.resident_bytes().unwrap() > 0);
    assert!(server.context_switches().unwrap() > 0);
    server.stop().unwrap();
}

#[test]
fn the_tasks_of_a_tokio_server_can_be_counted() {
    let mut server = Server::start(Path::new(env!("CARGO_BIN_EXE_tungstenite_echo")), &[], 1, None).unwrap();
    let before = server.tasks().unwrap();
    let held = load::hold(server.addr, &Exchange::echo("/", 20), 10, || ()).unwrap();
    assert_eq!((held.len(), server.tasks().unwrap()), (10, before + 10));
}
