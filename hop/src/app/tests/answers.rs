//! What each kind of answer looks like to a client.

use std::borrow::Cow;
use std::sync::Arc;

use http::Method;

use super::*;
use crate::testing::Answer;
use crate::{Bytes, HeaderMap, HeaderValue, header};

/// What is sent for an answer at once and, in the second place, by way of a `Response`.
fn both<A: IntoResponse + 'static>(make: impl Fn() -> A + Send + Sync + Copy + 'static) -> [Answer; 2] {
    let app = serve(Routes::new().route("/plain", Method::GET, handler(move |_, reply| reply.send(make()))).route(
        "/made",
        Method::GET,
        handler(move |_, reply| reply.send(make().into_response())),
    ));
    [app.get("/plain"), app.get("/made")]
}

#[track_caller]
fn assert_both<A: IntoResponse + 'static>(
    make: impl Fn() -> A + Send + Sync + Copy + 'static,
    (status, content_type, body): (u16, Option<&str>, &str),
) {
    for answer in both(make) {
        let answer = answer.expect(status);
        assert_eq!((answer.header("content-type"), answer.text()), (content_type, body));
    }
}

const TEXT: Option<&str> = Some("text/plain; charset=utf-8");
const OCTETS: Option<&str> = Some("application/octet-stream");

#[test]
fn text_is_text() {
    assert_both(|| "a", (200, TEXT, "a"));
    assert_both(|| "a".to_owned(), (200, TEXT, "a"));
    assert_both(|| Box::<str>::from("a"), (200, TEXT, "a"));
    assert_both(|| Arc::<str>::from("a"), (200, TEXT, "a"));
    assert_both(|| Cow::Borrowed("a"), (200, TEXT, "a"));
    assert_both(|| Cow::<str>::Owned("a".to_owned()), (200, TEXT, "a"));
}

#[test]
fn bytes_are_octets() {
    assert_both(|| b"a", (200, OCTETS, "a"));
    assert_both(|| *b"a", (200, OCTETS, "a"));
    assert_both(|| &b"a"[..], (200, OCTETS, "a"));
    assert_both(|| b"a".to_vec(), (200, OCTETS, "a"));
    assert_both(|| Bytes::from_static(b"a"), (200, OCTETS, "a"));
    assert_both(|| Cow::Borrowed(&b"a"[..]), (200, OCTETS, "a"));
}

#[test]
fn a_long_body_is_handed_on_whole() {
    let long = || "long".repeat(100_000);
    for answer in both(long) {
        assert_eq!(answer.expect(200).text(), long());
    }
}

#[test]
fn statuses_have_no_body() {
    assert_both(|| (), (200, None, ""));
    assert_both(|| StatusCode::IM_A_TEAPOT, (418, None, ""));
    assert_both(|| None::<&str>, (404, None, ""));
    assert_both(|| Some("a"), (200, TEXT, "a"));
}

#[test]
fn results_are_either_answer() {
    assert_both(|| Ok::<_, StatusCode>("a"), (200, TEXT, "a"));
    assert_both(|| Err::<String, _>((StatusCode::CONFLICT, "b")), (409, TEXT, "b"));
}

#[test]
fn html_is_html() {
    assert_both(|| Html("<p>"), (200, Some("text/html; charset=utf-8"), "<p>"));
    assert_both(|| (StatusCode::NOT_FOUND, Html("<p>".to_owned())), (404, Some("text/html; charset=utf-8"), "<p>"));
}

#[test]
fn headers_stand_before_an_answer() {
    let answers = both(|| (StatusCode::CREATED, [("x-a", "1"), ("content-type", "text/csv")], "a,b"));
    for answer in answers {
        let answer = answer.expect(201);
        assert_eq!(
            (answer.header("x-a"), answer.header("content-type"), answer.text()),
            (Some("1"), Some("text/csv"), "a,b")
        );
    }
    let mut map = HeaderMap::new();
    map.append("x-a", HeaderValue::from_static("1"));
    map.append("x-a", HeaderValue::from_static("2"));
    let response = (map, ([("x-a", "0")], "a")).into_response();
    assert_eq!(response.headers().get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
}

#[test]
fn a_part_may_lack() {
    assert_both(|| (None::<StatusCode>, "a"), (200, TEXT, "a"));
    assert_both(|| (Some(StatusCode::ACCEPTED), "a"), (202, TEXT, "a"));
}

#[test]
fn a_header_that_would_split_the_answer_is_our_fault() {
    for answer in both(|| ([("x-a", "1\r\nx-b: 2")], "secret")) {
        let answer = answer.expect(500);
        assert_eq!((answer.header("x-b"), answer.text()), (None, ""));
    }
}

#[test]
fn what_is_said_to_an_answer_after_a_forbidden_header_is_not_sent_either() {
    let around = || (StatusCode::CREATED, [("location", "/x\ny"), ("x-a", "1")], "made");
    let after = || Response::new(StatusCode::OK).with_header("x-b", "\0").with_header("x-a", "1").with_text("body");
    let html =
        move || Html((StatusCode::CONTINUE, (HeaderMap::from_iter([(header::VIA, "a".parse().unwrap())]), after())));
    for answer in both(around).into_iter().chain(both(after)).chain(both(html)) {
        let answer = answer.expect(500);
        assert_eq!((answer.text(), answer.header("content-type")), ("", None));
        assert_eq!((answer.header("x-a"), answer.header("via")), (None, None));
    }
}

#[test]
fn redirects_say_where() {
    let to = "/a?b=%20";
    let redirects = [Redirect::to(to), Redirect::see_other(to), Redirect::temporary(to), Redirect::permanent(to)];
    for (redirect, status) in redirects.into_iter().zip([302, 303, 307, 308]) {
        let response = redirect.into_response();
        assert_eq!(
            (response.status().as_u16(), &response.headers()[header::LOCATION]),
            (status, &"/a?b=%20".parse::<HeaderValue>().unwrap())
        );
    }
    assert_eq!(Redirect::to("/a\r\nx: y").into_response().status(), 500);
}

#[test]
fn answers_of_other_libraries_keep_their_head() {
    let made =
        || http::Response::builder().status(202).header("x-a", "1").header("content-type", "a/b").body("a").unwrap();
    for answer in both(made) {
        let answer = answer.expect(202);
        assert_eq!((answer.header("x-a"), answer.header("content-type"), answer.text()), (Some("1"), Some("a/b"), "a"));
    }
}
