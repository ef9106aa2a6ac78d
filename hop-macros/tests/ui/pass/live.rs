//! Every form of a WebSocket and of an event stream, without a warning.
#![deny(warnings, clippy::all, unused)]
use hop::prelude::*;
use hop::{Bytes, FromMessage};

#[route("/ws")]
fn echo(ws: &mut WebSocket<'_>, message: Message<'_>) {
    ws.send(message);
}

#[route("/text", idle = "60s", ping = "20s", max_message = "16KB", queue = "256KB", overflow = drop_oldest)]
fn text(ws: &mut WebSocket<'_>, text: &str) {
    ws.send(text);
}

#[route("/bytes", overflow = drop_newest, origin = any, compress = off)]
fn bytes(ws: &mut WebSocket<'_>, bytes: &[u8]) {
    ws.send(bytes);
}

#[route("/string", overflow = close, origin = same, compress = shared)]
fn string(string: String, ws: &mut hop::WebSocket<'_>) {
    ws.send(string);
}

#[route("/owned", origin = "https://app.example", compress = dedicated)]
fn owned(ws: &mut WebSocket<'_>, bytes: Bytes) {
    ws.send(bytes);
}

#[route(ANY, "/json", origin = ["https://app.example", "http://localhost:3000"])]
fn json(ws: &mut WebSocket<'_>, Json(numbers): Json<Vec<u32>>) -> () {
    ws.send(Json(numbers));
}

#[route("/any")]
fn unread(ws: &mut WebSocket<'_>) {
    ws.close();
}

struct Upper(String);

impl FromMessage<'_> for Upper {
    fn from_message(message: Message<'_>) -> Result<Self, MessageError> {
        <&str>::from_message(message).map(|text| Upper(text.to_uppercase()))
    }
}

#[route("/rooms/{room}/{seat}")]
fn rooms(
    State(greeting): State<&'static str>,
    ws: &mut WebSocket<'_>,
    Path((room, seat)): Path<(String, u32)>,
    Upper(text): Upper,
) {
    ws.send(format!("{greeting} {room} {seat} {text}"));
}

#[route("/clock", every = "1s", keep_alive = "10s", queue = "1KB", overflow = close)]
fn clock() -> Event {
    Event::data("now")
}

#[route("/clock/{id}", every = "1s")]
fn clock_of(Path(id): Path<u32>, State(seen): State<&'static str>) -> Option<Event> {
    (id > 0).then(|| Event::data(seen))
}

#[route("/words", every = "250ms")]
fn words() -> &'static str {
    "word"
}

#[route("/opaque", every = "1s")]
fn opaque() -> Option<String> {
    None
}

#[route("/by_itself/{id}", every = "1s")]
fn by_itself(stream: &mut EventStream<'_>, Path(id): Path<u32>) {
    stream.send(format!("{id}"));
}

struct User(String);

impl FromRequest<'_> for User {
    type Rejection = StatusCode;

    fn from_request(request: &Request<'_>) -> Result<Self, StatusCode> {
        Ok(User(request.path().to_owned()))
    }
}

struct Member {
    room: String,
    user: User,
}

struct Chat;

#[route("/chat/{room}", idle = "60s", max_message = "16KB", queue = "256KB", overflow = close, every = "1s", keep_alive = "5s")]
impl Chat {
    type Conn = Member;

    fn on_request(&self, Path(room): Path<&str>) -> String {
        room.to_owned()
    }

    fn on_ws_open(&self, ws: &mut WebSocket<'_>, Path(room): Path<&str>, user: User) -> Result<Member, StatusCode> {
        ws.subscribe(room);
        self.member(room, user)
    }

    fn on_ws_message(&self, ws: &mut WebSocket<'_>, me: &mut Member, text: &str) {
        ws.publish(&me.room, format!("{}: {text}", me.user.0));
    }

    fn on_ws_drain(&self, ws: &mut WebSocket<'_>, me: &Member) {
        ws.send(me.room.as_str());
    }

    fn on_ws_pong(&self, ws: &mut WebSocket<'_>, me: &mut Member, payload: &[u8]) {
        me.room.clear();
        ws.send(payload);
    }

    fn on_ws_tick(&self, ws: &mut WebSocket<'_>) {
        ws.ping(b"");
    }

    fn on_ws_error(&self, _ws: &mut WebSocket<'_>, me: &mut Member, error: &MessageError) {
        me.room = error.to_string();
    }

    fn on_ws_close(&self, me: Member, why: CloseReason) {
        drop((me, why));
    }

    fn on_sse_open(&self, stream: &mut EventStream<'_>, Path(room): Path<&str>, user: User) -> Result<Member, Response> {
        stream.subscribe(room);
        self.member(room, user).map_err(Response::new)
    }

    fn on_sse_tick(&self, stream: &mut EventStream<'_>, me: &mut Member) {
        stream.send(Event::data(me.room.clone()));
    }

    fn on_sse_drain(&self, _stream: &mut EventStream<'_>) {}

    fn on_sse_close(&self, why: CloseReason) {
        drop(why);
    }

    fn member(&self, room: &str, user: User) -> Result<Member, StatusCode> {
        Ok(Member { room: room.to_owned(), user })
    }
}

/// Every open is made.
struct Defaults;

#[route("/defaults")]
impl Defaults {
    type Conn = Vec<String>;

    fn on_ws_message(&self, ws: &mut WebSocket<'_>, seen: &mut Vec<String>, text: String) {
        ws.send(seen.join(" "));
        seen.push(text);
    }

    fn on_ws_drain(&self, seen: &mut Self::Conn) {
        seen.clear();
    }

    fn on_ws_close(&self, seen: Vec<String>) {
        drop(seen);
    }

    fn on_sse_close(&self) {}
}

/// The state is the message's type, too.
struct Last;

#[route("/last")]
impl Last {
    type Conn = String;

    fn on_ws_open(&self) -> String {
        String::new()
    }

    fn on_ws_message(&self, last: &mut String, ws: &mut WebSocket<'_>, text: String) {
        ws.send(std::mem::replace(last, text));
    }

    fn on_sse_open(&self, stream: &mut EventStream<'_>) {
        stream.send("open");
    }
}

struct Generic<T>(T);

#[route("/generic")]
impl<T: Clone + Send + Sync + 'static> Generic<T> {
    type Conn = Option<T>;

    fn on_ws_open(&self) -> Result<Option<T>, impl IntoResponse + use<T>> {
        if true { Ok(Some(self.0.clone())) } else { Err(StatusCode::FORBIDDEN) }
    }

    fn on_ws_message(&self, conn: &mut Option<T>) {
        *conn = None;
    }
}

struct ByFuture;

#[route("/future/{room}")]
impl ByFuture {
    type Conn = Member;

    async fn on_ws_open(&self, opening: &mut Opening<Member>, Path(room): Path<String>, user: User) -> Result<Member, Response> {
        opening.protocol("chat");
        opening.subscribe(&room);
        std::future::ready(()).await;
        Ok(Member { room, user })
    }

    async fn on_sse_open(&self, Path(room): Path<String>, user: User) -> Member {
        Member { room, user }
    }
}

struct Pool;

#[route("/pool/{room}", blocking)]
impl Pool {
    type Conn = u32;

    fn on_request(&self, body: &str) -> String {
        body.to_owned()
    }

    fn on_ws_open(&self, opening: &mut Opening<u32>, Path(room): Path<&str>) -> Result<u32, StatusCode> {
        opening.send(room);
        room.parse().map_err(|_| StatusCode::NOT_FOUND)
    }

    fn on_sse_open(&self, opening: &mut Opening<u32>) {
        opening.send_event("open");
    }
}

struct Later;

#[route("/later/{room}")]
impl Later {
    type Conn = u32;

    fn on_ws_open(&self, opening: Opening<u32>, Path(room): Path<&str>) {
        let room = room.len() as u32;
        std::thread::spawn(move || opening.accept(room));
    }

    fn on_sse_open(&self, opening: Opening<u32>) {
        opening.refuse(StatusCode::FORBIDDEN);
    }
}

fn main() {
    let _ = routes![echo, text, bytes, string, owned, json, unread, rooms];
    let _ = routes![clock, clock_of, words, opaque, by_itself];
    let _ = routes![Chat, Defaults, Last, Generic("x"), ByFuture, Pool, Later];
}
