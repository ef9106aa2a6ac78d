//! The demo's page, and the chat's, in a headless Chromium: a person who opens them finds everything working. Skipped, with a line
//! that says so, where no Chromium is installed.

use hop_benches::{peers, process::Server};
use hop_tests::browser::{Browser, Tab};
use serde_json::json;

/// Waits for what the page does: `until(condition)` is a promise, kept when the condition has become true.
const UNTIL: &str = "globalThis.until = condition => new Promise(kept => {
    const look = () => { if (condition()) { watch.disconnect(); kept(true); } };
    const watch = new MutationObserver(look);
    watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    look();
}); true";

/// A browser and an example's server; `None` where there is no browser.
fn start(example: &str) -> Option<(Browser, Server)> {
    let browser = Browser::start()?;
    let binary = peers::build_example(example).expect("the example compiles");
    Some((browser, Server::start(&binary, &[], 2, None).expect("the example starts")))
}

fn open(browser: &mut Browser, server: &Server, path: &str) -> Tab {
    let mut tab = browser.open(&format!("http://{}{path}", server.addr));
    tab.eval(UNTIL);
    tab
}

/// Waits until a condition in JavaScript holds.
#[track_caller]
fn wait(tab: &mut Tab, condition: &str) {
    assert_eq!(tab.eval(&format!("until(() => {condition})")), true, "{condition}");
}

/// Fills in a form and submits it, as a click on its button does.
fn submit(tab: &mut Tab, form: &str, text: &str) {
    let (form, text) = (json!(form), json!(text));
    tab.eval(&format!(
        "(() => {{ const form = document.querySelector({form}); form.querySelector('input').value = {text};
        form.requestSubmit(); return true; }})()"
    ));
}

/// Waits until a card's log has a line that contains `text`.
fn wait_for_line(tab: &mut Tab, card: &str, text: &str) {
    let text = json!(text);
    wait(
        tab,
        &format!("[...document.querySelectorAll('{card} .log div')].some(line => line.textContent.includes({text}))"),
    );
}

#[track_caller]
fn assert_no_errors(tab: &mut Tab) {
    assert_eq!(tab.errors(), [""; 0], "the console is empty");
}

#[test]
fn all_four_echoes_open_and_answer() {
    let Some((mut browser, server)) = start("ws_example") else { return };
    let mut tab = open(&mut browser, &server, "/");
    wait(&mut tab, "document.querySelectorAll('#echoes .open').length === 4");
    for style in ["low", "high", "std", "event"] {
        let card = format!("#ws-{style}");
        submit(&mut tab, &format!("{card} form"), &format!("over {style}, größer"));
        wait_for_line(&mut tab, &card, &format!("over {style}, größer"));
    }
    tab.eval("document.querySelector('#storm').click()");
    wait(&mut tab, "document.querySelector('#outcome').textContent.startsWith('4,000 messages')");
    assert_no_errors(&mut tab);
}

#[test]
fn events_arrive_and_the_numbers_are_filled() {
    let Some((mut browser, server)) = start("ws_example") else { return };
    let mut tab = open(&mut browser, &server, "/");
    wait_for_line(&mut tab, "#sse", "Server time is ");
    wait_for_line(&mut tab, "#clock", " GMT");
    let lines = "document.querySelectorAll('#sse .log div').length > 1 && document.querySelectorAll('#clock .log div').length > 1";
    wait(&mut tab, lines);
    for number in ["connections", "threads", "rate", "resident", "bytes"] {
        wait(&mut tab, &format!("/^[0-9.,]+$/.test(document.querySelector('#{number}').textContent)"));
    }
    assert_no_errors(&mut tab);
}

#[test]
fn a_hundred_idle_connections_are_no_thread() {
    let Some((mut browser, server)) = start("ws_example") else { return };
    let mut tab = open(&mut browser, &server, "/");
    wait(&mut tab, "document.querySelectorAll('#echoes .open').length === 4 && numbers");
    tab.eval("next().then(() => document.querySelector('#idle').click())");
    wait(&mut tab, "document.querySelector('#outcome').textContent.startsWith('+100 WebSockets, ±0 threads')");
    tab.eval("document.querySelector('#idle').click()");
    wait(&mut tab, "document.querySelector('#outcome').textContent.startsWith('−100 WebSockets, ±0 threads')");
    assert_no_errors(&mut tab);
}

#[test]
fn two_tabs_chat() {
    let Some((mut browser, server)) = start("ws_example") else { return };
    let mut ada = open(&mut browser, &server, "/");
    let mut grace = open(&mut browser, &server, "/");
    for tab in [&mut ada, &mut grace] {
        submit(tab, "#chat .join", "the tea room");
        wait_for_line(tab, "#chat", "you are in the tea room");
    }
    submit(&mut ada, "#chat .say", "more tea?");
    wait_for_line(&mut grace, "#chat", "more tea?");
    submit(&mut grace, "#chat .say", "<b>please</b>");
    wait_for_line(&mut ada, "#chat", "<b>please</b>");
    assert_no_errors(&mut ada);
    assert_no_errors(&mut grace);
}

#[test]
fn a_range_of_the_file_is_shown() {
    let Some((mut browser, server)) = start("ws_example") else { return };
    let mut tab = open(&mut browser, &server, "/");
    tab.eval("document.querySelector('#file button').click()");
    wait_for_line(&mut tab, "#file", "206");
    wait_for_line(&mut tab, "#file", "<!doctype html>");
    wait_for_line(&mut tab, "#file", "bytes 0-63/");
    assert_no_errors(&mut tab);
}

#[test]
fn the_chat_example_talks_between_tabs() {
    let Some((mut browser, server)) = start("chat") else { return };
    let mut ada = open(&mut browser, &server, "/");
    let mut grace = open(&mut browser, &server, "/lobby");
    for tab in [&mut ada, &mut grace] {
        wait_for_line(tab, "body", "You are guest ");
    }
    submit(&mut ada, "form", "more tea?");
    for tab in [&mut ada, &mut grace] {
        wait_for_line(tab, "body", "more tea?");
    }
    assert_no_errors(&mut ada);
    assert_no_errors(&mut grace);
}
