//! Files as answers of routes, and what is told when the app is built.

use super::*;

#[test]
fn one_file_is_sent_for_any_path_with_what_was_chosen() {
    let folder = ten();
    let one = file(folder.0.join("ten.txt")).content_type("text/x-ten").download_as("10.txt").cache_control("no-store");
    let app = App::new(Routes::new().file("/a/{b}", one));
    let answer = ask(&app, "/a/b", &[("range", "bytes=-1")]).expect(206);
    assert_eq!(answer.text(), "9");
    assert_eq!(answer.header("content-type"), Some("text/x-ten"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"10.txt\""));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    app.post("/a/b", "").expect(405);
}

#[test]
fn a_file_is_an_answer_with_a_status_of_its_own() {
    let folder = ten();
    let path = folder.0.join("ten.txt");
    let lost =
        handler(move |_, reply| reply.send((http::StatusCode::NOT_FOUND, file(&path).cache_control("no-store"))));
    let none = folder.0.join("none");
    let nothing = handler(move |_, reply| reply.send(file(&none)));
    let app = App::new(Routes::new().route("/none", Method::GET, nothing).fallback(lost));
    let answer = ask(&app, "/somewhere", &[("range", "bytes=0-0"), ("if-none-match", "*")]).expect(404);
    assert_eq!(answer.text(), "0123456789");
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!((answer.header("etag"), answer.header("accept-ranges")), (None, None));
    app.get("/none").expect(404);
}

#[test]
fn a_file_that_comes_later_is_404_until_then() {
    let folder = Folder::new();
    let app = App::new(Routes::new().route("/a", Method::GET, file(folder.0.join("later"))));
    app.get("/a").expect(404);
    let folder = folder.with("later", "now");
    assert_eq!(app.get("/a").expect(200).text(), "now");
    drop(folder);
}

#[test]
fn what_cannot_be_served_is_told_when_the_app_is_built() {
    let folder = ten();
    let none = folder.0.join("none");
    let error =
        Routes::new().dir("/f", dir(&none)).file("/g", file(&none)).file("/h", file(&folder.0)).build().unwrap_err();
    let told: Vec<&str> = error.problems().iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("none` cannot be served: No such file"), "{told:?}");
    assert!(told[2].contains("is not a file"), "{told:?}");
    assert!(error.problems().iter().all(|problem| problem.places[0].file.ends_with("answers.rs")));
}

#[test]
fn a_hook_sees_answers_with_files() {
    let folder = ten();
    let tag = |head: &mut crate::app::response::ResponseHead, _: &crate::app::request::Request<'_>| {
        head.headers.insert("x-hook", http::HeaderValue::from_static("1"));
    };
    let app = App::new(Routes::new().dir("/f", folder.dir()).after(tag));
    assert_eq!(app.get("/f/ten.txt").expect(200).header("x-hook"), Some("1"));
}
