//! Keeping server and client on cores of their own.

use rustix::thread::{CpuSet, sched_setaffinity};
use std::io;

/// Which core the server and which one the client runs on; nothing is pinned on a machine with a single core.
#[derive(Clone, Copy, Debug)]
pub struct Cores {
    /// The server's core.
    pub server: usize,
    /// The core of the load generator and the driver.
    pub client: usize,
}

impl Cores {
    /// The first two cores, or `None` when there is only one.
    pub fn first_two() -> Option<Cores> {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        (cores >= 2).then_some(Cores { server: 0, client: 1 })
    }
}

/// Binds the calling thread to one core. Processes that it starts from now on inherit this.
///
/// # Errors
/// When the machine, or the container, has no such core.
pub fn to(core: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}
