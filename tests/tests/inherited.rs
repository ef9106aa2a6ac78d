//! A server on sockets that were passed to its process, as systemd does it. The test runs itself anew as that process.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use hop::{Address, Server, route, routes};

/// Set for the process that serves.
const SERVES: &str = "HOP_TEST_SERVES";

#[route("/")]
fn hello() -> &'static str {
    "hello"
}

#[test]
fn sockets_of_systemd_are_served_and_outlive_the_server() {
    if std::env::var_os(SERVES).is_some() {
        return serve();
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // It waits in the queue of the listener until somebody serves.
    let early = TcpStream::connect(address).unwrap();
    // Standard input becomes descriptor 3; `exec` keeps the number of the process, so that the shell can name it.
    let script = r#"exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$0" --exact "$1""#;
    let mut server = Command::new("/bin/sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .arg("sockets_of_systemd_are_served_and_outlive_the_server")
        .env(SERVES, "1")
        .stdin(Stdio::from(OwnedFd::from(listener.try_clone().unwrap())))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(answer(early), "hello");
    assert_eq!(answer(TcpStream::connect(address).unwrap()), "hello");
    rustix::process::kill_process(rustix::process::Pid::from_child(&server), rustix::process::Signal::TERM).unwrap();
    assert!(server.wait().unwrap().success());
    // Its owner may give it to the next process: it listens still.
    TcpStream::connect(address).unwrap();
}

/// What runs in the other process: serves what was passed until it is told to stop.
fn serve() {
    let address = Address::from_systemd().unwrap().pop().unwrap();
    Server::builder().routes(routes![hello]).workers(2).bind(address).unwrap().run().unwrap();
}

/// Asks once; gives the body.
fn answer(mut stream: TcpStream) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn sockets_that_are_meant_for_nobody_are_an_error() {
    if std::env::var_os(SERVES).is_none() {
        assert!(Address::from_systemd().is_err());
    }
}
