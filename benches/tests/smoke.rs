//! The ceilings and the load generator work on each other: exact counts, no times.

use hop_benches::{
    load::{self, Plan, Stop},
    peers::Site,
    process::Server,
    requests,
};
use std::path::Path;

fn limit() -> Server {
    Server::start(Path::new(env!("CARGO_BIN_EXE_limit")), &[], 1, None).unwrap()
}

fn plan<'a>(server: &Server, request: &'a [u8], requests: u64) -> Plan<'a> {
    Plan {
        addr: server.addr,
        connections: 8,
        request,
        answer_bytes: load::probe(server.addr, request).unwrap(),
        pipelined: 1,
        per_connection: None,
        stop: Stop::Requests(requests),
    }
}

#[test]
fn an_exact_number_of_requests_is_answered() {
    let server = limit();
    let plan = plan(&server, requests::BROWSER, 1000);
    assert_eq!(plan.answer_bytes, requests::ANSWER.len());
    assert_eq!(load::run(&plan).unwrap().requests, 1000);
}

#[test]
fn pipelined_requests_are_counted_in_whole_batches() {
    let server = limit();
    let plan = Plan { pipelined: 16, ..plan(&server, requests::BARE, 1000) };
    assert_eq!(load::run(&plan).unwrap().requests, 1008);
}

#[test]
fn connections_can_be_replaced_while_others_are_held_idle() {
    let server = limit();
    let plan = Plan { per_connection: Some(10), ..plan(&server, requests::BARE, 500) };
    let held = load::hold(&plan, 20, || ()).unwrap();
    assert_eq!(load::run(&plan).unwrap().requests, 500);
    assert_eq!(held.len(), 20);
}

#[test]
fn a_whole_file_is_fetched() {
    let site = Site::new().unwrap();
    let path = Path::new(env!("CARGO_BIN_EXE_limit_file"));
    let server = Server::start(path, &site.arguments(), 1, None).unwrap();
    let request = requests::file();
    let plan = plan(&server, &request, 40);
    assert!(plan.answer_bytes > requests::FILE_BYTES);
    assert_eq!(load::run(&plan).unwrap().requests, 40);
}

#[test]
fn the_cost_of_a_server_can_be_read() {
    let server = limit();
    let before = server.cpu_time().unwrap();
    load::run(&plan(&server, requests::BARE, 5000)).unwrap();
    assert!(server.cpu_time().unwrap() > before);
    assert_eq!(server.threads().unwrap(), 1);
    assert!(server.resident_bytes().unwrap() > 0);
    assert!(server.context_switches().unwrap() > 0);
    server.stop().unwrap();
}
