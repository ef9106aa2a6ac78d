//! Accepting: in a loop while connections come, without a spin when descriptors run out.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;

use super::hub::Counters;
use super::listener::{Listener, NODELAY_IS_INHERITED};
use super::poller::{Interest, Key, Poller};
use crate::time::Ticks;

/// The key of a worker's listener in its poller.
pub(crate) const LISTENER_KEY: Key = Key::MAX - 1;

/// Connections accepted in one turn at most; level mode reports the listener again.
const BURST_MAX: u32 = 64;
/// How long to accept nothing after the system had no descriptor.
const PAUSE: Duration = Duration::from_millis(100);
/// At most one line in the log per this time.
const LOG_PAUSE: Duration = Duration::from_secs(1);

/// A worker's listener, if it has one.
#[derive(Debug)]
pub(crate) struct Acceptor {
    listener: Option<Listener>,
    /// A descriptor to give up for a client that would otherwise wait in vain.
    reserve: Option<OwnedFd>,
    /// Connections to accept in the next turn. Doubles from turn to turn while more wait, so that a single one costs no second call
    /// that finds nothing.
    burst: u32,
    resume_at: Option<Ticks>,
    quiet_until: Option<Ticks>,
}

impl Acceptor {
    /// Watches the listener.
    pub(crate) fn new(listener: Option<Listener>, poller: &Poller) -> std::io::Result<Acceptor> {
        let mut reserve = None;
        if let Some(listener) = &listener {
            poller.add(listener.as_fd(), LISTENER_KEY, Interest::READ)?;
            reserve = spare_descriptor();
        }
        Ok(Acceptor { listener, reserve, burst: 1, resume_at: None, quiet_until: None })
    }

    /// Accepts what waits, a bounded number of connections.
    pub(crate) fn accept(&mut self, poller: &Poller, now: Ticks, counters: &Counters, into: &mut Vec<OwnedFd>) {
        for _ in 0..self.burst {
            match self.next() {
                Ok(connection) => into.push(connection),
                Err(Errno::AGAIN) => {
                    self.burst = 1;
                    return;
                }
                Err(error) => return self.exhausted(error, poller, now, counters),
            }
        }
        self.burst = (self.burst * 2).min(BURST_MAX);
    }

    /// Nobody was waiting in this turn.
    pub(crate) fn rest(&mut self) {
        self.burst = 1;
    }

    /// The next waiting connection. Errors of a connection that has gone again are skipped.
    fn next(&self) -> rustix::io::Result<OwnedFd> {
        let Some(listener) = &self.listener else { return Err(Errno::AGAIN) };
        loop {
            match listener.accept() {
                Ok(connection) => {
                    if !NODELAY_IS_INHERITED {
                        // A Unix socket has no such option.
                        let _ = rustix::net::sockopt::set_tcp_nodelay(&connection, true);
                    }
                    return Ok(connection);
                }
                Err(error) if is_of_one_connection(error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// No descriptor, no memory, or an error nobody foresaw: the reserve lets one client go, which learns that it cannot be
    /// served; then nothing is accepted for a while.
    fn exhausted(&mut self, error: Errno, poller: &Poller, now: Ticks, counters: &Counters) {
        counters.exhausted.add(1);
        if self.quiet_until.is_none_or(|until| until.reached(now)) {
            self.quiet_until = Some(now.after(LOG_PAUSE));
            log::error!("connections cannot be accepted: {error}");
        }
        if self.reserve.take().is_some() {
            // Closed at once: the next one in the queue has its turn after the pause.
            drop(self.next());
        }
        self.reserve = spare_descriptor();
        self.watch(poller, Interest::default());
        self.resume_at = Some(now.after(PAUSE));
    }

    fn watch(&self, poller: &Poller, interest: Interest) {
        if let Some(listener) = &self.listener
            && let Err(error) = poller.modify(listener.as_fd(), LISTENER_KEY, interest)
        {
            log::error!("the listener cannot be watched: {error}");
        }
    }

    /// When [`Acceptor::resume`] has something to do.
    pub(crate) fn wake_at(&self) -> Option<Ticks> {
        self.resume_at
    }

    /// Accepts again after a pause that is over.
    pub(crate) fn resume(&mut self, poller: &Poller, now: Ticks) {
        if self.resume_at.is_some_and(|at| at.reached(now)) {
            self.resume_at = None;
            self.reserve = self.reserve.take().or_else(spare_descriptor);
            self.watch(poller, Interest::READ);
        }
    }

    /// Accepts whatever has been waiting and closes the listener: who had connected is served.
    pub(crate) fn close(&mut self, poller: &Poller, into: &mut Vec<OwnedFd>) {
        while let Ok(connection) = self.next() {
            into.push(connection);
        }
        if let Some(listener) = self.listener.take() {
            poller.forget(listener.as_fd());
        }
        self.resume_at = None;
        self.reserve = None;
    }
}

/// accept(2) passes on the errors of the connection that it would have given; the next one may be well.
fn is_of_one_connection(error: Errno) -> bool {
    const OF_ONE: [Errno; 12] = [
        Errno::CONNABORTED,
        Errno::INTR,
        Errno::PROTO,
        Errno::PERM,
        Errno::NETDOWN,
        Errno::NETUNREACH,
        Errno::HOSTDOWN,
        Errno::HOSTUNREACH,
        Errno::NOPROTOOPT,
        Errno::OPNOTSUPP,
        Errno::CONNRESET,
        Errno::TIMEDOUT,
    ];
    OF_ONE.contains(&error)
}

fn spare_descriptor() -> Option<OwnedFd> {
    std::fs::File::open("/dev/null").ok().map(OwnedFd::from)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::server::address::Address;
    use crate::server::listener::{Spread, bind};
    use crate::server::poller::Wait;

    #[test]
    fn a_closed_listener_is_not_told_of_though_somebody_else_holds_it_too() {
        for wait in [Wait::Native, Wait::Portable] {
            let theirs = TcpListener::bind("127.0.0.1:0").unwrap();
            let (_, listeners) = bind(Address::from(theirs.try_clone().unwrap()), 1, Spread::BEST).unwrap();
            let poller = Poller::new(wait).unwrap();
            let mut events = poller.events();
            let mut acceptor = Acceptor::new(listeners.into_iter().next(), &poller).unwrap();
            acceptor.close(&poller, &mut Vec::new());
            let _late = TcpStream::connect(theirs.local_addr().unwrap()).unwrap();
            poller.wait(&mut events, Some(Duration::ZERO)).unwrap();
            assert_eq!(events.next(), None, "{wait:?}");
        }
    }
}
