//! Which endpoint a method and a path lead to.

use http::Method;

use super::*;
use crate::ANY;

#[test]
fn text_wins_over_a_parameter_and_a_parameter_over_the_rest() {
    let app = serve(
        Routes::new()
            .route("/{*rest}", Method::GET, says("rest"))
            .route("/{one}", Method::GET, says("one"))
            .route("/text", Method::GET, says("text"))
            .route("/{one}/end", Method::GET, says("one end")),
    );
    for (path, expected) in [
        ("/text", "text"),
        ("/texts", "one"),
        ("/tex", "one"),
        ("/a/b", "rest"),
        ("/text/end", "one end"),
        ("/text/", "rest"),
    ] {
        assert_eq!(get(&app, path), expected, "{path}");
    }
}

#[test]
fn a_slash_at_the_end_is_another_path() {
    let app = serve(Routes::new().route("/a", Method::GET, says("a")));
    assert_eq!(get(&app, "/a"), "a");
    for path in ["/a/", "//a", "/A", "/a//", "/%61"] {
        app.get(path).expect(404);
    }
}

#[test]
fn the_root_is_matched_by_itself_alone() {
    let app = serve(Routes::new().route("/", Method::GET, says("root")));
    assert_eq!(get(&app, "/"), "root");
    assert_eq!(get(&app, "/?a=b"), "root");
    app.get("//").expect(404);
}

#[test]
fn the_rest_of_a_path_is_never_empty() {
    let app = serve(Routes::new().route("/files/{*path}", Method::GET, tells_params()));
    assert_eq!(get(&app, "/files/a/b//c/"), "path=a/b//c/;");
    app.get("/files/").expect(404);
    app.get("/files").expect(404);
}

#[test]
fn parameters_stand_within_a_segment() {
    let app = serve(Routes::new().route("/img-{id}.png", Method::GET, tells_params()));
    assert_eq!(get(&app, "/img-7.png"), "id=7;");
    app.get("/img-7.jpg").expect(404);
    app.get("/img-7/8.png").expect(404);
}

#[test]
fn parameters_are_percent_decoded_after_the_path_was_split() {
    let app = serve(Routes::new().route("/{a}/{b}", Method::GET, tells_params()));
    assert_eq!(get(&app, "/x%2Fy/z"), "a=x/y;b=z;");
    assert_eq!(get(&app, "/%C3%A9%20/100%25"), "a=é ;b=100%;");
    assert_eq!(get(&app, "/a+b/%2B"), "a=a+b;b=+;");
    assert_eq!(get(&app, "/%2F%2e%2E/%2541"), "a=/..;b=%41;");
}

#[test]
fn a_parameter_that_is_not_properly_encoded_is_a_bad_request() {
    let app = serve(Routes::new().route("/{a}", Method::GET, tells_params()).fallback(says("fallback")));
    for path in ["/%", "/%4", "/%zz", "/a%FF", "/%C3"] {
        app.get(path).expect(400);
    }
    assert_eq!(get(&app, "/%zz/none"), "fallback", "only parameters are decoded");
}

#[test]
fn more_than_three_parameters_are_kept_in_order() {
    let app = serve(Routes::new().route("/{a}/{b}/{c}/{d}/{e}", Method::GET, tells_params()));
    assert_eq!(get(&app, "/1/2/3/4/5"), "a=1;b=2;c=3;d=4;e=5;");
    assert_eq!(get(&app, "/1/2/3/%34/5"), "a=1;b=2;c=3;d=4;e=5;");
}

#[test]
fn each_method_has_its_own_names_for_the_parameters() {
    let app = serve(Routes::new().route("/items/{id}", Method::GET, tells_params()).route(
        "/items/{item}",
        Method::PUT,
        tells_params(),
    ));
    assert_eq!(app.request("GET", "/items/7").send().expect(200).text(), "id=7;");
    assert_eq!(app.request("PUT", "/items/7").send().expect(200).text(), "item=7;");
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let app = serve(
        Routes::new().route("/a", [Method::GET, Method::POST], says("a")).route("/b", Method::DELETE, says("b")).route(
            "/b/{id}",
            Method::PUT,
            says("b"),
        ),
    );
    assert_eq!(app.request("PUT", "/a").send().expect(405).header("allow"), Some("GET, HEAD, OPTIONS, POST"));
    assert_eq!(app.request("GET", "/b").send().expect(405).header("allow"), Some("DELETE, OPTIONS"));
    assert_eq!(app.request("HEAD", "/b/1").send().expect(405).header("allow"), Some("OPTIONS, PUT"));
    assert_eq!(app.request("get", "/a").send().expect(405).header("allow"), Some("GET, HEAD, OPTIONS, POST"));
}

#[test]
fn options_are_answered_unless_a_route_does() {
    let app =
        serve(Routes::new().route("/a", Method::POST, says("a")).route("/b", Method::OPTIONS, says("mine")).route(
            "/c",
            ANY,
            says("any"),
        ));
    let answer = app.request("OPTIONS", "/a").send().expect(204);
    assert_eq!((answer.header("allow"), answer.text()), (Some("OPTIONS, POST"), ""));
    assert_eq!(app.request("OPTIONS", "/b").send().expect(200).text(), "mine");
    assert_eq!(app.request("OPTIONS", "/c").send().expect(200).text(), "any");
    app.request("OPTIONS", "/none").send().expect(404);
}

#[test]
fn head_is_answered_by_the_get_route_unless_it_has_its_own() {
    let own = handler(|_, reply| reply.send((StatusCode::ACCEPTED, "own")));
    let app = serve(
        Routes::new()
            .route("/a", Method::GET, says("four"))
            .route("/b", Method::GET, says("b"))
            .route("/b", Method::HEAD, own)
            .route("/c", Method::GET, says("get"))
            .route("/c", ANY, says("longer")),
    );
    let answer = app.request("HEAD", "/a").send().expect(200);
    assert_eq!((answer.header("content-length"), answer.text()), (Some("4"), ""));
    app.request("HEAD", "/b").send().expect(202);
    assert_eq!(app.request("HEAD", "/c").send().expect(200).header("content-length"), Some("3"));
}

#[test]
fn any_takes_the_methods_that_no_other_route_of_the_path_takes() {
    let app = serve(Routes::new().route("/a", ANY, says("any")).route("/a", Method::PUT, says("put")));
    assert_eq!(app.request("PUT", "/a").send().text(), "put");
    for method in ["GET", "DELETE", "BREW", "get", "PATCH"] {
        assert_eq!(app.request(method, "/a").send().expect(200).text(), "any", "{method}");
    }
}

#[test]
fn methods_of_no_specification_are_routed_by_their_name() {
    let brew = Method::from_bytes(b"BREW").unwrap();
    let app = serve(Routes::new().route("/pot", brew, says("coffee")));
    assert_eq!(app.request("BREW", "/pot").send().expect(200).text(), "coffee");
    assert_eq!(app.request("GET", "/pot").send().expect(405).header("allow"), Some("BREW, OPTIONS"));
}

#[test]
fn requests_about_no_path_reach_the_fallback() {
    // A CONNECT that succeeds would have no body.
    let fallback = handler(|request, reply| {
        reply.send((StatusCode::FORBIDDEN, format!("{} {:?}", request.method_str(), request.path())))
    });
    let app =
        serve(Routes::new().route("/{*rest}", ANY, says("rest")).route("/", ANY, says("root")).fallback(fallback));
    let options = b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(app.raw(options).expect(403).text(), "OPTIONS \"*\"");
    let connect = b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n";
    let answer = app.raw(connect).send().take();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.contains("CONNECT \"\""), "{answer}");
}

#[test]
fn an_absolute_target_is_routed_by_its_path() {
    let app = serve(Routes::new().route("/a", Method::GET, says("a")).route("/", Method::GET, says("root")));
    assert_eq!(app.raw(b"GET http://x/a?q HTTP/1.1\r\nHost: x\r\n\r\n").expect(200).text(), "a");
    assert_eq!(app.raw(b"GET http://x HTTP/1.1\r\nHost: x\r\n\r\n").expect(200).text(), "root");
}

#[test]
fn braces_are_written_twice() {
    let app =
        serve(Routes::new().route("/{{a}}", Method::GET, says("text")).route("/{{{a}", Method::GET, tells_params()));
    assert_eq!(get(&app, "/{a}"), "text");
    assert_eq!(get(&app, "/{b"), "a=b;");
}

#[test]
fn many_paths_are_all_found() {
    let paths: Vec<String> = (0..500).map(|n| format!("/api/v{}/items/{n}/parts", n % 7)).collect();
    let routes = paths.iter().fold(Routes::new(), |routes, path| {
        let text = path.clone();
        routes.route(path.clone(), Method::GET, handler(move |_, reply| reply.send(&text)))
    });
    let app = serve(routes);
    paths.iter().for_each(|path| assert_eq!(get(&app, path), *path));
    app.get("/api/v1/items/500/parts").expect(404);
}
