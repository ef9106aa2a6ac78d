//! The order to stop: from a handle or a signal, first gracefully, then at once; and the report of what became of it.

use std::fmt;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::{pipe, unregister};

/// How far a server is on its way to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Phase {
    Serving,
    /// Finish what is in flight.
    Graceful,
    /// Close everything.
    Cut,
}

/// The phase of one server, shared by its workers. It only moves forward.
#[derive(Debug, Default)]
pub(crate) struct Stop(AtomicU8);

impl Stop {
    pub(crate) fn phase(&self) -> Phase {
        // Relaxed: nothing else is read on the strength of it, and a worker is woken after each change.
        match self.0.load(Ordering::Relaxed) {
            0 => Phase::Serving,
            1 => Phase::Graceful,
            _ => Phase::Cut,
        }
    }

    pub(crate) fn order(&self, phase: Phase) {
        self.0.fetch_max(phase as u8, Ordering::Relaxed);
    }

    /// One step further. Called by one thread only: the one that reads the signals.
    pub(crate) fn escalate(&self) {
        self.order(if self.phase() == Phase::Serving { Phase::Graceful } else { Phase::Cut });
    }
}

/// What became of the connections that were open when a server was told to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Connections that ended in good order: idle ones, and those whose answers were sent.
    pub finished: usize,
    /// Connections that were cut at the deadline or by a second signal.
    pub cut: usize,
    /// Blocking handlers that were still running; their threads are left to themselves.
    pub still_blocking: usize,
}

impl Report {
    pub(crate) fn add(&mut self, worker: Report) {
        self.finished += worker.finished;
        self.cut += worker.cut;
        self.still_blocking += worker.still_blocking;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { finished, cut, still_blocking } = self;
        write!(f, "{finished} connections finished, {cut} cut, {still_blocking} handlers still blocking")
    }
}

/// SIGINT and SIGTERM as bytes that can be read, one for each, while it lives.
#[derive(Debug)]
pub(crate) struct Signals {
    bytes: UnixStream,
    ids: Vec<SigId>,
}

const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

impl Signals {
    pub(crate) fn listen() -> io::Result<Signals> {
        let (bytes, into) = UnixStream::pair()?;
        bytes.set_nonblocking(true)?;
        Listening::begin()?;
        let mut this = Signals { bytes, ids: Vec::new() };
        for signal in SIGNALS {
            this.ids.push(pipe::register(signal, into.try_clone()?)?);
        }
        Ok(this)
    }

    /// How many signals have come since the last call.
    pub(crate) fn take(&self) -> usize {
        // Nothing to read is no signal; more than a buffer full of them changes nothing.
        (&self.bytes).read(&mut [0; 64]).unwrap_or(0)
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bytes.as_fd()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for &id in &self.ids {
            unregister(id);
        }
        Listening::end();
    }
}

/// How many servers of this process listen for signals. What a signal does belongs to the process, so this does too: when nobody
/// listens any more, SIGINT and SIGTERM must end the process again, as they did before the first server.
struct Listening {
    servers: usize,
    nobody: Option<Arc<AtomicBool>>,
}

static LISTENING: Mutex<Listening> = Mutex::new(Listening { servers: 0, nobody: None });

impl Listening {
    fn begin() -> io::Result<()> {
        let mut this = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
        if this.nobody.is_none() {
            let nobody = Arc::new(AtomicBool::new(false));
            for signal in SIGNALS {
                signal_hook::flag::register_conditional_default(signal, Arc::clone(&nobody))?;
            }
            this.nobody = Some(nobody);
        }
        this.servers += 1;
        this.publish();
        Ok(())
    }

    fn end() {
        let mut this = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
        this.servers -= 1;
        this.publish();
    }

    fn publish(&self) {
        if let Some(nobody) = &self.nobody {
            nobody.store(self.servers == 0, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_only_moves_forward() {
        let stop = Stop::default();
        assert_eq!(stop.phase(), Phase::Serving);
        stop.order(Phase::Cut);
        stop.order(Phase::Graceful);
        assert_eq!(stop.phase(), Phase::Cut);
    }

    #[test]
    fn the_second_signal_cuts() {
        let stop = Stop::default();
        stop.escalate();
        assert_eq!(stop.phase(), Phase::Graceful);
        stop.escalate();
        assert_eq!(stop.phase(), Phase::Cut);
        stop.escalate();
        assert_eq!(stop.phase(), Phase::Cut);
    }
}
