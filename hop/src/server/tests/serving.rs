//! Requests over sockets of all kinds, what they cost, and who is refused.

use super::*;

#[test]
fn requests_are_answered_in_every_way_of_waiting_and_of_spreading() {
    for options in ways() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let server = start(address, options.clone());
            let clients = [(); 8].map(|()| server.connect());
            for client in clients.iter().chain(&clients) {
                assert!(ask(client, "/").ends_with("\r\n\r\nhello"), "{options:?}");
            }
            assert_eq!(server.handle.stats().accepted, 8);
            assert_eq!(server.stop(), Report { finished: 8, ..Report::default() });
        }
    }
}

#[test]
fn a_unix_socket_is_served_by_all_workers() {
    let path = std::env::temp_dir().join(format!("hop-{}-served.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let server = start(path.to_str().unwrap(), Options { workers: 2, ..ONE_WORKER });
    for _ in 0..4 {
        assert!(ask(&UnixStream::connect(&path).unwrap(), "/peer").ends_with("unix"));
    }
    server.stop();
    assert!(!path.exists());
}

#[test]
fn the_peer_is_the_clients_address() {
    let server = start("127.0.0.1:0", ONE_WORKER);
    let client = server.connect();
    assert!(ask(&client, "/peer").ends_with(&client.local_addr().unwrap().to_string()));
    server.stop();
}

#[test]
fn a_request_costs_one_wake_up_and_an_idle_connection_none() {
    for wait in [Wait::Native, Wait::Portable] {
        let server = start("127.0.0.1:0", Options { wait, ..ONE_WORKER });
        let idle = [(); 50].map(|()| server.connect());
        idle.iter().for_each(|client| drop(ask(client, "/")));
        assert_eq!(server.wakeups_of_20_requests(&idle[0]), 20, "{wait:?}");
        server.stop();
    }
}

#[test]
fn pipelined_requests_share_one_wake_up() {
    let server = start("127.0.0.1:0", ONE_WORKER);
    let mut client = server.connect();
    ask(&client, "/");
    let before = server.handle.stats().wakeups;
    client.write_all(&get("/").repeat(16)).unwrap();
    (0..16).for_each(|_| assert!(answer(&client).ends_with("hello")));
    assert_eq!(server.handle.stats().wakeups, before + 1);
    server.stop();
}

#[test]
fn an_answer_from_another_thread_wakes_the_worker_once_at_most() {
    let server = start("127.0.0.1:0", ONE_WORKER);
    let mut client = server.connect();
    ask(&client, "/");
    let before = server.handle.stats().wakeups;
    client.write_all(&get("/later")).unwrap();
    server.later().send("at last");
    assert!(answer(&client).ends_with("at last"));
    // Fewer when it comes while the worker is still awake.
    assert!(server.handle.stats().wakeups <= before + 2);
    server.stop();
}

#[test]
fn connections_beyond_the_limit_are_refused_until_others_close() {
    let server = start_with("127.0.0.1:0", ONE_WORKER, |app| app.limits.connections = Some(1));
    let first = server.connect();
    assert!(ask(&first, "/").starts_with("http/1.1 200"));
    assert!(answer(server.connect()).starts_with("http/1.1 503"));
    assert_eq!(server.handle.stats().refused, 1);
    drop(first);
    // The end of the first may be seen after the next one has come.
    let served = (0..1000).any(|_| {
        let client = server.connect();
        (&client).write_all(&get("/")).unwrap();
        answer(&client).starts_with("http/1.1 200")
    });
    assert!(served);
    server.stop();
}

#[test]
fn two_servers_do_not_know_of_each_other() {
    let (one, other) = (start("127.0.0.1:0", ONE_WORKER), start("127.0.0.1:0", ONE_WORKER));
    let client = other.connect();
    one.stop();
    assert!(ask(&client, "/").ends_with("hello"));
    assert_eq!(other.handle.stats().accepted, 1);
    other.stop();
}
