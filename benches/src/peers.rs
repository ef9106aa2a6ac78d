//! The servers that are compared: which there are, how they are built and found, and the folder that they serve. A server
//! is named as it is started: its binary, and its arguments if there are any.

use crate::requests::{FILE_BYTES, FILE_NAME};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

/// Servers that answer the shared body to `/`. The first is the ceiling that the others are measured against.
pub const PLAIN: [&str; 7] =
    ["limit", "std_example", "tokio_example", "axum_app", "actix_app", "nginx_app", "hop_example"];

/// Servers of the compared [app](crate::app). The first is the ceiling, which answers neither user nor length.
pub const APP: [&str; 5] = ["limit", "hyper_app", "axum_app", "actix_app", "hop_app"];

/// Servers of a folder of files, started with `--root`. The first is the ceiling.
pub const FILES: [&str; 4] = ["limit_file", "axum_app", "nginx_app", "static_site"];

/// Servers that echo WebSocket messages. The first is the ceiling.
pub const ECHO: [&str; 6] =
    ["limit_ws", "fastwebsockets_echo", "tungstenite_echo", "axum_app", "actix_app", "ws_example"];

/// Servers that send what is posted to `/publish` to the WebSockets at `/ws-topic`. The first is the ceiling.
pub const FAN_OUT: [&str; 3] = ["limit_fanout", "axum_app", "hop_fanout"];

/// One axum app, served by axum itself, which the other is measured against, and by hop.
pub const AXUM: [&str; 2] = ["axum_example --serve axum", "axum_example --serve hop"];

/// Builds all servers in the profile of this program, and tells where they lie.
///
/// # Errors
/// When cargo cannot be run, or says that something does not compile.
pub fn build() -> io::Result<PathBuf> {
    cargo_build(&["-p", "hop-benches", "-p", "hop-examples", "--bins"])
}

/// Builds these servers only in the profile of this program, and tells where they lie.
///
/// # Errors
/// When cargo cannot be run, or says that something does not compile.
pub fn build_only(servers: &[&str]) -> io::Result<PathBuf> {
    let named = servers.iter().flat_map(|server| ["--bin", binary(server)]);
    cargo_build(&["-p", "hop-benches", "-p", "hop-examples"].into_iter().chain(named).collect::<Vec<_>>())
}

/// Builds one example in the profile of this program, and tells where it lies.
///
/// # Errors
/// When cargo cannot be run, or says that something does not compile.
pub fn build_example(name: &str) -> io::Result<PathBuf> {
    Ok(cargo_build(&["-p", "hop-examples", "--bin", name])?.join(name))
}

fn cargo_build(what: &[&str]) -> io::Result<PathBuf> {
    let folder = folder()?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet"]).args(what);
    if what.contains(&"hop-benches") {
        // Always the same features, lest all of it be built again for each of those who want some of it.
        cargo.args(["--features", "hop-benches/peers"]);
    }
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    if cargo.status()?.success() { Ok(folder) } else { Err(io::Error::other("the servers do not compile")) }
}

/// Where the servers lie: beside this program, or above it if it is a test.
///
/// # Errors
/// When the system cannot tell where this program lies.
pub fn folder() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let folder = program.parent().unwrap_or(Path::new("."));
    Ok(folder.parent().filter(|_| folder.ends_with("deps")).unwrap_or(folder).to_owned())
}

/// What a server is started by: its binary, which is the first word of its name, and its arguments, the words after it.
pub fn command(folder: &Path, server: &str) -> (PathBuf, Vec<String>) {
    (folder.join(binary(server)), server.split(' ').skip(1).map(str::to_owned).collect())
}

/// Those of `known` that were asked for, by name or by binary (all, if none were), and can be started: their binary exists in
/// `folder`, and the program that it needs is installed.
pub fn present<'a>(known: &[&'a str], asked: &[&str], folder: &Path) -> Vec<&'a str> {
    let is_asked_for = |name: &&str| asked.is_empty() || asked.contains(name) || asked.contains(&binary(name));
    let can_be_started = |name: &&str| folder.join(binary(name)).is_file() && (*name != NGINX || is_installed("nginx"));
    known.iter().copied().filter(is_asked_for).filter(can_be_started).collect()
}

/// The one that is no program of ours.
const NGINX: &str = "nginx_app";

fn is_installed(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|paths| env::split_paths(&paths).any(|path| path.join(program).is_file()))
}

fn binary(server: &str) -> &str {
    server.split(' ').next().unwrap_or_default()
}

/// A folder of its own with the one file of the file workload; removed when dropped.
#[derive(Debug)]
pub struct Site(PathBuf);

impl Site {
    /// Makes the folder among the system's temporary files.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new() -> io::Result<Site> {
        static SITES: AtomicU32 = AtomicU32::new(0);
        let name = format!("hop-benches-{}-{}", std::process::id(), SITES.fetch_add(1, Ordering::Relaxed));
        let path = env::temp_dir().join(name);
        fs::create_dir_all(&path)?;
        let bytes: Vec<u8> = (0..FILE_BYTES).map(|at| (at % 251) as u8).collect();
        fs::write(path.join(FILE_NAME), bytes)?;
        Ok(Site(path))
    }

    /// The arguments that make a server serve it.
    pub fn arguments(&self) -> Vec<String> {
        vec!["--root".to_owned(), self.0.display().to_string()]
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_by_its_binary_and_started_with_its_arguments() {
        let folder = Path::new("/bin");
        let (binary, more) = command(folder, "sh -c exit");
        assert_eq!((binary, more), (folder.join("sh"), vec!["-c".to_owned(), "exit".to_owned()]));
        let known = ["sh -c true", "sh -c false", "no-such-program -c"];
        assert_eq!(present(&known, &[], folder), known[..2]);
        assert_eq!(present(&known, &["sh"], folder), known[..2]);
        assert_eq!(present(&known, &["sh -c false"], folder), known[1..2]);
    }
}
