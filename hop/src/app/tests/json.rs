//! JSON, in and out.

use serde::Deserialize;

use super::*;
use crate::JsonRejection;
use crate::testing::Answer;

/// An app of one route.
macro_rules! app {
    ($route:ident) => {
        serve(routes![$route])
    };
}

#[derive(Deserialize)]
struct Order<'r> {
    customer: &'r str,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    price: u32,
}

#[test]
fn json_says_where_and_why() {
    #[route(POST, "/")]
    fn order(Json(order): Json<Order<'_>>) -> String {
        format!("{} pays {}", order.customer, order.items.iter().map(|item| item.price).sum::<u32>())
    }
    let app = app!(order);
    let send = |body: &str| app.request("POST", "/").header("content-type", "application/json").body(body).send();
    assert_eq!(send(r#"{"customer":"ada","items":[{"price":1},{"price":2}]}"#).expect(200).text(), "ada pays 3");
    assert_eq!(
        send(r#"{"customer":"ada","items":[{"price":1},{"price":"x"}]}"#).expect(422).text(),
        "items[1].price: invalid type: string \"x\", expected u32 at line 1 column 51"
    );
    assert_eq!(send("{}").expect(422).text(), "missing field `customer` at line 1 column 2");
    assert!(send("{\"customer\"").expect(400).text().starts_with("the body is no JSON: EOF while parsing"));
    assert!(send("").expect(400).text().starts_with("the body is no JSON"));
    send(r#"{"customer":"a","items":[]} 2"#).expect(400);
    app.post("/", "{}").expect(415);
}

#[test]
fn an_optional_body_is_still_read_whole() {
    #[route(POST, "/")]
    fn maybe(json: Result<Json<u8>, JsonRejection>) -> String {
        json.map_or_else(|rejection| rejection.status().to_string(), |Json(n)| n.to_string())
    }
    let app = app!(maybe);
    assert_eq!(app.request("POST", "/").header("content-type", "application/json").body("7").send().text(), "7");
    assert_eq!(app.post("/", "7").text(), "415 Unsupported Media Type");
}

/// What a handler's answer looks like to a client.
fn sent<A: IntoResponse + 'static>(make: fn() -> A) -> Answer {
    serve(Routes::new().route("/", Method::GET, handler(move |_, reply| reply.send(make())))).get("/")
}

#[test]
fn json_is_json() {
    let answer = sent(|| Json([1, 2])).expect(200);
    assert_eq!((answer.header("content-type"), answer.text()), (Some("application/json"), "[1,2]"));
    let answer = sent(|| (StatusCode::CREATED, Json("a"))).expect(201);
    assert_eq!((answer.header("content-type"), answer.text()), (Some("application/json"), "\"a\""));
}

#[test]
fn what_is_no_json_is_our_fault() {
    let answer = sent(|| Json(std::collections::BTreeMap::from([((1, 2), 3)]))).expect(500);
    assert_eq!((answer.header("content-type"), answer.text()), (None, ""));
}
