//! Routes as `#[route]` makes them, called through the engine: each form answers, refuses and fails as it says.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use hop::prelude::*;
use hop::testing::App;

#[route("/hello/{name}")]
fn hello(Path(name): Path<&str>) -> &str {
    name
}

#[test]
fn an_answer_may_borrow_from_the_request() {
    assert_eq!(App::new(routes![hello]).get("/hello/Ada%20L").expect(200).text(), "Ada L");
}

#[test]
fn a_route_stays_a_function() {
    assert_eq!(hello(Path("Ada")), "Ada");
}

#[route(POST, PUT, "/items/{shop}/{item}", limit = "8B")]
fn store(Path((shop, item)): Path<(u32, String)>, request: &Request<'_>, body: &str) -> (StatusCode, String) {
    (StatusCode::CREATED, format!("{} {shop} {item} {body}", request.method()))
}

#[test]
fn all_named_methods_are_answered_and_no_other() {
    let app = App::new(routes![store]);
    for method in ["POST", "PUT"] {
        let answer = app.request(method, "/items/7/hat").body("blue").send().expect(201);
        assert_eq!(answer.text(), format!("{method} 7 hat blue"));
    }
    let allowed = app.get("/items/7/hat").expect(405);
    let allowed = allowed.header("allow").expect("a list of methods");
    assert!(allowed.contains("POST") && allowed.contains("PUT") && !allowed.contains("GET"), "{allowed}");
}

#[test]
fn the_limit_of_a_route_is_its_own() {
    let app = App::new(routes![store]);
    app.post("/items/7/hat", "12345678").expect(201);
    app.post("/items/7/hat", "123456789").expect(413);
}

#[test]
fn an_argument_that_fails_answers_instead_of_the_function() {
    App::new(routes![store]).post("/items/seven/hat", "blue").expect(400);
}

#[route(ANY, "/any")]
fn any(request: &Request<'_>) -> String {
    request.method_str().to_owned()
}

#[test]
fn any_answers_unknown_methods_too() {
    let app = App::new(routes![any]);
    for method in ["GET", "DELETE", "BREW"] {
        assert_eq!(app.request(method, "/any").send().expect(200).text(), method);
    }
}

#[route("/slow/{*rest}", blocking)]
fn blocking(Path(rest): Path<&str>, State(count): State<Arc<AtomicU64>>) -> Result<String, StatusCode> {
    count.fetch_add(1, Ordering::Relaxed);
    if rest == "no" { Err(StatusCode::IM_A_TEAPOT) } else { Ok(rest.to_owned()) }
}

#[test]
fn a_blocking_route_is_extracted_on_the_pool() {
    let count = Arc::new(AtomicU64::new(0));
    let app = App::new(routes![blocking].state(Arc::clone(&count)));
    assert_eq!(app.get("/slow/a/b").expect(200).text(), "a/b");
    app.get("/slow/no").expect(418);
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[route("/future/{id}")]
async fn future(Path(id): Path<u32>, State(word): State<&'static str>) -> String {
    std::future::ready(format!("{word} {id}")).await
}

#[test]
fn a_future_owns_what_was_extracted() {
    let app = App::new(routes![future].state("no."));
    assert_eq!(app.get("/future/7").expect(200).text(), "no. 7");
    app.get("/future/seven").expect(400);
}

#[route("/wait/{id}")]
fn wait(out: Responder, Path(id): Path<u32>) {
    thread::spawn(move || out.send(format!("waited for {id}")));
}

#[route("/forget")]
fn forget(_out: Responder) {}

#[test]
fn a_responder_answers_from_another_thread() {
    let app = App::new(routes![wait]);
    assert_eq!(app.get("/wait/7").expect(200).text(), "waited for 7");
    app.get("/wait/seven").expect(400);
}

#[test]
fn a_responder_that_is_dropped_answers_500() {
    App::new(routes![forget]).get("/forget").expect(500);
}

/// Raises its flag when it is dropped.
struct Flag(Arc<AtomicU64>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[route("/never", timeout = "250ms")]
async fn never(State(dropped): State<Arc<AtomicU64>>) {
    let _flag = Flag(dropped);
    std::future::pending().await
}

#[route("/kept", timeout = "1s")]
fn kept(out: Responder, State(keep): State<Arc<Mutex<Vec<Responder>>>>) {
    keep.lock().expect("nobody panics with it").push(out);
}

#[test]
fn a_future_that_takes_too_long_is_dropped_and_answers_503() {
    let dropped = Arc::new(AtomicU64::new(0));
    let app = App::new(routes![never].state(Arc::clone(&dropped)));
    let mut client = app.connect();
    for round in 1..=2 {
        client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
        app.advance(Duration::from_millis(200));
        assert_eq!(client.take(), b"", "each request has its own time");
        app.advance(Duration::from_millis(100));
        client.answer().expect(503);
        assert_eq!(dropped.load(Ordering::Relaxed), round);
    }
}

#[test]
fn a_responder_that_takes_too_long_is_closed() {
    let keep = Arc::new(Mutex::new(Vec::<Responder>::new()));
    let app = App::new(routes![kept].state(Arc::clone(&keep)));
    let mut client = app.connect();
    client.send("GET /kept HTTP/1.1\r\nHost: a\r\n\r\n");
    app.advance(Duration::from_millis(1_100));
    client.answer().expect(503);
    let late = keep.lock().expect("nobody panics with it").pop().expect("one responder");
    assert!(late.is_closed());
    assert_eq!(late.send("late"), hop::Sent::Closed);
    assert_eq!(client.take(), b"");
}

/// Counts by each form of a callback, in one value for all of them.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicU64>);

impl Counter {
    fn next(&self) -> String {
        self.0.fetch_add(1, Ordering::Relaxed).to_string()
    }
}

struct Plain(Counter);

#[route("/plain/{name}")]
impl Plain {
    type Conn = String;

    fn on_request(&self, Path(name): Path<&str>) -> String {
        self.named(name)
    }

    fn named(&self, name: &str) -> String {
        format!("{name} {}", self.0.next())
    }
}

struct Future<C>(C);

#[route("/future")]
impl<C: Fn() -> String + Send + Sync + 'static> Future<C> {
    async fn on_request(&self) -> String {
        std::future::ready(()).await;
        (self.0)()
    }
}

struct Blocking(Counter);

#[route("/blocking", blocking)]
impl Blocking {
    fn on_request(&self, request: &Request<'_>) -> String {
        format!("{} {}", request.path(), self.0.next())
    }
}

struct Deferred(Counter);

#[route("/deferred")]
impl Deferred {
    fn on_request(&self, out: Responder) {
        let count = self.0.clone();
        thread::spawn(move || out.send(count.next()));
    }
}

#[test]
fn one_value_serves_all_requests_in_every_form() {
    let count = Counter::default();
    let shared = count.clone();
    let app = App::new(routes![
        Plain(count.clone()),
        Future(move || shared.next()),
        Blocking(count.clone()),
        Deferred(count.clone()),
    ]);
    assert_eq!(app.get("/plain/x").expect(200).text(), "x 0");
    assert_eq!(app.get("/future").expect(200).text(), "1");
    assert_eq!(app.get("/blocking").expect(200).text(), "/blocking 2");
    assert_eq!(app.get("/deferred").expect(200).text(), "3");
    assert_eq!(count.next(), "4");
}

mod scopes {
    use hop::prelude::*;

    #[route("/")]
    pub(crate) fn root() -> &'static str {
        "module"
    }
}

#[test]
fn a_route_is_named_by_its_path_and_nests_like_any_other() {
    #[route("/")]
    fn root() -> &'static str {
        "function"
    }
    let inner = root {};
    let app = App::new(routes![scopes::root].nest("/below", routes![(inner)]));
    assert_eq!(app.get("/").expect(200).text(), "module");
    assert_eq!(app.get("/below").expect(200).text(), "function");
}

#[test]
fn conflicts_name_both_attributes() {
    #[route("/{a}")]
    fn first() {}
    #[route("/{b}")]
    fn second() {}
    let error = routes![first, second].build().expect_err("a conflict").to_string();
    for line in [line!() - 5, line!() - 3] {
        assert!(error.contains(&format!("routes.rs:{line}:")), "line {line} in {error}");
    }
}

#[test]
fn a_missing_state_names_the_type_and_the_attribute() {
    let error = routes![future].build().expect_err("a missing state").to_string();
    assert!(error.contains("&str") && error.contains("routes.rs:"), "{error}");
}
