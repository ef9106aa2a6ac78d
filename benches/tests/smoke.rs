//! The ceilings and the load generator work on each other: exact counts, no times.

use hop_benches::{
    exchange::Exchange,
    fanout::Audience,
    load::{self, Load, Plan, Stop},
    peers::Site,
    process::Server,
    requests, websocket,
};
use std::path::Path;

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
            let exchange = websocket::echo("/", bytes);
            let plan = Plan { pipelined: if bytes > 1024 { 1 } else { 16 }, ..plan(&server, &exchange) };
            assert_eq!(answered(plan, 160), 160, "{binary}, {bytes} bytes");
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
    let held = load::hold(server.addr, &websocket::echo("/", 20), 10, || ()).unwrap();
    assert_eq!((held.len(), server.tasks().unwrap()), (10, before + 10));
}
