//! The WebSocket and event-stream forms of `#[route]`, as a client meets them.

use std::sync::Mutex;
use std::time::Duration;

use hop::prelude::*;
use hop::testing::{App, Client};

/// Asks for a WebSocket; the head of the answer.
fn open(app: &App, path: &str) -> (Client, String) {
    let mut client = app.connect();
    let fields = "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"));
    let head = text(&mut client, "\r\n\r\n");
    (client, head)
}

/// Asks for an event stream; the head of the answer is dropped.
fn listen(app: &App, path: &str) -> Client {
    let mut client = app.connect();
    client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n"));
    client
}

/// What has arrived, of which `end` is a part.
fn text(client: &mut Client, end: &str) -> String {
    let text = String::from_utf8_lossy(&client.take()).into_owned();
    assert!(text.contains(end), "no {end:?} in {text:?}");
    text
}

/// A short masked frame.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode, 0x80 | u8::try_from(payload.len()).expect("a short one"), 0, 0, 0, 0];
    frame.extend(payload);
    frame
}

const TEXT: u8 = 1;
const BINARY: u8 = 2;

fn say(client: &mut Client, what: &str) -> String {
    client.send(frame(TEXT, what.as_bytes()));
    heard(client)
}

/// The payload of the one short frame that has arrived.
fn heard(client: &mut Client) -> String {
    let bytes = client.take();
    String::from_utf8_lossy(bytes.get(2..).unwrap_or_default()).into_owned()
}

/// The code of the close frame that has arrived.
fn closed(client: &mut Client) -> u16 {
    let bytes = client.take();
    assert_eq!(bytes.first(), Some(&0x88), "{bytes:?}");
    u16::from_be_bytes([bytes[2], bytes[3]])
}

#[route("/rooms/{room}")]
fn rooms(ws: &mut WebSocket<'_>, text: &str, Path(room): Path<String>, State(motto): State<&'static str>) {
    ws.send(format!("{motto} {room} {text}"));
}

#[test]
fn a_function_takes_messages_with_what_was_kept_from_the_open() {
    let app = App::new(routes![rooms].state("hop"));
    let (mut client, head) = open(&app, "/rooms/7");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!(say(&mut client, "a"), "hop 7 a");
    assert_eq!(say(&mut client, "b"), "hop 7 b");
    client.send(frame(BINARY, b"c"));
    assert_eq!(closed(&mut client), 1003);
    app.get("/rooms/7").expect(426);
}

#[route("/{number}", every = "1s")]
fn clock(Path(number): Path<u32>) -> Option<Event> {
    (number > 0).then(|| Event::data(number.to_string()))
}

#[test]
fn a_function_ticks_at_the_open_and_after_each_period() {
    let app = App::new(routes![clock]);
    let (mut seven, mut none) = (listen(&app, "/7"), listen(&app, "/0"));
    assert!(text(&mut seven, "data: 7\n\n").starts_with("HTTP/1.1 200 "));
    app.advance(Duration::from_millis(2500));
    assert_eq!(String::from_utf8_lossy(&seven.take()).matches("data: 7").count(), 2);
    assert!(!String::from_utf8_lossy(&none.take()).contains("data"));
    listen(&app, "/seven").answer().expect(400);
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

#[route("/log/{name}", every = "10s", idle = "30s", ping = "12s", max_message = "10B")]
impl Log {
    type Conn = String;

    fn on_request(&self, Path(name): Path<&str>) -> String {
        format!("{name}: {}", self.0.lock().expect("nobody panics").join(", "))
    }

    fn on_ws_open(&self, ws: &mut WebSocket<'_>, Path(name): Path<&str>) -> Result<String, StatusCode> {
        if name == "mallory" {
            return Err(StatusCode::FORBIDDEN);
        }
        ws.send("welcome");
        Ok(name.to_owned())
    }

    fn on_ws_message(&self, ws: &mut WebSocket<'_>, me: &mut String, number: Json<u32>) {
        ws.send(format!("{me} {}", number.0));
        me.push('!');
    }

    fn on_ws_tick(&self, ws: &mut WebSocket<'_>) {
        ws.send("tick");
    }

    fn on_ws_pong(&self, me: &mut String, payload: &[u8]) {
        self.say(format!("{me} pong {}", payload.len()));
    }

    fn on_ws_error(&self, error: &MessageError, me: &mut String) {
        self.say(format!("{me} {}", error.code));
    }

    fn on_ws_close(&self, why: CloseReason, me: String) {
        self.say(format!("{me} left {}", why.code()));
    }

    fn on_sse_tick(&self, stream: &mut EventStream<'_>, me: &String) {
        stream.send(Event::data(format!("<{me}>")));
    }

    fn on_sse_close(&self) {
        self.say("a stream ended".to_owned());
    }

    fn say(&self, what: String) {
        self.0.lock().expect("nobody panics").push(what);
    }
}

#[test]
fn a_block_is_told_of_all_that_happens() {
    let app = App::new(routes![Log::default()]);
    let (mut client, head) = open(&app, "/log/ada");
    assert!(head.ends_with("welcome"), "{head:?}");
    assert_eq!(say(&mut client, "5"), "ada 5");
    assert_eq!(say(&mut client, "6"), "ada! 6");
    client.send(frame(10, b"xy"));
    app.advance(Duration::from_secs(10));
    assert_eq!(heard(&mut client), "tick");
    client.send(frame(TEXT, b"{"));
    assert_eq!(closed(&mut client), 1007);
    drop(client);
    let log = app.get("/log/x").expect(200).text().to_owned();
    assert_eq!(log, "x: ada!! pong 2, ada!! 1007, ada!! left 1007");
}

#[test]
fn a_refusal_is_an_answer_and_an_open_that_is_not_written_takes_everybody() {
    let app = App::new(routes![Log::default()]);
    assert!(open(&app, "/log/mallory").1.starts_with("HTTP/1.1 403 "));
    let mut stream = listen(&app, "/log/eve");
    assert!(text(&mut stream, "data: <>").starts_with("HTTP/1.1 200 "));
    drop(stream);
    app.get("/log/y").expect(200);
    assert_eq!(app.get("/log/x").expect(200).text(), "x: a stream ended");
}

#[test]
fn keys_hold_for_the_route() {
    let app = App::new(routes![Log::default()]);
    let (mut client, _) = open(&app, "/log/ada");
    client.send(frame(TEXT, b"12345678901"));
    assert_eq!(closed(&mut client), 1009);
}

struct Future;

#[route("/future/{room}")]
impl Future {
    type Conn = String;

    async fn on_ws_open(&self, opening: &mut Opening<String>, Path(room): Path<String>) -> Result<String, StatusCode> {
        std::future::ready(()).await;
        opening.send("welcome");
        if room == "secret" { Err(StatusCode::FORBIDDEN) } else { Ok(room) }
    }

    fn on_ws_message(&self, ws: &mut WebSocket<'_>, room: &String) {
        ws.send(room);
    }

    fn on_sse_open(&self, opening: Opening<String>, Path(room): Path<&str>) {
        let room = room.to_owned();
        std::thread::spawn(move || match room.as_str() {
            "secret" => opening.refuse(StatusCode::FORBIDDEN),
            _ => opening.accept(room),
        });
    }
}

struct Pool;

#[route("/pool/{room}", blocking)]
impl Pool {
    fn on_ws_open(&self, opening: &mut Opening, Path(room): Path<&str>) -> Result<(), StatusCode> {
        opening.send(room);
        if room == "secret" { Err(StatusCode::FORBIDDEN) } else { Ok(()) }
    }
}

#[test]
fn opens_decide_in_a_future_on_the_pool_and_later() {
    let app = App::new(routes![Future, Pool]);
    for (path, end) in [("/future/a", "welcome"), ("/pool/a", "\u{1}a")] {
        let (mut client, head) = open(&app, path);
        let rest = head.clone() + &String::from_utf8_lossy(&client.take());
        assert!(head.starts_with("HTTP/1.1 101 ") && rest.ends_with(end), "{rest:?}");
    }
    for path in ["/future/secret", "/pool/secret"] {
        assert!(open(&app, path).1.starts_with("HTTP/1.1 403 "), "{path}");
    }
    listen(&app, "/future/a").answer_to_head().expect(200);
    listen(&app, "/future/secret").answer_to_head().expect(403);
}
