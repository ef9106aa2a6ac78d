//! Pages in a headless Chromium; skipped, with a line that says so, where none is installed.

use hop_benches::{peers, process::Server};
use hop_tests::browser::Browser;
use serde_json::json;

#[test]
fn a_page_is_opened_read_and_scripted() {
    let Some(mut browser) = Browser::start() else { return };
    let server = Server::start(&peers::build_example("hello").unwrap(), &[], 1, None).unwrap();
    let mut tab = browser.open(&format!("http://{}/", server.addr));
    assert!(tab.text().contains("It works."), "{}", tab.text());
    let fetched = tab.eval("fetch('/hello/Ada').then(async answer => [answer.status, await answer.text()])");
    assert_eq!(fetched, json!([200, "Hello, Ada!\n"]));
    let mut other = browser.open(&format!("http://{}/hello/Grace", server.addr));
    assert_eq!(other.text(), "Hello, Grace!\n");
}
