//! What is sent of a file: whole, in ranges, on conditions, compressed beforehand.

use super::*;

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
fn fields_of_ones_own_are_on_every_answer_about_a_file() {
    let folder = ten();
    let dir = folder.dir().header("access-control-allow-origin", "*").cache_control("max-age=60");
    let app = serve(dir.header("expires", "0"));
    let cases = [
        (("range", "bytes=0-"), 206, Some("max-age=60")),
        (("if-none-match", "*"), 304, Some("max-age=60")),
        (("if-match", "\"other\""), 412, None),
        (("range", "bytes=10-"), 416, None),
    ];
    for (field, status, cache_control) in cases {
        let answer = ask(&app, "/f/ten.txt", &[field]).expect(status);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{status}");
        assert_eq!(answer.header("cache-control"), cache_control, "{status}");
        assert_eq!(answer.header("expires"), cache_control.map(|_| "0"), "{status}");
    }
}

#[test]
fn what_a_negotiated_answer_varies_by_is_added_to_what_else_it_varies_by() {
    let folder = ten();
    let vary = |said: &str| {
        let answer = serve(folder.dir().precompressed().header("vary", said)).get("/f/ten.txt").expect(200);
        let lines = answer.headers.get_all("vary").iter().map(|line| line.to_str().unwrap());
        lines.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(vary("origin"), "origin, accept-encoding");
    assert_eq!(vary("Origin , Accept-Encoding"), "Origin , Accept-Encoding");
    assert_eq!(vary("*"), "*");
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
