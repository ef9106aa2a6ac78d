//! Which file a path names, and what is never reached.

use super::*;

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
    assert_eq!(app.get("/me%20too/deep/ten.txt").expect(200).text(), "0123456789");
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
fn as_a_fallback_it_knows_nothing_of_the_parameters_of_other_routes() {
    let folder = Folder::new().with("7", "other").with("users/7/a.txt", "asked for");
    let profile = handler(|_, reply| reply.send("profile"));
    let app = App::new(Routes::new().route("/users/{id}/profile", Method::GET, profile).fallback(folder.dir()));
    assert_eq!(app.get("/users/7/profile").expect(200).text(), "profile");
    assert_eq!(app.get("/users/7/a.txt").expect(200).text(), "asked for");
    app.get("/users/7/none").expect(404);
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
fn what_is_encoded_without_need_leads_to_the_plain_path() {
    let folder = Folder::new().with("a b/c.txt", "content").with("a b/index.html", "index");
    let app = folder.app();
    let to = |target: &str| app.get(target).expect(308).header("location").map(str::to_owned).unwrap();
    assert_eq!(to("/f/a%20b/%63.txt?q=%61"), "./c.txt?q=%61");
    assert_eq!(to("/f/%61%20b/c.txt"), "../a%20b/c.txt");
    assert_eq!(to("/f/%61%20%62/"), "../a%20b/");
    assert_eq!(to("/f/n%6fne"), "./none");
    assert_eq!(app.get("/f/a%20b/c.txt").expect(200).text(), "content");
    app.request("HEAD", "/f/%61").send().expect(308);
    app.request("POST", "/f/%61").send().expect(405);
    app.get("/f/%2e%2e/secret").expect(404);
    app.get("/f/%2ehidden").expect(404);
}

#[test]
fn a_directory_gives_nothing_away_that_a_group_below_it_guards() {
    let folder = Folder::new().with("private/plan.html", "plan").with("private/index.html", "plan");
    let refuses = |_: &crate::Request<'_>| Some(http::StatusCode::UNAUTHORIZED.into());
    let private = Routes::new().before(refuses).dir("/", dir(folder.0.join("private")));
    let app = App::new(Routes::new().nest("/private", private).dir("/", folder.dir()));
    app.get("/private/plan.html").expect(401);
    app.get("/private/").expect(401);
    assert_eq!(app.get("/%70rivate/plan.html").expect(308).header("location"), Some("../private/plan.html"));
    assert_eq!(app.get("/%70rivate/").expect(308).header("location"), Some("../private/"));
    assert_eq!(app.get("/%70rivate").expect(308).header("location"), Some("./private"));
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
fn a_directory_that_takes_the_place_of_another_is_served_within_a_second() {
    let outer = Folder::new().with("one/a", "first").with("two/a", "second").link("now", "one").link("next", "two");
    let now = outer.0.join("now");
    let app = App::new(Routes::new().dir("/f", dir(&now)).file("/a", file(now.join("a"))));
    let said = || ["/f/a", "/a"].map(|path| app.get(path).expect(200).text().to_owned());
    let second = Duration::from_secs(1);
    assert_eq!(said(), ["first"; 2]);
    fs::rename(outer.0.join("next"), &now).unwrap();
    assert_eq!(said(), ["first"; 2]);
    app.advance(second);
    assert_eq!(said(), ["second"; 2]);
    fs::remove_file(&now).unwrap();
    app.advance(second);
    assert_eq!(said(), ["second"; 2], "nothing has taken its place yet");
    fs::rename(outer.0.join("one"), &now).unwrap();
    app.advance(second);
    assert_eq!(said(), ["first"; 2]);
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
