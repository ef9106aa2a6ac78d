//! What runs before bodies are read and before heads are written.

use std::sync::Arc;
use std::sync::Mutex;

use http::Method;

use super::*;

type Log = Arc<Mutex<Vec<&'static str>>>;

fn take(log: &Log) -> Vec<&'static str> {
    std::mem::take(&mut log.lock().unwrap())
}

/// Routes whose hooks note that they ran.
fn noting(log: &Log, before: &'static str, after: &'static str) -> Routes {
    let (one, two) = (Arc::clone(log), Arc::clone(log));
    Routes::new()
        .before(move |_| {
            one.lock().unwrap().push(before);
            None
        })
        .after(move |_, _| two.lock().unwrap().push(after))
}

#[test]
fn hooks_wrap_like_the_skins_of_an_onion() {
    let log = Log::default();
    let inner = noting(&log, "3", "3").route("/a", Method::GET, says("a"));
    let app = serve(noting(&log, "1", "1").merge(noting(&log, "2", "2")).nest("/in", inner));
    assert_eq!(get(&app, "/in/a"), "a");
    assert_eq!(take(&log), ["1", "2", "3", "3", "1", "2"]);
    app.get("/a").expect(404);
    assert_eq!(take(&log), ["1", "2", "1", "2"]);
}

#[test]
fn a_hook_refuses_before_the_body_is_read() {
    let guarded = Routes::new().route("/a", Method::POST, says("in")).before(|request| {
        (request.header("authorization") != Some(b"yes")).then(|| Response::from(StatusCode::UNAUTHORIZED))
    });
    let app = serve(Routes::new().group(guarded).route("/open", Method::GET, says("open")));
    let refused =
        app.raw("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n").send().take();
    assert!(refused.starts_with(b"HTTP/1.1 401 "), "{}", String::from_utf8_lossy(&refused));
    assert_eq!(app.request("POST", "/a").header("authorization", "yes").send().expect(200).text(), "in");
    assert_eq!(get(&app, "/open"), "open");
}

#[test]
fn hooks_of_a_path_run_for_wrong_methods_and_options_too() {
    let log = Log::default();
    let app = serve(Routes::new().group(noting(&log, "before", "after").route("/a", Method::PUT, says("a"))));
    app.request("GET", "/a").send().expect(405);
    app.request("OPTIONS", "/a").send().expect(204);
    assert_eq!(take(&log), ["before", "after", "before", "after"]);
}

#[test]
fn a_hook_changes_the_head_of_every_answer() {
    let app = serve(Routes::new().route("/", Method::GET, says("a")).after(|head, request| {
        let status = head.status.as_u16().into();
        head.headers.insert("x-status", status);
        head.headers.insert("x-path", request.path().try_into().expect("a path is visible ASCII"));
    }));
    let answer = app.get("/").expect(200);
    assert_eq!((answer.header("x-status"), answer.header("x-path"), answer.text()), (Some("200"), Some("/"), "a"));
    assert_eq!(app.get("/none").expect(404).header("x-path"), Some("/none"));
}

#[test]
fn a_hook_changes_the_head_of_a_refusal_of_a_large_body() {
    #[route(POST, "/", limit = "3B")]
    fn small(body: &[u8]) -> &[u8] {
        body
    }
    let app = serve(routes![small].after(|head, _| {
        head.headers.insert("x-status", head.status.as_u16().into());
    }));
    let refused = app.post("/", "1234").expect(413);
    assert_eq!(
        (refused.header("x-status"), refused.text()),
        (Some("413"), "the body is larger than this route allows\n")
    );
}

#[test]
fn a_hook_that_panics_leaves_nothing_of_the_answer() {
    let app = serve(Routes::new().route("/", Method::GET, says("secret")).after(|head, _| {
        head.headers.insert("x-secret", "too".try_into().unwrap());
        panic!("on purpose");
    }));
    let answer = app.get("/").expect(500);
    assert_eq!((answer.header("x-secret"), answer.text()), (None, ""));
}

#[test]
fn hooks_see_parameters_and_state() {
    let app = serve(Routes::new().state("secret").route("/{door}", Method::GET, says("in")).before(|request| {
        let open = request.param("door") == request.state::<&str>().copied();
        (!open).then(|| StatusCode::FORBIDDEN.into())
    }));
    assert_eq!(get(&app, "/secret"), "in");
    app.get("/other").expect(403);
}
