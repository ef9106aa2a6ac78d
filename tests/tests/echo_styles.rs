//! The four echoes of `ws_example` over real sockets, with tungstenite as their client: whatever the style, a client sees the same.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::thread;

use hop_benches::{peers, process::Server};
use hop_tests::events::Events;
use hop_tests::rng::{Rng, for_seeds};
use hop_tests::websocket::{Client, encode};
use rustix::net::sockopt::set_socket_linger;
use tungstenite::Message;

const STYLES: [&str; 4] = ["/ws-low", "/ws-high", "/ws-std", "/ws-event"];
/// Around all that is particular in a frame's length; then what does not fit any buffer.
const SIZES: [usize; 8] = [0, 1, 125, 126, 65_535, 65_536, 1 << 20, 16 << 20];

fn start() -> Server {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let binary = BINARY.get_or_init(|| peers::build_example("ws_example").expect("the example compiles"));
    Server::start(binary, &[], 2, None).expect("the example starts")
}

/// A text of exactly so many bytes, of which some are more than a byte each.
fn text(bytes: usize) -> Message {
    let mut text = "a µ € 𝄞 ".repeat(bytes / 14 + 1);
    let end = (0..=bytes).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.truncate(end);
    text.extend(std::iter::repeat_n('.', bytes - end));
    Message::text(text)
}

fn binary(bytes: usize) -> Message {
    Message::binary((0..bytes).map(|at| (at * 7 % 251) as u8).collect::<Vec<u8>>())
}

/// Fails briefly: messages may be long.
#[track_caller]
fn assert_same(echo: &Message, sent: &Message, what: &str) {
    let kinds = (echo.is_text(), sent.is_text());
    assert!(echo == sent, "{what}: {} bytes instead of {}, text: {kinds:?}", echo.len(), sent.len());
}

#[test]
fn messages_of_any_size_come_back_as_what_they_were() {
    let server = start();
    for path in STYLES {
        let mut client = Client::open(server.addr, path);
        for bytes in SIZES {
            for message in [text(bytes), binary(bytes)] {
                let frame = encode(std::slice::from_ref(&message));
                let echo = client.send_while(&frame, &[], Client::message);
                assert_same(&echo, &message, path);
            }
        }
    }
}

#[test]
fn frames_of_one_write_are_all_answered_in_order() {
    let server = start();
    let messages: Vec<Message> = (0..200).map(|at| if at % 2 == 0 { text(at) } else { binary(at) }).collect();
    let bytes = encode(&messages);
    for path in STYLES {
        Client::open(server.addr, path).send_while(&bytes, &[], |client| {
            messages.iter().for_each(|message| assert_same(&client.message(), message, path));
        });
    }
}

#[test]
fn frames_that_are_cut_anywhere_are_answered_all_the_same() {
    let server = start();
    for_seeds(600, 3, |seed| {
        let mut rng = Rng::new(seed);
        for path in STYLES {
            let messages: Vec<Message> = (0..30).map(|_| any(&mut rng)).collect();
            let bytes = encode(&messages);
            let pieces: Vec<usize> = (0..600).map(|_| below_one_of(&mut rng, &[3, 20, 4000]).max(1)).collect();
            Client::open(server.addr, path).send_while(&bytes, &pieces, |client| {
                messages.iter().for_each(|message| assert_same(&client.message(), message, path));
            });
        }
    });
}

/// A message of any kind, mostly a small one.
fn any(rng: &mut Rng) -> Message {
    let bytes = below_one_of(rng, &[2, 127, 300, 70_000]);
    if rng.chance(50) { text(bytes) } else { binary(bytes) }
}

fn below_one_of(rng: &mut Rng, ends: &[usize]) -> usize {
    let end = *rng.pick(ends);
    rng.within(0..end)
}

#[test]
fn pings_are_answered_with_what_they_said() {
    let server = start();
    for path in STYLES {
        let mut client = Client::open(server.addr, path);
        for payload in [&b""[..], b"are you there?", &[0xff; 125]] {
            client.send(Message::Ping(payload.to_vec().into()));
            assert_eq!(client.message(), Message::Pong(payload.to_vec().into()), "{path}");
        }
        client.send(Message::text("still here"));
        assert_eq!(client.text(), "still here", "{path}");
    }
}

#[test]
fn a_close_is_answered_with_the_same_code() {
    let server = start();
    for path in STYLES {
        for code in [None, Some(1000), Some(1001), Some(3000), Some(4999)] {
            assert_eq!(Client::open(server.addr, path).close(code), code, "{path}");
        }
    }
}

#[test]
fn nothing_of_10_000_message_by_message_remains() {
    nothing_remains_of("/ws-high", 10_000);
}

#[test]
fn nothing_of_1_000_frame_by_frame_remains() {
    nothing_remains_of("/ws-low", 1000);
}

#[test]
fn nothing_of_1_000_on_their_threads_remains() {
    nothing_remains_of("/ws-std", 1000);
}

#[test]
fn nothing_of_1_000_driven_by_the_loop_remains() {
    nothing_remains_of("/ws-event", 1000);
}

/// Opens and closes WebSockets from eight threads, and looks at what the server still has then.
fn nothing_remains_of(path: &str, connections: u64) {
    const THREADS: u64 = 8;
    let server = start();
    let mut stats = Events::open(server.addr, "/stats", None);
    stats.event();
    let before = Held::of(&server, &stats.event().data);
    assert_eq!((before.connections, before.web_sockets), (1, 0), "the stream of numbers itself is open");
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let addr = server.addr;
            scope.spawn(move || (0..connections / THREADS).for_each(|at| come_and_go(addr, path, thread + at)));
        }
    });
    // The server learns of the last ones after their clients have gone: it says by the second what it has.
    let mut after = before;
    for _ in 0..30 {
        after = Held::of(&server, &stats.event().data);
        if after == before {
            return;
        }
    }
    panic!("{path}: {after:?} instead of {before:?}");
}

/// One client: which of its ways to go it takes depends on its number.
fn come_and_go(addr: SocketAddr, path: &str, number: u64) {
    let mut client = Client::open(addr, path);
    client.send(Message::text("hello"));
    match number % 4 {
        0 => assert_eq!(client.close(Some(1000)), Some(1000)),
        // The end of the stream, after the echo.
        1 => assert_eq!(client.text(), "hello"),
        // As soon as possible, whatever the server is at.
        2 => drop(client),
        // A reset.
        _ => set_socket_linger(client.stream(), Some(std::time::Duration::ZERO)).expect("an open socket takes options"),
    }
}

/// What a server has open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    threads: u64,
    connections: u64,
    web_sockets: u64,
}

impl Held {
    /// Now, by the numbers that it gave and by those of the system.
    fn of(server: &Server, numbers: &str) -> Held {
        let numbers: serde_json::Value = serde_json::from_str(numbers).expect("numbers are JSON");
        let number = |name: &str| numbers[name].as_u64().expect("a number");
        Held {
            descriptors: server.descriptors().expect("the server runs"),
            threads: server.threads().expect("the server runs"),
            connections: number("connections"),
            web_sockets: number("web_sockets"),
        }
    }
}
