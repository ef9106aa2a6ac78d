//! A headless Chromium, driven over its DevTools protocol: opens pages and runs JavaScript in them.
//!
//! A test starts one [`Browser`], opens a [`Tab`] for each page and asks it things by [`Tab::eval`]. Whatever goes wrong is a
//! panic that says what; the browser and its profile are gone when the value is dropped.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
];
/// How long the browser may take to start, a page to load or a script to finish.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running browser; killed when dropped.
pub struct Browser {
    tools: Tools,
    addr: SocketAddr,
    process: Process,
}

impl Browser {
    /// Starts the first Chromium on PATH; `None`, and a line that says so, where there is none.
    pub fn start() -> Option<Browser> {
        let Some(program) = find() else {
            eprintln!("skipped: no Chromium on PATH ({})", NAMES.join(", "));
            return None;
        };
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let count = STARTED.fetch_add(1, Ordering::Relaxed);
        let profile = std::env::temp_dir().join(format!("hop-browser-{}-{count}", std::process::id()));
        fs::create_dir_all(&profile).expect("the browser's profile can be made");
        let mut command = Command::new(program);
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.display())).arg("about:blank");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process { child: command.spawn().expect("Chromium can be started"), profile };
        let (addr, path) = devtools(&process.profile);
        Some(Browser { tools: Tools::connect(addr, &path), addr, process })
    }

    /// Opens `url` in a new tab and waits until it has loaded.
    pub fn open(&mut self, url: &str) -> Tab {
        let target = self.tools.call("Target.createTarget", json!({ "url": "about:blank" }));
        let id = target["targetId"].as_str().expect("a new tab has an id");
        let mut tab = Tab { tools: Tools::connect(self.addr, &format!("/devtools/page/{id}")) };
        for domain in ["Page", "Runtime", "Log"] {
            tab.tools.call(&format!("{domain}.enable"), json!({}));
        }
        tab.navigate(url);
        tab
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked first, for it has children of its own; whatever comes of it, the process is killed after this.
        self.tools.send(0, "Browser.close", &json!({}));
        let asked = Instant::now();
        while matches!(self.process.child.try_wait(), Ok(None)) && asked.elapsed() < Duration::from_secs(5) {
            // Another program's end, which nothing else tells of.
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The browser's process and its profile; both end when dropped, also where starting has failed half way.
struct Process {
    child: Child,
    profile: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.profile));
    }
}

/// One page.
pub struct Tab {
    tools: Tools,
}

impl Tab {
    /// Goes to `url` and waits until it has loaded.
    pub fn navigate(&mut self, url: &str) {
        let answer = self.tools.call("Page.navigate", json!({ "url": url }));
        assert!(answer["errorText"].is_null(), "{url}: {}", answer["errorText"]);
        self.tools.wait(|said| said["method"] == "Page.loadEventFired");
    }

    /// The value of a JavaScript expression, as JSON; a promise is waited for. An exception is a panic.
    ///
    /// Statements with `await` in them are written as `(async () => { …; return value })()`.
    pub fn eval(&mut self, expression: &str) -> Value {
        let how = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.tools.call("Runtime.evaluate", how);
        let exception = &answer["exceptionDetails"];
        assert!(exception.is_null(), "{expression}: {exception}");
        answer["result"]["value"].take()
    }

    /// What the page's console has shown in red so far: exceptions that nothing caught, errors that were logged, requests that
    /// failed.
    pub fn errors(&mut self) -> &[String] {
        // What happened before this call is told before its answer.
        self.eval("0");
        &self.tools.errors
    }

    /// What a person would read on the page.
    pub fn text(&mut self) -> String {
        self.eval("document.body.innerText").as_str().unwrap_or_default().to_owned()
    }
}

/// A connection to one of the browser's DevTools endpoints.
struct Tools {
    socket: WebSocket<TcpStream>,
    calls: u64,
    errors: Vec<String>,
}

impl Tools {
    fn connect(addr: SocketAddr, path: &str) -> Tools {
        let stream = TcpStream::connect(addr).expect("the browser listens for DevTools");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above 0 is valid");
        let (socket, _) = tungstenite::client(format!("ws://{addr}{path}"), stream).expect("DevTools speaks WebSocket");
        Tools { socket, calls: 0, errors: Vec::new() }
    }

    /// Calls a method and returns its result; of the events that come meanwhile, errors of the page are kept.
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        assert!(self.send(id, method, &params), "{method}: the browser is gone");
        let mut answer = self.wait(|said| said["id"] == id);
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].take()
    }

    /// Whether it could be sent.
    fn send(&mut self, id: u64, method: &str, params: &Value) -> bool {
        let call = json!({ "id": id, "method": method, "params": params });
        self.socket.send(Message::text(call.to_string())).is_ok()
    }

    fn wait(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let message = self.socket.read().expect("the browser speaks within a minute");
            let said = message.to_text().ok().and_then(|text| serde_json::from_str(text).ok());
            let Some(said): Option<Value> = said else { continue };
            self.errors.extend(error_in(&said));
            if is_it(&said) {
                return said;
            }
        }
        panic!("the browser has not answered within {PATIENCE:?}");
    }
}

/// What an event says went wrong on the page.
fn error_in(event: &Value) -> Option<String> {
    let params = &event["params"];
    let what = match event["method"].as_str()? {
        "Runtime.exceptionThrown" => &params["exceptionDetails"],
        "Runtime.consoleAPICalled" if params["type"] == "error" => &params["args"],
        "Log.entryAdded" if params["entry"]["level"] == "error" => &params["entry"],
        _ => return None,
    };
    Some(what.to_string())
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let programs = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    programs.into_iter().find(|program| program.is_file())
}

/// Where the browser says that its DevTools are: port and path, one a line, in a file of its profile.
fn devtools(profile: &Path) -> (SocketAddr, String) {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let said = fs::read_to_string(profile.join("DevToolsActivePort")).unwrap_or_default();
        if let Some((port, path)) = said.split_once('\n')
            && let Ok(port) = port.parse::<u16>()
            && !path.is_empty()
        {
            return (SocketAddr::from(([127, 0, 0, 1], port)), path.trim().to_owned());
        }
        // Another program writes the file, when it likes.
        thread::sleep(Duration::from_millis(20));
    }
    panic!("Chromium has not started within {PATIENCE:?}");
}
