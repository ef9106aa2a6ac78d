//! Collections of routes inside each other, and what they share.

use http::Method;

use super::*;

#[derive(Clone)]
struct Name(&'static str);

#[route("/name")]
fn name(State(Name(name)): State<Name>) -> &'static str {
    name
}

#[route(POST, "/size")]
fn size(body: &[u8]) -> String {
    body.len().to_string()
}

#[test]
fn a_nested_collection_answers_below_its_prefix() {
    let api = Routes::new().route("/", Method::GET, says("index")).route("/a/{x}", Method::GET, tells_params());
    let app = serve(Routes::new().nest("/api", api).route("/", Method::GET, says("root")));
    assert_eq!(get(&app, "/api"), "index");
    assert_eq!(get(&app, "/api/a/1"), "x=1;");
    assert_eq!(get(&app, "/"), "root");
    app.get("/api/").expect(404);
    app.get("/a/1").expect(404);
}

#[test]
fn a_prefix_has_parameters_and_nests_further() {
    let inner = Routes::new().route("/items/{id}", Method::GET, tells_params());
    let app = serve(Routes::new().nest("/shops/{shop}", Routes::new().nest("/v1/", inner)));
    assert_eq!(get(&app, "/shops/a%20b/v1/items/7"), "shop=a b;id=7;");
}

#[test]
fn a_nested_route_takes_its_own_parameters_by_position_and_all_by_name() {
    #[derive(serde::Deserialize)]
    struct Place {
        shop: String,
        id: u32,
    }
    #[route("/items/{id}")]
    fn own(Path(id): Path<u32>) -> String {
        id.to_string()
    }
    #[route("/all/{id}")]
    fn all(Path(Place { shop, id }): Path<Place>) -> String {
        format!("{shop} {id}")
    }
    let app = serve(Routes::new().nest("/shops/{shop}", routes![own, all]));
    assert_eq!(get(&app, "/shops/x/items/7"), "7");
    assert_eq!(get(&app, "/shops/x/all/7"), "x 7");
}

#[test]
fn a_group_keeps_its_state_to_itself_and_inherits() {
    let app = serve(
        routes![name]
            .nest("/inherits", routes![name])
            .nest("/hides", routes![name].state(Name("inner")).nest("/deep", routes![name]))
            .state(Name("outer")),
    );
    assert_eq!(get(&app, "/name"), "outer");
    assert_eq!(get(&app, "/inherits/name"), "outer");
    assert_eq!(get(&app, "/hides/name"), "inner");
    assert_eq!(get(&app, "/hides/deep/name"), "inner");
}

#[test]
fn merging_shares_everything() {
    let other = Routes::new().state(Name("merged")).before(|_| None);
    assert_eq!(get(&serve(routes![name].merge(other)), "/name"), "merged");
}

#[test]
fn a_group_has_a_limit_of_its_own() {
    let small = routes![size].limits(|limits| limits.body_bytes = 3);
    let app = serve(routes![size].nest("/small", small).limits(|limits| limits.body_bytes = 5));
    assert_eq!(app.post("/size", "12345").expect(200).text(), "5");
    app.post("/size", "123456").expect(413);
    assert_eq!(app.post("/small/size", "123").expect(200).text(), "3");
    app.post("/small/size", "1234").expect(413);
}

#[test]
fn a_route_has_a_limit_of_its_own() {
    #[route(POST, "/tiny", limit = "2B")]
    fn tiny(body: &[u8]) -> String {
        body.len().to_string()
    }
    let app = serve(routes![tiny].limits(|limits| limits.body_bytes = 1000));
    app.post("/tiny", "12").expect(200);
    app.post("/tiny", "123").expect(413);
}

#[test]
fn the_fallback_of_the_longest_prefix_answers() {
    let deep = Routes::new().fallback(says("deep"));
    let shops = Routes::new().fallback(says("shops")).route("/known", Method::GET, says("known"));
    let known = Routes::new().fallback(says("one shop"));
    let braces = Routes::new().fallback(says("braces"));
    let api = Routes::new().fallback(says("api")).nest("/v1", deep);
    let app = serve(
        Routes::new()
            .nest("/api", api)
            .nest("/shops/{shop}", shops)
            .nest("/shops/one", known)
            .nest("/{{a}}", braces)
            .fallback(says("root")),
    );
    for (path, expected) in [
        ("/", "root"),
        ("/apis", "root"),
        ("/api", "api"),
        ("/api/", "api"),
        ("/api/v2/x", "api"),
        ("/api/v1", "deep"),
        ("/api/v1/x/y", "deep"),
        ("/shops", "root"),
        ("/shops/", "root"),
        ("/shops/7", "shops"),
        ("/shops/7/unknown", "shops"),
        ("/shops/7/known", "known"),
        ("/shops/one", "one shop"),
        ("/shops/one/known", "known"),
        ("/shops/one/unknown", "one shop"),
        ("/{a}/x", "braces"),
        ("/b/x", "root"),
    ] {
        assert_eq!(get(&app, path), expected, "{path}");
    }
}

#[test]
fn a_fallback_can_be_a_route_with_all_that_its_arguments_need() {
    #[route("/", limit = "4B")]
    fn lost(State(Name(name)): State<Name>, body: &str) -> (StatusCode, String) {
        (StatusCode::NOT_FOUND, format!("{name} {body}"))
    }
    let app = serve(Routes::new().fallback_route(lost {}).state(Name("lost")));
    assert_eq!(app.post("/x", "here").expect(404).text(), "lost here");
    app.post("/x", "there").expect(413);
}

#[test]
fn without_a_fallback_it_is_not_found() {
    app_without_routes().get("/").expect(404);
}

fn app_without_routes() -> testing::App {
    serve(Routes::new())
}
