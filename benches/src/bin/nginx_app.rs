//! nginx, when it is installed, with a constant answer and a folder of files. This program only prepares: it listens, writes a
//! configuration of few lines, and becomes nginx, which takes over the listener as it does when it replaces itself.

use hop_examples::{BODY, BODY_TYPE, Flag, Options, listening};
use rustix::io::{FdFlags, fcntl_setfd};
use std::{
    env, fs,
    io::{self, Error},
    net::{SocketAddr, TcpListener},
    os::{fd::AsRawFd, unix::process::CommandExt},
    path::Path,
    process::{Command, Stdio},
};

const ROOT: Flag = Flag::new("--root", "DIR", ".", "the folder to serve");

fn main() -> io::Result<()> {
    let options = Options::with("Becomes nginx with a constant answer at / (always one worker).", &[ROOT]);
    let listener = TcpListener::bind(&options.addr)?;
    let addr = listener.local_addr()?;
    let folder = env::temp_dir().join(format!("hop-benches-nginx-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration(addr, &folder, options.flags.text("--root")))?;
    fcntl_setfd(&listener, FdFlags::empty())?;
    listening(addr);
    let inherited = format!("{};", listener.as_raw_fd());
    let mut nginx = Command::new("nginx");
    // It says there that it has inherited a listener; what is wrong with it, it says in its log.
    nginx.arg("-c").arg(&file).arg("-p").arg(&folder).env("NGINX", inherited).stderr(Stdio::null());
    let error: Error = nginx.exec();
    Err(Error::new(error.kind(), format!("nginx cannot be started: {error}")))
}

/// One worker, beside a master that sleeps (without a master nginx 1.22 crashes on an inherited listener); no log, and keep-alive without an end to its requests: what whoever cares for speed would write.
fn configuration(addr: SocketAddr, folder: &Path, root: &str) -> String {
    let folder = folder.display();
    format!(
        "daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log crit;
events {{ worker_connections 19000; }}
http {{
    access_log off; sendfile on; tcp_nopush on; tcp_nodelay on;
    keepalive_timeout 75s; keepalive_requests 1000000000;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen {addr};
        root {root};
        location = / {{ default_type '{BODY_TYPE}'; return 200 '{BODY}'; }}
    }}
}}
"
    )
}
