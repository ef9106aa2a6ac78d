//! Files over the whole engine, without sockets: what a client gets.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use http::Method;

use super::*;
use crate::app::handler::handler;
use crate::app::routes::Routes;
use crate::testing::{Answer, App};

/// A directory of its own for one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("hop-files-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    /// With a file, last modified on 1994-11-06 08:49:37.5.
    fn with(self, name: &str, content: impl AsRef<[u8]>) -> Folder {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_millis(784_111_777_500)).unwrap();
        self
    }

    fn link(self, name: &str, target: impl AsRef<Path>) -> Folder {
        symlink(target, self.0.join(name)).unwrap();
        self
    }

    fn dir(&self) -> StaticDir {
        dir(&self.0)
    }

    /// Served below `/f`.
    fn app(&self) -> App {
        serve(self.dir())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn serve(dir: StaticDir) -> App {
    App::new(Routes::new().dir("/f", dir))
}

fn ten() -> Folder {
    Folder::new().with("ten.txt", "0123456789")
}

fn ask(app: &App, target: &str, headers: &[(&str, &str)]) -> Answer {
    headers.iter().fold(app.request("GET", target), |request, (name, value)| request.header(name, value)).send()
}

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

#[test]
fn a_file_comes_with_all_that_a_cache_needs() {
    let folder = ten();
    let answer = folder.app().get("/f/ten.txt").expect(200);
    assert_eq!(answer.text(), "0123456789");
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("content-length"), Some("10"));
    assert_eq!(answer.header("last-modified"), Some(DATE));
    assert_eq!(answer.header("etag"), Some("\"a-2ebc98a1.1dcd6500\""));
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    assert_eq!(answer.header("vary"), None);
}

#[test]
fn head_says_the_same_without_the_body() {
    let folder = ten();
    let app = folder.app();
    let (get, head) = (app.get("/f/ten.txt"), app.request("HEAD", "/f/ten.txt").header("range", "bytes=0-0").send());
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.headers, get.headers);
}

#[test]
fn other_methods_get_405_in_every_place() {
    let folder = ten();
    let routes = || Routes::new().dir("/f", folder.dir());
    let anywhere = App::new(Routes::new().fallback(folder.dir()));
    for (app, target) in [(App::new(routes()), "/f/ten.txt"), (anywhere, "/ten.txt")] {
        let refused = app.post(target, "x").expect(405);
        assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS"));
        let options = app.request("OPTIONS", target).send().expect(204);
        assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"));
    }
}

#[test]
fn one_range_is_206() {
    let folder = ten();
    let answer = ask(&folder.app(), "/f/ten.txt", &[("range", "bytes=2-4")]).expect(206);
    assert_eq!(answer.text(), "234");
    assert_eq!(answer.header("content-range"), Some("bytes 2-4/10"));
    assert_eq!(answer.header("content-length"), Some("3"));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[test]
fn several_ranges_are_a_multipart_body_whose_length_is_right() {
    let folder = ten();
    let answer = ask(&folder.app(), "/f/ten.txt", &[("range", "bytes=8-,0-1")]).expect(206);
    let content_type = answer.header("content-type").unwrap();
    let boundary = content_type.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let part = |range: &str, text: &str| {
        format!(
            "\r\n--{boundary}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-range: bytes {range}/10\r\n\r\n{text}"
        )
    };
    assert_eq!(answer.text(), format!("{}{}\r\n--{boundary}--\r\n", part("8-9", "89"), part("0-1", "01")));
    assert_eq!(answer.header("content-range"), None);
}

#[test]
fn ranges_of_which_one_exists_are_one_part() {
    let folder = ten();
    let answer = ask(&folder.app(), "/f/ten.txt", &[("range", "bytes=50-60,9-")]).expect(206);
    assert_eq!(answer.header("content-range"), Some("bytes 9-9/10"));
    assert_eq!(answer.text(), "9");
}

#[test]
fn a_range_behind_the_end_is_416_with_the_length() {
    let folder = ten();
    let answer = ask(&folder.app(), "/f/ten.txt", &[("range", "bytes=10-")]).expect(416);
    assert_eq!(answer.header("content-range"), Some("bytes */10"));
    assert_eq!(answer.header("content-length"), Some("0"));
}

#[test]
fn what_is_no_range_gets_the_whole_file() {
    let folder = ten();
    let app = folder.app();
    for range in ["bytes=5-2", "lines=1-2", "bytes=", "bytes=0-0,x"] {
        assert_eq!(ask(&app, "/f/ten.txt", &[("range", range)]).expect(200).body.len(), 10, "{range}");
    }
}

#[test]
fn if_range_decides_whether_a_part_of_this_version_is_wanted() {
    let folder = ten();
    let app = folder.app();
    let etag = app.get("/f/ten.txt").header("etag").unwrap().to_owned();
    let status = |if_range: &str| ask(&app, "/f/ten.txt", &[("range", "bytes=0-0"), ("if-range", if_range)]).status;
    assert_eq!((status(&etag), status(DATE)), (206, 206));
    assert_eq!(
        (status("\"old\""), status("Sun, 06 Nov 1994 08:49:36 GMT"), status(&format!("W/{etag}"))),
        (200, 200, 200)
    );
}

#[test]
fn a_client_that_has_the_file_gets_304_with_what_its_cache_needs() {
    let folder = ten();
    let app = serve(folder.dir().cache_control("no-cache").precompressed());
    let etag = app.get("/f/ten.txt").header("etag").unwrap().to_owned();
    for condition in [("if-none-match", &*etag), ("if-none-match", "*"), ("if-modified-since", DATE)] {
        let answer = ask(&app, "/f/ten.txt", &[condition]).expect(304);
        assert_eq!(answer.header("etag"), Some(&*etag));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
        assert_eq!((answer.header("content-type"), answer.header("content-length")), (None, None));
    }
    ask(&app, "/f/ten.txt", &[("if-none-match", "\"other\""), ("if-modified-since", DATE)]).expect(200);
}

#[test]
fn a_client_that_wants_another_version_gets_412() {
    let folder = ten();
    let app = folder.app();
    ask(&app, "/f/ten.txt", &[("if-match", "\"other\"")]).expect(412);
    ask(&app, "/f/ten.txt", &[("if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT")]).expect(412);
    ask(&app, "/f/ten.txt", &[("if-match", "*")]).expect(200);
    ask(&app, "/f/none.txt", &[("if-match", "*")]).expect(404);
}

#[test]
fn a_changed_file_has_another_tag_and_its_new_content() {
    let folder = ten();
    let app = folder.app();
    let before = app.get("/f/ten.txt");
    let folder = folder.with("ten.txt", "9876543210!");
    let after = ask(&app, "/f/ten.txt", &[("if-none-match", before.header("etag").unwrap())]).expect(200);
    assert_eq!(after.text(), "9876543210!");
    drop(folder);
}

#[test]
fn a_date_in_the_future_is_not_told() {
    let folder = ten();
    let file = fs::File::options().write(true).open(folder.0.join("ten.txt")).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(4_000_000_000)).unwrap();
    let answer = folder.app().get("/f/ten.txt").expect(200);
    assert_eq!(answer.header("last-modified"), answer.header("date"));
    assert!(answer.header("date").is_some());
}

#[test]
fn an_empty_file_is_whole_whatever_range_is_asked_for() {
    let folder = Folder::new().with("empty", "");
    let app = folder.app();
    for range in ["bytes=0-", "bytes=-1"] {
        let answer = ask(&app, "/f/empty", &[("range", range)]).expect(200);
        assert_eq!(answer.header("content-length"), Some("0"));
    }
}

#[test]
fn a_large_file_arrives_whole_and_the_connection_goes_on() {
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| (n / 251 % 256) as u8).collect();
    let folder = ten().with("large.bin", &content);
    let mut client = folder.app().connect();
    client.send("GET /f/large.bin HTTP/1.1\r\nHost: a\r\n\r\nGET /f/ten.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    let large = client.answer().expect(200);
    assert_eq!(large.header("content-type"), Some("application/octet-stream"));
    assert!(large.body == content);
    assert_eq!(client.answer().expect(200).text(), "0123456789");
}

#[test]
fn directories_lead_to_their_slash_and_show_their_index() {
    let folder = Folder::new().with("index.html", "top").with("docs/index.html", "docs").with("bare/a", "");
    let app = folder.app();
    assert_eq!(app.get("/f/").expect(200).text(), "top");
    assert_eq!(app.get("/f/docs/").expect(200).text(), "docs");
    assert_eq!(app.get("/f/docs/").header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(app.get("/f").expect(301).header("location"), Some("./f/"));
    assert_eq!(app.get("/f/docs?a=b").expect(301).header("location"), Some("./docs/?a=b"));
    app.get("/f/bare/").expect(404);
    app.get("/f/docs/index.html/").expect(404);
    app.get("/f/docs/none").expect(404);
}

#[test]
fn the_index_can_be_another_or_none() {
    let folder = Folder::new().with("home.htm", "home").with("index.html/a", "");
    assert_eq!(serve(folder.dir().index("home.htm")).get("/f/").expect(200).text(), "home");
    serve(folder.dir().without_index()).get("/f/").expect(404);
    // A directory that is called like the index is none.
    serve(folder.dir()).get("/f/").expect(404);
}

#[test]
fn a_directory_lies_below_prefixes_and_parameters() {
    let folder = ten().with("index.html", "top");
    let routes = Routes::new().nest("/{tenant}", Routes::new().dir("/", folder.dir()).dir("/deep/", folder.dir()));
    let app = App::new(routes);
    assert_eq!(app.get("/me/ten.txt").expect(200).text(), "0123456789");
    assert_eq!(app.get("/me/").expect(200).text(), "top");
    assert_eq!(app.get("/me").expect(301).header("location"), Some("./me/"));
    assert_eq!(app.get("/me/deep/").expect(200).text(), "top");
    assert_eq!(app.get("/me%20too/deep/%74en.txt").expect(200).text(), "0123456789");
    assert_eq!(app.get("/me/deep").expect(301).header("location"), Some("./deep/"));
}

#[test]
fn other_routes_win_over_a_directory() {
    let folder = ten().with("index.html", "top").with("a", "file");
    let text = |text: &'static str| handler(move |_, reply| reply.send(text));
    let routes = Routes::new().dir("/", folder.dir()).route("/", Method::GET, text("home")).route(
        "/a",
        Method::GET,
        text("route"),
    );
    let app = App::new(routes);
    assert_eq!(app.get("/").expect(200).text(), "home");
    assert_eq!(app.get("/a").expect(200).text(), "route");
    assert_eq!(app.get("/ten.txt").expect(200).text(), "0123456789");
}

#[test]
fn as_a_fallback_the_whole_path_names_the_file() {
    let folder = ten().with("index.html", "top").with("docs/index.html", "docs");
    let app = App::new(Routes::new().fallback(folder.dir()));
    assert_eq!(app.get("/").expect(200).text(), "top");
    assert_eq!(app.get("/docs").expect(301).header("location"), Some("./docs/"));
    assert_eq!(app.get("/ten.txt").expect(200).text(), "0123456789");
    app.get("//ten.txt").expect(404);
    app.request("OPTIONS", "*").send().expect(204);
}

#[test]
fn nothing_outside_the_root_is_reached_by_any_name() {
    let outer = Folder::new().with("secret", "secret").with("root/a", "a").with("root/deep/b", "b");
    let app = serve(dir(outer.0.join("root")));
    let escapes = [
        "../secret",
        "%2e%2e/secret",
        "%2E%2e/secret",
        ".%2e/secret",
        "..%2fsecret",
        "%2e%2e%2fsecret",
        "deep/../../secret",
        "deep/..%2f..%2fsecret",
        "..%5csecret",
        "..\\secret",
        "./a",
        "/../secret",
        "//etc/passwd",
        "/etc/passwd",
        "%2fetc/passwd",
        "%2f%2fetc/passwd",
        "deep//b",
        "a%00",
        "a%00.txt",
        "deep/../a",
        "%252e%252e/secret",
        "..;/secret",
        "a/..",
        "..",
        "../",
        "deep/%2e%2e/a",
    ];
    for escape in escapes {
        let answer = app.raw(format!("GET /f/{escape} HTTP/1.1\r\nHost: a\r\n\r\n")).send().answer();
        assert!(matches!(answer.status, 400 | 404), "{escape}: {}", answer.status);
        assert!(!answer.body.starts_with(b"secret"), "{escape}");
    }
    assert_eq!(app.get("/f/a").expect(200).text(), "a");
}

#[test]
fn malformed_encodings_are_400() {
    let folder = ten();
    let app = folder.app();
    for target in ["/f/%", "/f/%zz", "/f/a%2"] {
        app.get(target).expect(400);
    }
}

#[test]
fn links_are_followed_only_while_they_stay_below_the_root() {
    let outer = Folder::new().with("secret", "secret").with("root/a", "a").with("root/deep/b", "b");
    let outer = outer.link("root/inside", "a").link("root/deep/up", "../a").link("root/out", "../secret");
    let absolute = outer.0.join("root/a");
    let outer = outer
        .link("root/absolute", absolute)
        .link("root/loop", "loop")
        .link("root/parent", "..")
        .link("root/self", ".");
    let root = outer.0.join("root");
    let statuses = |symlinks| {
        let app = serve(dir(&root).symlinks(symlinks));
        let names = ["inside", "deep/up", "self/a", "out", "absolute", "parent/secret", "loop"];
        names.map(|name| app.get(&format!("/f/{name}")).status)
    };
    assert_eq!(statuses(Symlinks::Below), [200, 200, 200, 404, 404, 404, 404]);
    assert_eq!(statuses(Symlinks::Refused), [404; 7]);
    assert_eq!(statuses(Symlinks::Anywhere), [200, 200, 200, 200, 200, 200, 404]);
}

#[test]
fn a_page_of_ones_own_is_sent_where_nothing_is_found() {
    let folder = ten().with("lost.html", "lost");
    let with = |status| serve(folder.dir().missing(status, file(folder.0.join("lost.html"))));
    let lost = with(http::StatusCode::NOT_FOUND);
    for name in ["none", "../ten.txt", ".hidden", "none/"] {
        assert_eq!(ask(&lost, &format!("/f/{name}"), &[("range", "bytes=0-0")]).expect(404).text(), "lost", "{name}");
    }
    assert_eq!(lost.get("/f/ten.txt").expect(200).text(), "0123456789");
    let app = with(http::StatusCode::OK);
    let page = app.get("/f/some/path").expect(200);
    assert_eq!(page.text(), "lost");
    ask(&app, "/f/some/path", &[("if-none-match", page.header("etag").unwrap())]).expect(304);
}

#[test]
fn hidden_files_are_found_only_when_asked_for() {
    let folder = Folder::new().with(".env", "key").with(".git/config", "").with(".well-known/a", "known");
    let app = folder.app();
    app.get("/f/.env").expect(404);
    app.get("/f/%2eenv").expect(404);
    app.get("/f/.git/config").expect(404);
    app.get("/f/.git").expect(404);
    assert_eq!(app.get("/f/.well-known/a").expect(200).text(), "known");
    assert_eq!(serve(folder.dir().hidden_files()).get("/f/.env").expect(200).text(), "key");
}

#[test]
fn pipes_and_devices_are_not_found_and_nobody_waits_for_them() {
    let folder = ten().link("null", "/dev/null");
    rustix::fs::mkfifoat(rustix::fs::CWD, folder.0.join("pipe"), rustix::fs::Mode::RUSR).unwrap();
    let app = serve(folder.dir().symlinks(Symlinks::Anywhere));
    app.get("/f/pipe").expect(404);
    app.get("/f/null").expect(404);
}

#[test]
fn the_best_precompressed_sibling_is_sent_under_the_name_of_the_original() {
    let folder = Folder::new().with("a.js", "plain").with("a.js.gz", "gzipped").with("a.js.br", "brotli");
    let app = serve(folder.dir().precompressed());
    let get = |accepted: &str| ask(&app, "/f/a.js", &[("accept-encoding", accepted)]).expect(200);
    let best = get("gzip, br, zstd");
    assert_eq!((best.text(), best.header("content-encoding")), ("brotli", Some("br")));
    assert_eq!(best.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(best.header("vary"), Some("accept-encoding"));
    assert_eq!(get("gzip, br;q=0.5").text(), "gzipped");
    assert_eq!(get("zstd").text(), "plain");
    assert_eq!(get("gzip;q=0").header("content-encoding"), None);
    let plain = app.get("/f/a.js").expect(200);
    assert_eq!((plain.text(), plain.header("vary")), ("plain", Some("accept-encoding")));
    assert_ne!(plain.header("etag"), best.header("etag"));
    let part = ask(&app, "/f/a.js", &[("accept-encoding", "br"), ("range", "bytes=0-1")]).expect(206);
    assert_eq!((part.text(), part.header("content-encoding")), ("br", Some("br")));
}

#[test]
fn siblings_are_left_alone_unless_wanted() {
    let folder = Folder::new().with("a.js", "plain").with("a.js.gz", "gzipped");
    let answer = ask(&folder.app(), "/f/a.js", &[("accept-encoding", "gzip")]).expect(200);
    assert_eq!((answer.text(), answer.header("vary")), ("plain", None));
}

#[test]
fn names_may_hold_any_text() {
    let folder = Folder::new()
        .with("a b.txt", "space")
        .with("ü.txt", "umlaut")
        .with("100%.txt", "percent")
        .with("a+b&c", "plus");
    let app = folder.app();
    assert_eq!(app.get("/f/a%20b.txt").expect(200).text(), "space");
    assert_eq!(app.get("/f/%C3%BC.txt").expect(200).text(), "umlaut");
    assert_eq!(app.get("/f/100%25.txt").expect(200).text(), "percent");
    assert_eq!(app.get("/f/a+b&c").expect(200).text(), "plus");
    app.get(&format!("/f/{}", "a".repeat(300))).expect(404);
}

#[test]
fn a_directory_that_was_removed_and_made_anew_is_found_again() {
    let outer = Folder::new().with("root/a", "first");
    let app = serve(dir(outer.0.join("root")));
    assert_eq!(app.get("/f/a").expect(200).text(), "first");
    fs::remove_dir_all(outer.0.join("root")).unwrap();
    app.get("/f/a").expect(404);
    let outer = outer.with("root/a", "second");
    assert_eq!(app.get("/f/a").expect(200).text(), "second");
    drop(outer);
}

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
    assert!(error.problems().iter().all(|problem| problem.places[0].file.ends_with("tests.rs")));
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
