//! The small examples over real sockets: each does what it says it does.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use hop_benches::{peers, process::Server};
use hop_tests::events::{Event, Events};
use hop_tests::websocket::Client;
use tungstenite::Message;

fn start(example: &str) -> Server {
    let binary = peers::build_example(example).expect("the example compiles");
    Server::start(&binary, &[], 2, None).expect("the example starts")
}

/// Posts a text; the whole answer.
fn post(addr: SocketAddr, path: &str, text: &str) -> String {
    let mut stream = TcpStream::connect(addr).expect("the server listens");
    let bytes = text.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: {bytes}\r\n\r\n{text}"
    )
    .expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server answers");
    answer
}

#[test]
fn prices_that_were_missed_are_sent_again() {
    let server = start("ticker");
    let mut first = Events::open(server.addr, "/prices", None);
    let (seen, missed) = (first.event(), first.event());
    drop(first);
    assert_eq!((seen.event.as_str(), missed.event.as_str()), ("price", "price"));
    let mut again = Events::open(server.addr, "/prices", Some(&seen.id));
    assert_eq!(again.event(), missed);
    let number = |event: &Event| event.id.split_once('-').unwrap().1.parse::<u64>().unwrap();
    assert_eq!(number(&again.event()), number(&missed) + 1);
}

#[test]
fn news_reach_their_user_by_web_socket_and_as_events() {
    let server = start("notifications");
    let mut socket = Client::open(server.addr, "/notifications/ada");
    let mut events = Events::open(server.addr, "/notifications/ada", None);
    let mut other = Events::open(server.addr, "/notifications/grace", None);
    for (user, text) in [("ada", "your order was sent"), ("grace", "yours was not")] {
        let answer = post(server.addr, &format!("/notify/{user}"), text);
        assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    }
    assert_eq!(socket.text(), "your order was sent");
    let said = |text: &str| Event { data: text.into(), ..Event::default() };
    assert_eq!(events.event(), said("your order was sent"));
    assert_eq!(other.event(), said("yours was not"), "it is the first that she hears");
}

#[test]
fn what_is_said_in_a_room_is_heard_by_all_in_it() {
    let server = start("chat");
    let mut ada = Client::open(server.addr, "/tea");
    let mut grace = Client::open(server.addr, "/tea");
    let mut alan = Client::open(server.addr, "/coffee");
    ada.send(Message::text("more tea?"));
    alan.send(Message::text("more coffee?"));
    assert_eq!((ada.text(), grace.text()), ("more tea?".into(), "more tea?".into()));
    assert_eq!(alan.text(), "more coffee?", "it is the first that he hears");
}
