//! Each extractor, with what it takes and what it refuses.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use super::*;
use crate::{Accept, Bearer, Bytes, ContentType, FromHeader, HeaderMap, Host, PathRejection, UserAgent, Version};

/// An app of one route.
macro_rules! app {
    ($route:ident) => {
        serve(routes![$route])
    };
}

#[test]
fn path_takes_numbers_text_and_tuples() {
    #[route("/{a}/{b}/{c}")]
    fn three(Path((a, b, c)): Path<(i8, &str, bool)>) -> String {
        format!("{a} {b} {c}")
    }
    let app = app!(three);
    assert_eq!(get(&app, "/-8/x%20y/true"), "-8 x y true");
    assert_eq!(app.get("/300/x/true").expect(400).text(), "path parameter `a`: expected i8, found \"300\"");
    assert_eq!(app.get("/1/x/y").expect(400).text(), "path parameter `c`: expected true or false, found \"y\"");
}

#[test]
fn path_takes_structs_by_name_in_any_order() {
    #[derive(Deserialize)]
    struct Item<'r> {
        id: u64,
        shop: Cow<'r, str>,
        kind: Kind,
    }
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Big,
        VerySmall,
    }
    #[route("/{shop}/{kind}/{id}")]
    fn item(Path(item): Path<Item<'_>>) -> String {
        format!("{} {:?} {}", item.shop, item.kind, item.id)
    }
    let app = app!(item);
    assert_eq!(get(&app, "/x/very_small/7"), "x VerySmall 7");
    assert_eq!(get(&app, "/x%2F/big/7"), "x/ Big 7");
    let text = "path parameter `kind`: unknown variant `tiny`, expected `big` or `very_small`";
    assert_eq!(app.get("/x/tiny/7").expect(400).text(), text);
}

#[test]
fn path_takes_newtypes_lists_and_maps() {
    #[derive(Deserialize)]
    struct Id(u32);
    #[route("/id/{id}")]
    fn id(Path(Id(id)): Path<Id>) -> String {
        id.to_string()
    }
    #[route("/list/{a}/{b}")]
    fn list(Path(all): Path<Vec<u8>>) -> String {
        format!("{all:?}")
    }
    #[route("/map/{a}/{b}")]
    fn map(Path(all): Path<HashMap<&str, String>>) -> String {
        format!("{} {}", all["a"], all["b"])
    }
    let app = serve(routes![id, list, map]);
    assert_eq!(get(&app, "/id/7"), "7");
    assert_eq!(get(&app, "/list/1/2"), "[1, 2]");
    assert_eq!(get(&app, "/map/1/2"), "1 2");
}

#[test]
fn a_struct_that_asks_for_what_the_path_has_not_is_our_fault() {
    #[derive(Deserialize)]
    struct Wrong {
        name: String,
    }
    #[route("/{id}")]
    fn wrong(Path(wrong): Path<Wrong>) -> String {
        wrong.name
    }
    assert_eq!(app!(wrong).get("/7").expect(500).text(), "internal server error");
}

#[test]
fn text_of_a_path_is_borrowed_even_where_it_was_encoded() {
    #[route("/{a}")]
    fn text(Path(a): Path<&str>) -> String {
        a.to_owned()
    }
    assert_eq!(get(&app!(text), "/%C3%A9"), "é");
}

#[test]
fn query_tells_which_parameter_is_wrong() {
    #[derive(Deserialize)]
    struct Page {
        page: u32,
        #[serde(default)]
        tag: Vec<String>,
    }
    #[route("/")]
    fn page(Query(page): Query<Page>) -> String {
        format!("{} {:?}", page.page, page.tag)
    }
    let app = app!(page);
    assert_eq!(get(&app, "/?tag=a&page=7&tag=b+c"), "7 [\"a\", \"b c\"]");
    assert_eq!(app.get("/?page=x").expect(400).text(), "query parameter `page`: expected u32, found \"x\"");
    assert_eq!(app.get("/?tag=a").expect(400).text(), "query parameter `page`: missing");
    assert_eq!(app.get("/").expect(400).text(), "query parameter `page`: missing");
}

#[test]
fn form_needs_its_content_type() {
    #[derive(Deserialize)]
    struct Login<'r> {
        name: &'r str,
        remember: Option<bool>,
    }
    #[route(POST, "/")]
    fn login(Form(login): Form<Login<'_>>) -> String {
        format!("{} {:?}", login.name, login.remember)
    }
    let app = app!(login);
    let send = |kind, body| app.request("POST", "/").header("content-type", kind).body(body).send();
    let form = "application/x-www-form-urlencoded";
    assert_eq!(send(form, "name=ada&remember=on").expect(200).text(), "ada Some(true)");
    assert_eq!(send("Application/X-WWW-Form-Urlencoded; charset=utf-8", "name=ada").expect(200).text(), "ada None");
    assert_eq!(
        send(form, "name=ada&remember=never").expect(422).text(),
        "form field `remember`: expected true or false, found \"never\""
    );
    assert_eq!(
        send("text/plain", "name=ada").expect(415).text(),
        "expected `content-type: application/x-www-form-urlencoded`"
    );
    app.post("/", "name=ada").expect(415);
}

#[test]
fn bodies_come_as_bytes_and_as_text() {
    #[route(POST, "/slice")]
    fn slice(body: &[u8]) -> String {
        body.len().to_string()
    }
    #[route(POST, "/vec")]
    fn vec(body: Vec<u8>) -> Vec<u8> {
        body
    }
    #[route(POST, "/bytes")]
    fn bytes(body: Bytes) -> Bytes {
        body
    }
    #[route(POST, "/str")]
    fn text(body: &str) -> String {
        body.to_uppercase()
    }
    #[route(POST, "/string")]
    async fn string(body: String) -> String {
        body
    }
    let app = serve(routes![slice, vec, bytes, text, string]);
    assert_eq!(app.post("/slice", b"\xff\xfe").expect(200).text(), "2");
    assert_eq!(app.post("/vec", "abc").expect(200).text(), "abc");
    assert_eq!(app.post("/bytes", "abc").expect(200).text(), "abc");
    assert_eq!(app.post("/str", "é").expect(200).text(), "É");
    assert_eq!(app.post("/string", "abc").expect(200).text(), "abc");
    assert_eq!(app.post("/str", b"\xff").expect(400).text(), "the body is not UTF-8");
    app.post("/string", b"\xff").expect(400);
}

#[test]
fn a_whole_body_can_be_taken_more_than_once() {
    #[route(POST, "/hook")]
    fn signed(body: Bytes, text: String, Form(form): Form<HashMap<String, String>>) -> String {
        format!("{} {text} {form:?}", body.len())
    }
    let request = app!(signed).request("POST", "/hook").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(request.body("a=1").send().expect(200).text(), "3 a=1 {\"a\": \"1\"}");
}

#[test]
fn a_route_may_name_its_lifetimes() {
    #[route("/{name}")]
    fn named<'a>(request: &Request<'_>, Path(name): Path<&'a str>) -> (StatusCode, &'a str) {
        (if request.is_http10() { StatusCode::OK } else { StatusCode::ACCEPTED }, name)
    }
    assert_eq!(app!(named).get("/ada").expect(202).text(), "ada");
}

#[test]
fn the_request_itself_comes_with_its_body() {
    #[route(POST, "/{a}")]
    fn all(request: &Request<'_>) -> String {
        format!("{} {:?} {}", request.path(), request.query(), String::from_utf8_lossy(request.body()))
    }
    assert_eq!(app!(all).post("/x?y", "body").expect(200).text(), "/x Some(\"y\") body");
}

#[test]
fn headers_are_found_in_any_case() {
    #[route("/")]
    fn count(headers: Headers<'_>, map: HeaderMap) -> String {
        let via: Vec<_> = headers.all("via").map(|value| String::from_utf8_lossy(value).into_owned()).collect();
        format!("{:?} {via:?} {} {}", headers.get("x-A"), headers.has("none"), map.get_all("via").iter().count())
    }
    let answer = app!(count).raw("GET / HTTP/1.1\r\nHost: a\r\nX-a: 1\r\nVia: p\r\nVIA: q\r\n\r\n").expect(200);
    assert_eq!(answer.text(), "Some(\"1\") [\"p\", \"q\"] false 2");
}

#[test]
fn typed_headers_are_read_or_refused() {
    struct Tenant(u32);
    impl FromHeader<'_> for Tenant {
        const NAME: &'static str = "x-tenant";
        fn from_header(value: &str) -> Result<Self, &'static str> {
            value.parse().map(Tenant).map_err(|_| "expected a number")
        }
    }
    #[route("/")]
    fn tenant(Header(Tenant(tenant)): Header<Tenant>) -> String {
        tenant.to_string()
    }
    let app = app!(tenant);
    let send = |value| app.request("GET", "/").header("X-Tenant", value).send();
    assert_eq!(send("7").expect(200).text(), "7");
    assert_eq!(send("x").expect(400).text(), "header `x-tenant`: expected a number");
    assert_eq!(app.get("/").expect(400).text(), "header `x-tenant`: missing");
}

#[test]
fn well_known_headers_have_types() {
    #[route("/")]
    fn known(
        Header(host): Header<Host<'_>>,
        agent: Option<Header<UserAgent<'_>>>,
        kind: Option<Header<ContentType<'_>>>,
    ) -> String {
        format!("{} {:?} {:?}", host.0, agent.map(|agent| agent.0.0), kind.is_some())
    }
    let answer = app!(known).raw("GET / HTTP/1.1\r\nHost: a:1\r\nUser-Agent: u/1\r\n\r\n").expect(200);
    assert_eq!(answer.text(), "a:1 Some(\"u/1\") false");
}

#[test]
fn a_missing_token_is_unauthorized_and_says_how() {
    #[route("/")]
    fn token(Header(Bearer(token)): Header<Bearer<'_>>) -> String {
        token.to_owned()
    }
    let app = app!(token);
    let send = |value| app.request("GET", "/").header("authorization", value).send();
    assert_eq!(send("bearer t0").expect(200).text(), "t0");
    assert_eq!(send("Basic t0").expect(401).header("www-authenticate"), Some("Bearer"));
    send("Bearer").expect(401);
    app.get("/").expect(401);
}

#[test]
fn a_header_that_is_no_text_is_refused() {
    #[route("/")]
    fn accept(Header(Accept(accept)): Header<Accept<'_>>) -> String {
        accept.to_owned()
    }
    let answer = app!(accept).raw(b"GET / HTTP/1.1\r\nHost: a\r\nAccept: \xff\r\n\r\n").expect(400);
    assert_eq!(answer.text(), "header `accept`: not UTF-8");
}

#[test]
fn the_request_line_and_the_peer_are_there() {
    #[route(ANY, "/{*rest}")]
    fn line(method: Method, uri: Uri, version: Version, peer: Peer) -> String {
        format!("{method} {} {:?} {version:?} {}", uri.path(), uri.query(), peer != Peer::Unix)
    }
    let app = app!(line);
    assert_eq!(app.request("BREW", "/a?b").send().expect(200).text(), "BREW /a Some(\"b\") HTTP/1.1 true");
    assert_eq!(app.raw("GET /a HTTP/1.0\r\n\r\n").expect(200).text(), "GET /a None HTTP/1.0 true");
}

#[test]
fn options_and_results_leave_the_answer_to_the_handler() {
    #[route("/{id}")]
    fn id(id: Result<Path<u8>, PathRejection>, token: Option<Header<Bearer<'_>>>) -> (StatusCode, String) {
        match id {
            Ok(Path(id)) => (StatusCode::OK, format!("{id} {}", token.is_some())),
            Err(rejection) => (StatusCode::IM_A_TEAPOT, format!("{} {rejection}", rejection.status())),
        }
    }
    let app = app!(id);
    assert_eq!(get(&app, "/7"), "7 false");
    let text = "400 Bad Request path parameter `id`: expected u8, found \"x\"";
    assert_eq!(app.get("/x").expect(418).text(), text);
}

#[test]
fn states_are_cloned_or_borrowed() {
    #[route("/")]
    fn both(State(text): State<String>, number: StateRef<'_, u64>) -> String {
        format!("{text} {}", *number)
    }
    assert_eq!(get(&serve(routes![both].state("a".to_owned()).state(7u64)), "/"), "a 7");
}

#[test]
fn a_state_that_nobody_checked_for_is_our_fault() {
    let needs_state = handler(|request, reply| match State::<u8>::from_request(request) {
        Ok(State(n)) => reply.send(n.to_string()),
        Err(rejection) => reply.send(rejection),
    });
    let app = serve(Routes::new().route("/", Method::GET, needs_state));
    assert_eq!(app.get("/").expect(500).text(), "internal server error");
}
