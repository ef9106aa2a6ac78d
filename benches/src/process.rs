//! A server as a process of its own, and what it has cost so far. Worker processes, which it may have, count with it.

use crate::pin::{self, Cores};
use nix::time::clock_getcpuclockid;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    io::{self, BufRead, BufReader},
    iter::{self, Sum},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub addr: SocketAddr,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts `binary` on a free local port with `workers` threads and waits for its `listening on` line. With `cores`
    /// it runs on the server's core, and the calling thread on the client's.
    ///
    /// # Errors
    /// When it cannot be started, or ends without having listened.
    pub fn start(binary: &Path, more: &[String], workers: usize, cores: Option<Cores>) -> io::Result<Server> {
        let mut command = Command::new(binary);
        command.args(more);
        Server::start_by(command, workers, cores)
    }

    /// As [`Server::start`], by a command that runs a server and gives its arguments to it.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_by(mut command: Command, workers: usize, cores: Option<Cores>) -> io::Result<Server> {
        command.args(["--addr", "127.0.0.1:0", "--workers", &workers.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = spawn(&mut command, cores)?;
        let mut stdout = BufReader::new(child.stdout.take().expect("its standard output is a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        match line.trim().strip_prefix("listening on http://").and_then(|addr| addr.parse().ok()) {
            Some(addr) => Ok(Server { child, addr, stdout }),
            None => {
                drop(child.kill());
                Err(io::Error::other(format!("{command:?} said {line:?} instead of where it listens")))
            }
        }
    }

    /// CPU time of all its threads so far, those that have ended included.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn cpu_time(&self) -> io::Result<Duration> {
        self.sum(|pid| Ok(clock_getcpuclockid(nix::unistd::Pid::from_raw(pid))?.now()?.into()))
    }

    /// How many threads it has now.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn threads(&self) -> io::Result<u64> {
        self.sum(|pid| status(&proc(pid, "status"), "Threads:"))
    }

    /// How many descriptors it has open now.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn descriptors(&self) -> io::Result<usize> {
        self.sum(|pid| Ok(fs::read_dir(proc(pid, "fd"))?.count()))
    }

    /// Its resident memory, in bytes: that of its own pages, not what the kernel holds for it. Counted page by page, because
    /// `VmRSS` lags behind by some hundred KiB, which is much where few connections are measured.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn resident_bytes(&self) -> io::Result<u64> {
        self.sum(|pid| Ok(status(&proc(pid, "smaps_rollup"), "Rss:")? * 1024))
    }

    /// How many tasks its tokio runtime has, asked by SIGUSR1 (`hop_examples::report_tasks`); 0 if it does not listen for
    /// that signal, which means that it has no runtime.
    ///
    /// # Errors
    /// When the process is gone, or says something else.
    pub fn tasks(&mut self) -> io::Result<u64> {
        let status = fs::read_to_string(proc(self.pid(), "status"))?;
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        if caught & (1 << (Signal::USR1.as_raw() - 1)) == 0 {
            return Ok(0);
        }
        kill_process(Pid::from_child(&self.child), Signal::USR1)?;
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        let tasks = line.trim().strip_prefix("tasks ").and_then(|tasks| tasks.parse().ok());
        tasks.ok_or_else(|| io::Error::other(format!("asked for its tasks it said {line:?}")))
    }

    /// How often its threads have been switched to, voluntarily or not: each wake-up is one.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn context_switches(&self) -> io::Result<u64> {
        self.sum(|pid| {
            let mut switches = 0;
            for task in fs::read_dir(proc(pid, "task"))? {
                let file = task?.path().join("status");
                switches += status(&file, "voluntary_ctxt_switches:")?;
                switches += status(&file, "nonvoluntary_ctxt_switches:")?;
            }
            Ok(switches)
        })
    }

    /// Asks it to end (SIGTERM) and waits for that.
    ///
    /// # Errors
    /// When it cannot be signalled or waited for.
    pub fn stop(mut self) -> io::Result<()> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM)?;
        self.child.wait().map(drop)
    }

    fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Its worker processes.
    fn workers(&self) -> Vec<i32> {
        let workers = fs::read_to_string(proc(self.pid(), &format!("task/{}/children", self.pid())));
        workers.unwrap_or_default().split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
    }

    /// What it and its workers have together.
    fn sum<T: Sum>(&self, of: impl Fn(i32) -> io::Result<T>) -> io::Result<T> {
        iter::once(self.pid()).chain(self.workers()).map(of).sum()
    }
}

fn proc(pid: i32, file: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{file}"))
}

fn status(file: &Path, key: &str) -> io::Result<u64> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let number = line.and_then(|rest| rest.split_whitespace().next()).and_then(|number| number.parse().ok());
    number.ok_or_else(|| io::Error::other(format!("{} has no {key}", file.display())))
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        for worker in self.workers() {
            let _ = kill_process(Pid::from_raw(worker).expect("no process is number 0"), Signal::KILL);
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A child inherits the affinity of the thread that starts it, so this thread visits the server's core to start it.
fn spawn(command: &mut Command, cores: Option<Cores>) -> io::Result<Child> {
    let Some(cores) = cores else { return command.spawn() };
    pin::to(cores.server)?;
    let child = command.spawn();
    pin::to(cores.client)?;
    child
}
