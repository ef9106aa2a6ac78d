//! Graceful stops and cuts.

use super::*;

#[test]
fn a_graceful_stop_finishes_what_is_in_flight_and_says_that_it_is_the_last() {
    let server = start("127.0.0.1:0", ONE_WORKER);
    let mut client = server.connect();
    client.write_all(&get("/later")).unwrap();
    let responder = server.later();
    let idle = server.connect();
    ask(&idle, "/");
    server.handle.shutdown();
    // The idle connection ends at once, while the other one waits; so the worker knows when the answer comes.
    assert_eq!((&idle).read(&mut [0]).unwrap(), 0);
    responder.send("at last");
    let text = answer(&client);
    assert!(text.contains("connection: close") && text.ends_with("at last"), "{text}");
    drop(client);
    assert_eq!(server.thread.join().unwrap(), Report { finished: 2, ..Report::default() });
}

#[test]
fn what_a_client_of_a_unix_socket_has_sent_before_it_left_is_read() {
    for wait in [Wait::Native, Wait::Portable] {
        let path = std::env::temp_dir().join(format!("hop-leaves-{}-{wait:?}", std::process::id()));
        let server = start(&format!("unix:{}", path.display()), Options { wait, ..ONE_WORKER });
        let connect = || UnixStream::connect(&path).unwrap();
        let (mut first, mut leaves) = (connect(), connect());
        ask(&leaves, "/");
        first.write_all(&get("/hold")).unwrap();
        let hold = server.held();
        leaves.write_all(&get("/later")).unwrap();
        drop(leaves);
        drop(hold);
        answer(&first);
        // The wait that brings the first of these may tell of the one that left after it; the second has a wait of its own.
        ask(&first, "/");
        ask(&first, "/");
        assert!(matches!(server.events.try_recv(), Ok(Event::Later(_))), "{wait:?}");
        drop(first);
        server.stop();
    }
}

#[test]
fn a_graceful_stop_serves_whoever_had_connected_and_asked() {
    for spread in [Spread::PerWorker, Spread::HandOver] {
        let server = start("127.0.0.1:0", Options { spread, ..ONE_WORKER });
        let mut first = server.connect();
        first.write_all(&get("/hold")).unwrap();
        let hold = server.held();
        // The worker is busy: these wait in the queue of the listener.
        let waiting = [(); 20].map(|()| server.connect());
        waiting.iter().for_each(|mut client| client.write_all(&get("/")).unwrap());
        server.handle.shutdown();
        drop(hold);
        waiting.iter().for_each(|client| assert!(answer(client).ends_with("hello")));
        drop((first, waiting));
        server.thread.join().unwrap();
    }
}

#[test]
fn a_graceful_stop_serves_a_connection_that_was_handed_over_to_a_busy_worker() {
    let server = start("127.0.0.1:0", Options { workers: 2, spread: Spread::HandOver, ..ONE_WORKER });
    // The workers get connections in turns.
    let (first, mut second) = (server.connect(), server.connect());
    second.write_all(&get("/later")).unwrap();
    let responder = server.later();
    let (begin, begun) = channel();
    let (go, wait) = channel::<()>();
    let body = std::iter::once_with(move || {
        begin.send(()).unwrap();
        // An error is what is waited for: the other end was dropped.
        let _ = wait.recv();
        Ok(bytes::Bytes::from_static(b"at last"))
    });
    // Worker 1 is held where it has looked at what was handed over already.
    responder.send(Response::stream(body));
    begun.recv().unwrap();
    let (_third, mut fourth) = (server.connect(), server.connect());
    fourth.write_all(&get("/")).unwrap();
    server.catch_up(&first);
    server.handle.shutdown();
    drop(go);
    assert!(answer(&fourth).ends_with("hello"));
    drop((first, second, fourth));
    server.thread.join().unwrap();
}

#[test]
fn a_stopped_server_accepts_nothing() {
    let server = start("127.0.0.1:0", ONE_WORKER);
    let address = server.address();
    server.stop();
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn what_is_in_flight_is_cut_at_the_deadline() {
    let quick = |app: &mut App| app.timeouts.shutdown = Duration::from_millis(10);
    let server = start_with("127.0.0.1:0", ONE_WORKER, quick);
    let mut client = server.connect();
    client.write_all(&get("/later")).unwrap();
    let responder = server.later();
    server.handle.shutdown();
    assert_eq!(server.thread.join().unwrap(), Report { cut: 1, ..Report::default() });
    assert!(responder.is_closed());
    assert_eq!(responder.send("too late"), Sent::Closed);
}

#[test]
fn the_deadline_may_be_never() {
    let server = start_with("127.0.0.1:0", ONE_WORKER, |app| app.timeouts.shutdown = Duration::MAX);
    let mut client = server.connect();
    client.write_all(&get("/later")).unwrap();
    let responder = server.later();
    server.handle.shutdown();
    responder.send("at last");
    assert!(answer(&client).ends_with("at last"));
    drop(client);
    assert_eq!(server.thread.join().unwrap().cut, 0);
}

#[test]
fn a_cut_does_not_wait() {
    let server = start("127.0.0.1:0", Options { workers: 2, ..ONE_WORKER });
    let mut client = server.connect();
    client.write_all(&get("/later")).unwrap();
    let _responder = server.later();
    server.handle.shutdown();
    server.handle.cut();
    assert_eq!(server.thread.join().unwrap(), Report { cut: 1, ..Report::default() });
}

#[test]
fn a_server_that_is_stopped_before_it_runs_ends_at_once() {
    let (send, _events) = channel();
    let app = App::of(Handler(Mutex::new(send)), BodyMode::Whole);
    let server = Server::bind(app, "127.0.0.1:0".parse().unwrap(), ONE_WORKER).unwrap();
    let handle = server.handle();
    handle.shutdown();
    assert_eq!(server.run().unwrap(), Report::default());
    // The handle outlives the server.
    handle.shutdown();
    assert_eq!(handle.stats().accepted, 0);
}
