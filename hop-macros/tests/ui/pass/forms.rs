//! Every form of a route, without a warning.
#![deny(warnings, clippy::all, unused)]
use hop::prelude::*;

/// At once, borrowing.
#[route("/hello/{name}")]
fn hello(Path(name): Path<&str>) -> &str {
    name
}

/// What the compiler proposes where two arguments could be lent.
#[route("/named/{name}")]
fn named<'a>(_request: &Request<'_>, Path(name): Path<&'a str>) -> std::borrow::Cow<'a, str> {
    name.into()
}

#[route(POST, "/signed")]
fn signed(body: hop::Bytes, raw: &[u8], Json(json): Json<u8>) -> String {
    format!("{} {json}", body == raw)
}

#[route(GET, POST, "/both", limit = "64KB", timeout = "5s")]
fn both(request: &Request<'_>) -> String {
    request.path().to_owned()
}

#[route(ANY, "/any")]
fn any() {}

#[route("/static")]
const fn unchanging() -> &'static str {
    "x"
}

#[route("/impl")]
fn opaque() -> impl IntoResponse {
    (StatusCode::CREATED, "x")
}

#[route("/fails")]
fn fails() -> Result<String, StatusCode> {
    Err(StatusCode::IM_A_TEAPOT)
}

#[route(POST, "/blocking/{id}", blocking)]
fn blocking(Path(id): Path<u32>, request: &Request<'_>, body: &[u8]) -> String {
    format!("{id} {} {}", request.path(), body.len())
}

#[route("/deferred/{id}")]
fn deferred(Path(id): Path<u32>, out: Responder, request: &Request<'_>) {
    let path = request.path().to_owned();
    std::thread::spawn(move || out.send(format!("{id} {path}")));
}

#[route("/future/{id}")]
async fn future(Path(id): Path<String>, State(count): State<u32>) -> Result<String, StatusCode> {
    Ok(format!("{id} {count}"))
}

struct Lends;

#[route("/lends/{name}")]
impl Lends {
    fn on_request<'a>(&self, Path(name): Path<&'a str>, request: &'a Request<'_>) -> Result<&'a str, &'a str> {
        if request.is_http10() { Err(name) } else { Ok(request.path()) }
    }
}

struct Plain {
    greeting: String,
}

#[route("/plain/{name}")]
impl Plain {
    type Conn = String;

    fn on_request(&self, Path(name): Path<&str>, request: &Request<'_>) -> String {
        format!("{} {name} {}", self.greeting(), request.path())
    }

    fn greeting(&self) -> &str {
        &self.greeting
    }
}

struct Async<T>(T);

#[route("/async", timeout = "250ms")]
impl<T> Async<T>
where
    T: Clone + Send + Sync + IntoResponse + 'static,
{
    async fn on_request(&self) -> T {
        self.0.clone()
    }
}

struct Blocking;

#[route(POST, PUT, "/blocking", blocking)]
impl Blocking {
    fn on_request(&self, body: String) -> String {
        body
    }
}

struct Deferred;

#[route("/later")]
impl Deferred {
    pub fn on_request(&self, out: Responder) {
        out.send("x");
    }
}

fn main() {
    let plain = Plain { greeting: "Hello".to_owned() };
    let _ = routes![hello, named, signed, both, any, unchanging, opaque, fails, blocking, deferred, future];
    let _ = routes![Lends, plain.clone_of(), Async("x"), Blocking, Deferred,];
    let _ = routes![];
    assert_eq!(hello(Path("x")), "x", "a route is still a function");
}

impl Plain {
    fn clone_of(&self) -> Plain {
        Plain { greeting: self.greeting.clone() }
    }
}
