//! What sockets report, and what it must not do to the worker or to others.

use super::*;

#[test]
fn a_half_closed_client_gets_its_answer_and_costs_nothing_meanwhile() {
    for wait in [Wait::Native, Wait::Portable] {
        let server = start("127.0.0.1:0", Options { wait, ..ONE_WORKER });
        let (mut client, other) = (server.connect(), server.connect());
        client.write_all(&get("/later")).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let responder = server.later();
        assert_eq!(server.wakeups_of_20_requests(&other), 20, "{wait:?}");
        assert_eq!(responder.send("at last"), Sent::Now);
        assert!(answer(&client).ends_with("at last"));
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        server.stop();
    }
}

/// Closes with a reset instead of a FIN.
fn reset(client: TcpStream) {
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
}

#[test]
fn a_reset_reaches_whoever_would_have_answered() {
    for wait in [Wait::Native, Wait::Portable] {
        let server = start("127.0.0.1:0", Options { wait, ..ONE_WORKER });
        let (mut client, other) = (server.connect(), server.connect());
        client.write_all(&get("/later")).unwrap();
        let responder = server.later();
        reset(client);
        server.wakeups_of_20_requests(&other);
        assert!(responder.is_closed(), "{wait:?}");
        assert_eq!(server.handle.stats().connections, 1);
        server.stop();
    }
}

/// A client that sends more behind a deferred request than the engine reads ahead.
fn flood(server: &Running) -> (TcpStream, Responder) {
    let mut client = server.connect();
    client.write_all(&get("/later")).unwrap();
    let responder = server.later();
    client.write_all(&get("/").repeat(2000)).unwrap();
    (client, responder)
}

#[test]
fn a_connection_that_is_not_read_costs_nothing_and_its_reset_is_seen() {
    for wait in [Wait::Native, Wait::Portable] {
        let server = start("127.0.0.1:0", Options { wait, ..ONE_WORKER });
        let other = server.connect();
        let (client, responder) = flood(&server);
        // Twenty requests, and at most one look at the paused connection.
        assert!(server.wakeups_of_20_requests(&other) <= 21, "{wait:?}");
        assert!(!responder.is_closed());
        reset(client);
        server.wakeups_of_20_requests(&other);
        assert!(responder.is_closed(), "{wait:?}");
        server.stop();
    }
}

#[test]
fn a_connection_that_was_paused_goes_on_where_it_was() {
    let server = start("127.0.0.1:0", ONE_WORKER);
    let (client, responder) = flood(&server);
    client.shutdown(std::net::Shutdown::Write).unwrap();
    responder.send("first");
    assert!(answer(&client).ends_with("first"));
    (0..2000).for_each(|_| assert!(answer(&client).ends_with("hello")));
    assert_eq!((&client).read(&mut [0]).unwrap(), 0);
    server.stop();
}

#[test]
fn a_lone_urgent_byte_does_not_keep_the_worker_awake() {
    for wait in [Wait::Native, Wait::Portable] {
        let server = start("127.0.0.1:0", Options { wait, ..ONE_WORKER });
        let (client, other) = (server.connect(), server.connect());
        ask(&client, "/");
        rustix::net::send(&client, b"!", rustix::net::SendFlags::OOB).unwrap();
        assert_eq!(server.wakeups_of_20_requests(&other), 20, "{wait:?}");
        assert!(ask(&client, "/").ends_with("hello"));
        server.stop();
    }
}

#[test]
fn a_slow_reader_gets_everything_and_disturbs_nobody() {
    const MUCH: usize = 32 << 20;
    let server = start("127.0.0.1:0", ONE_WORKER);
    let (mut client, other) = (server.connect(), server.connect());
    client.write_all(&get("/later")).unwrap();
    server.later().send(vec![b'x'; MUCH]);
    assert_eq!(server.wakeups_of_20_requests(&other), 20);
    let text = answer(&client);
    assert_eq!(text.bytes().rev().take_while(|&byte| byte == b'x').count(), MUCH);
    server.stop();
}

/// A connection that was given away, as its client and its new owner have it.
fn taken(server: &Running) -> (TcpStream, RawStream) {
    let mut client = server.connect();
    client.write_all(&get("/take")).unwrap();
    (client, server.taken())
}

#[test]
fn what_the_client_of_a_connection_that_was_given_away_sends_is_not_the_workers_business() {
    for wait in [Wait::Native, Wait::Portable] {
        let server = start("127.0.0.1:0", Options { wait, ..ONE_WORKER });
        let (mut client, _stream) = taken(&server);
        client.write_all(b"unread").unwrap();
        // Without a request in between, each turn of the worker would be one for the bytes.
        assert_eq!(server.wakeups_of_20_requests(&server.connect()), 20, "{wait:?}");
        server.stop();
    }
}

#[test]
fn the_reset_of_a_connection_that_was_given_away_meets_nobody_else() {
    for wait in [Wait::Native, Wait::Portable] {
        let server = start("127.0.0.1:0", Options { wait, ..ONE_WORKER });
        let other = server.connect();
        ask(&other, "/");
        let (client, _stream) = taken(&server);
        server.wakeups_of_20_requests(&other);
        // It has the slot that has become free.
        let mut next = server.connect();
        next.write_all(&get("/later")).unwrap();
        next.shutdown(std::net::Shutdown::Write).unwrap();
        let responder = server.later();
        reset(client);
        server.wakeups_of_20_requests(&other);
        responder.send("unharmed");
        assert!(answer(&next).ends_with("unharmed"), "{wait:?}");
        server.stop();
    }
}
