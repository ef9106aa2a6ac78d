//! What figures were measured on and with.

use serde_json::{Map, Value, json};
use std::{fs, path::Path, process::Command};

/// Those whose versions say what was compared.
const CRATES: [&str; 11] = [
    "actix-web",
    "actix-ws",
    "axum",
    "fastwebsockets",
    "httparse",
    "hyper",
    "polling",
    "tokio",
    "tokio-tungstenite",
    "tower-http",
    "tungstenite",
];

/// Machine, versions and commit; a commit with `+` was changed.
pub fn stamp() -> Value {
    json!({ "machine": machine(), "versions": versions(), "commit": commit() })
}

/// The machine that this runs on: kernel, processor and how many cores.
pub fn machine() -> Value {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    json!({
        "kernel": fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        "cpu": model.map_or("", |(_, model)| model),
        // This thread is bound to one of them, so that it cannot ask in the usual way.
        "cores": processors.lines().filter(|line| line.starts_with("processor")).count(),
    })
}

fn versions() -> Value {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap_or_default();
    let of = |name: &&str| Some(((*name).to_owned(), locked(&lock, name)?.into()));
    let mut versions: Map<String, Value> = CRATES.iter().filter_map(of).collect();
    versions.insert("rustc".to_owned(), said("rustc", &["--version"]).into());
    versions.insert("nginx".to_owned(), said("nginx", &["-v"]).into());
    versions.into()
}

fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    rest.split('"').next()
}

fn commit() -> String {
    let commit = said("git", &["rev-parse", "--short", "HEAD"]);
    if said("git", &["status", "--porcelain"]).is_empty() { commit } else { format!("{commit}+") }
}

/// What a program says, in one line; nothing if it is not there.
fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(root()).output();
    let text = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    String::from_utf8_lossy(&text).trim().to_owned()
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_lock_file() {
        let lock = "[[package]]\nname = \"axum-core\"\nversion = \"0.5.6\"\n\n[[package]]\nname = \"axum\"\nversion = \"0.8.9\"\n";
        assert_eq!(locked(lock, "axum"), Some("0.8.9"));
        assert_eq!(locked(lock, "hyper"), None);
        assert!(versions()["hyper"].is_string());
    }
}
