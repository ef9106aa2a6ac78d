//! Readiness: `polling` in level mode; on Linux its descriptor is waited on directly, with hop's own wake-up descriptor.
//!
//! `Poller::wait` of `polling` makes five system calls on Linux (it arms a timer descriptor and re-arms its notifier each time).
//! Here registration stays with `polling`, and one `epoll_wait` on the poller's own descriptor is the whole wait. [`Wait::Portable`] is
//! the path of all other systems; it can be chosen on Linux too, which is how it is tested.
#![allow(unsafe_code)] // One block, in `Poller::add`.

use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::{Arc, Weak};
use std::time::Duration;

use polling::{Event, PollMode};

use crate::local::mail::Wake;

/// Events taken from the kernel by one wait.
const EVENTS_MAX: NonZeroUsize = NonZeroUsize::new(1024).expect("it is not zero");

/// Names a registered descriptor in [`Ready`].
pub(crate) type Key = u32;

/// The key of the wake-up descriptor; never reported, never to be registered.
const WAKE_KEY: Key = Key::MAX;

/// How to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// One system call on Linux; elsewhere the same as `Portable`.
    Native,
    /// `polling::Poller::wait`.
    Portable,
}

/// What to be told about a descriptor. With neither, epoll still reports [`Ready::broken`], again and again: then remove it or close it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Interest {
    /// Bytes, an end of stream, an urgent byte, or a connection to accept.
    pub(crate) read: bool,
    /// Room for output.
    pub(crate) write: bool,
}

impl Interest {
    pub(crate) const READ: Interest = Interest { read: true, write: false };

    fn event(self, key: Key) -> Event {
        // `polling` adds the urgent byte (PRI) to read interest.
        Event::new(key as usize, self.read, self.write)
    }
}

/// One descriptor that is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) key: Key,
    /// IN, PRI or RDHUP: a read gives bytes, the end, or (after a lone urgent byte) nothing once.
    pub(crate) readable: bool,
    /// OUT.
    pub(crate) writable: bool,
    /// ERR or HUP: reset, or both directions have ended. Nothing can be sent any more.
    pub(crate) broken: bool,
}

/// The descriptors of a poller.
#[derive(Debug)]
struct Descriptors {
    poller: polling::Poller,
    /// Written to wake the poller; missing where `polling` does that.
    #[cfg(target_os = "linux")]
    eventfd: Option<rustix::fd::OwnedFd>,
}

/// Wakes a waiting [`Poller`] from any thread. Does nothing when the poller has gone, whose descriptors it does not keep open.
#[derive(Debug)]
pub(crate) struct Waker(Weak<Descriptors>);

impl Wake for Waker {
    fn wake(&self) {
        let Some(descriptors) = self.0.upgrade() else { return };
        #[cfg(target_os = "linux")]
        if let Some(eventfd) = &descriptors.eventfd {
            // Fails only when the counter would overflow, and then a wake-up is pending already.
            let _ = rustix::io::write(eventfd, &1_u64.to_ne_bytes());
            return;
        }
        if let Err(error) = descriptors.poller.notify() {
            log::error!("a worker could not be woken: {error}");
        }
    }
}

/// The set of watched descriptors of one worker.
#[derive(Debug)]
pub(crate) struct Poller {
    descriptors: Arc<Descriptors>,
    wait: Wait,
}

/// What one wait brought; kept and used again. It belongs to the thread that waits.
pub(crate) struct Events {
    list: EventList,
    /// How many were taken by [`Events::next`].
    taken: usize,
}

enum EventList {
    #[cfg(target_os = "linux")]
    Native(Vec<rustix::event::epoll::Event>),
    Portable(polling::Events, Vec<Ready>),
}

impl Poller {
    pub(crate) fn new(wait: Wait) -> io::Result<Poller> {
        let descriptors = Arc::new(Descriptors::new(wait)?);
        if !descriptors.poller.supports_level() {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "this system cannot report readiness by level"));
        }
        let this = Poller { descriptors, wait };
        #[cfg(target_os = "linux")]
        if let Some(eventfd) = &this.descriptors.eventfd {
            // Edge mode: each wake-up is reported once, and the counter need never be read.
            this.register(eventfd.as_fd(), Interest::READ.event(WAKE_KEY), PollMode::Edge)?;
        }
        Ok(this)
    }

    /// A handle to wake this poller with.
    pub(crate) fn waker(&self) -> Arc<Waker> {
        Arc::new(Waker(Arc::downgrade(&self.descriptors)))
    }

    /// Watches a descriptor. [`Poller::forget`] it before it is closed, or [`Poller::forget_last`].
    pub(crate) fn add(&self, fd: BorrowedFd<'_>, key: Key, interest: Interest) -> io::Result<()> {
        debug_assert_ne!(key, WAKE_KEY, "this key is the waker's");
        self.register(fd, interest.event(key), PollMode::Level)
    }

    fn register(&self, fd: BorrowedFd<'_>, event: Event, mode: PollMode) -> io::Result<()> {
        // SAFETY: `polling` asks that a descriptor stays open until it is deleted from the poller, because a backend that keeps raw
        // descriptors would otherwise act on a stranger's. epoll keeps none of them: it watches the open file behind a descriptor, and
        // forgets that when its last descriptor is closed. For all other backends `Poller::forget` is called before each close
        // (`Worker::close`, `Acceptor::close`), and the wake-up descriptor lives in `Descriptors` beside the poller itself.
        unsafe { self.descriptors.poller.add_with_mode(fd.as_raw_fd(), event, mode) }
    }

    /// Changes what to be told, be it of a descriptor that was forgotten.
    pub(crate) fn modify(&self, fd: BorrowedFd<'_>, key: Key, interest: Interest) -> io::Result<()> {
        match self.descriptors.poller.modify_with_mode(fd, interest.event(key), PollMode::Level) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.add(fd, key, interest),
            modified => modified,
        }
    }

    /// Stops watching a descriptor that is about to be closed.
    pub(crate) fn forget(&self, fd: BorrowedFd<'_>) {
        // Fails only for a descriptor that was never added.
        let _ = self.descriptors.poller.delete(fd);
    }

    /// The same for a descriptor that has no duplicate anywhere. On Linux that costs nothing: closing does it.
    pub(crate) fn forget_last(&self, fd: BorrowedFd<'_>) {
        if cfg!(not(target_os = "linux")) {
            self.forget(fd);
        }
    }

    /// Room for what [`Poller::wait`] brings.
    pub(crate) fn events(&self) -> Events {
        let list = match self.wait {
            #[cfg(target_os = "linux")]
            Wait::Native => EventList::Native(Vec::with_capacity(EVENTS_MAX.get())),
            _ => EventList::Portable(polling::Events::with_capacity(EVENTS_MAX), Vec::new()),
        };
        Events { list, taken: 0 }
    }

    /// Waits until something is ready, the waker is used or the time is over; `None` waits without end.
    ///
    /// What was not taken of the previous wait is dropped: level mode reports it again.
    pub(crate) fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        events.taken = 0;
        let poller = &self.descriptors.poller;
        match &mut events.list {
            #[cfg(target_os = "linux")]
            EventList::Native(list) => wait_native(poller, list, timeout),
            EventList::Portable(events, ready) => wait_portable(poller, events, ready, timeout),
        }
    }
}

impl Events {
    /// The next descriptor that is ready.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Ready> {
        loop {
            let ready = match &self.list {
                #[cfg(target_os = "linux")]
                EventList::Native(list) => from_native(list.get(self.taken)?),
                EventList::Portable(_, list) => *list.get(self.taken)?,
            };
            self.taken += 1;
            if ready.key != WAKE_KEY {
                return Some(ready);
            }
        }
    }

    /// Whether as many have come as fit: there may be more.
    pub(crate) fn were_full(&self) -> bool {
        match &self.list {
            #[cfg(target_os = "linux")]
            EventList::Native(list) => list.len() == EVENTS_MAX.get(),
            EventList::Portable(_, list) => list.len() == EVENTS_MAX.get(),
        }
    }
}

impl Descriptors {
    #[cfg(target_os = "linux")]
    fn new(wait: Wait) -> io::Result<Descriptors> {
        use rustix::event::{EventfdFlags, eventfd};
        let eventfd = match wait {
            Wait::Native => Some(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?),
            Wait::Portable => None,
        };
        Ok(Descriptors { poller: polling::Poller::new()?, eventfd })
    }

    #[cfg(not(target_os = "linux"))]
    fn new(_: Wait) -> io::Result<Descriptors> {
        Ok(Descriptors { poller: polling::Poller::new()? })
    }
}

#[cfg(target_os = "linux")]
fn wait_native(
    poller: &polling::Poller,
    list: &mut Vec<rustix::event::epoll::Event>,
    timeout: Option<Duration>,
) -> io::Result<()> {
    use rustix::event::{Timespec, epoll};
    // A time beyond what the kernel takes is as good as no timeout.
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    list.clear();
    match epoll::wait(poller, rustix::buffer::spare_capacity(list), timeout.as_ref()) {
        // A signal: the loop goes round and computes its timeout anew.
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(target_os = "linux")]
fn from_native(event: &rustix::event::epoll::Event) -> Ready {
    use rustix::event::epoll::EventFlags;
    let (flags, data) = (event.flags, event.data);
    Ready {
        key: data.u64() as Key,
        readable: flags.intersects(EventFlags::IN | EventFlags::PRI | EventFlags::RDHUP),
        writable: flags.intersects(EventFlags::OUT),
        broken: flags.intersects(EventFlags::ERR | EventFlags::HUP),
    }
}

fn wait_portable(
    poller: &polling::Poller,
    events: &mut polling::Events,
    ready: &mut Vec<Ready>,
    timeout: Option<Duration>,
) -> io::Result<()> {
    events.clear();
    poller.wait(events, timeout)?;
    ready.clear();
    ready.extend(events.iter().map(|event| Ready {
        key: event.key as Key,
        readable: event.readable,
        writable: event.writable,
        broken: event.is_interrupt() || event.is_err() == Some(true),
    }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};

    use super::*;

    const KEY: Key = 7;

    /// Both ends of a TCP connection.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (listener.accept().unwrap().0, theirs)
    }

    /// What one wait says about the descriptors, in both ways of waiting. `end` is watched with `interest`, after `act` was done to it and its peer.
    fn told(interest: Interest, act: impl Fn(&TcpStream, TcpStream) -> Option<TcpStream>) -> Option<Ready> {
        let both = [Wait::Native, Wait::Portable].map(|wait| {
            let poller = Poller::new(wait).unwrap();
            let mut events = poller.events();
            let (ours, theirs) = pair();
            poller.add(ours.as_fd(), KEY, interest).unwrap();
            let _theirs = act(&ours, theirs);
            poller.wait(&mut events, Some(Duration::ZERO)).unwrap();
            let ready = events.next();
            assert_eq!(events.next(), None);
            // Level mode: it is told again.
            poller.wait(&mut events, Some(Duration::ZERO)).unwrap();
            assert_eq!(events.next(), ready, "{wait:?}");
            ready.map(|ready| (ready.key, ready.broken, ready.broken || ready.readable, ready.broken || ready.writable))
        });
        assert_eq!(both[0], both[1], "the two ways of waiting agree");
        both[0].map(|(key, broken, readable, writable)| Ready { key, readable, writable, broken })
    }

    fn ready(readable: bool, writable: bool) -> Option<Ready> {
        Some(Ready { key: KEY, readable, writable, broken: false })
    }

    const BROKEN: Option<Ready> = Some(Ready { key: KEY, readable: true, writable: true, broken: true });
    const BOTH: Interest = Interest { read: true, write: true };

    #[test]
    fn what_is_asked_for_is_told() {
        assert_eq!(told(Interest::READ, |_, theirs| Some(theirs)), None);
        assert_eq!(told(BOTH, |_, theirs| Some(theirs)), ready(false, true));
        let sent = |_: &TcpStream, mut theirs: TcpStream| {
            theirs.write_all(b"a").unwrap();
            Some(theirs)
        };
        assert_eq!(told(Interest::READ, sent), ready(true, false));
        assert_eq!(told(BOTH, sent), ready(true, true));
        assert_eq!(told(Interest::default(), sent), None);
    }

    #[test]
    fn an_end_is_something_to_read_and_is_not_told_to_those_who_do_not_read() {
        let ended = |_: &TcpStream, theirs: TcpStream| {
            theirs.shutdown(Shutdown::Write).unwrap();
            Some(theirs)
        };
        assert_eq!(told(Interest::READ, ended), ready(true, false));
        assert_eq!(told(Interest::default(), ended), None);
    }

    #[test]
    fn the_end_of_both_directions_is_told_to_everybody() {
        let over = |ours: &TcpStream, theirs: TcpStream| {
            ours.shutdown(Shutdown::Write).unwrap();
            drop(theirs);
            None
        };
        assert_eq!(told(Interest::READ, over), BROKEN);
        assert_eq!(told(Interest::default(), over), BROKEN);
    }

    #[test]
    fn a_reset_is_told_to_everybody() {
        let reset = |_: &TcpStream, theirs: TcpStream| {
            socket2::SockRef::from(&theirs).set_linger(Some(Duration::ZERO)).unwrap();
            drop(theirs);
            None
        };
        assert_eq!(told(Interest::READ, reset), BROKEN);
        assert_eq!(told(Interest::default(), reset), BROKEN);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_urgent_byte_is_something_to_read_once() {
        let urgent = |_: &TcpStream, theirs: TcpStream| {
            rustix::net::send(&theirs, b"!", rustix::net::SendFlags::OOB).unwrap();
            Some(theirs)
        };
        assert_eq!(told(Interest::READ, urgent), ready(true, false));
        let poller = Poller::new(Wait::Native).unwrap();
        let mut events = poller.events();
        let (mut ours, theirs) = pair();
        ours.set_nonblocking(true).unwrap();
        poller.add(ours.as_fd(), KEY, Interest::READ).unwrap();
        let _theirs = urgent(&ours, theirs);
        assert_eq!(ours.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        poller.wait(&mut events, Some(Duration::ZERO)).unwrap();
        assert_eq!(events.next(), None);
    }

    #[test]
    fn a_change_of_interest_holds_for_the_next_wait() {
        for wait in [Wait::Native, Wait::Portable] {
            let poller = Poller::new(wait).unwrap();
            let mut events = poller.events();
            let (ours, _theirs) = pair();
            poller.add(ours.as_fd(), KEY, BOTH).unwrap();
            poller.modify(ours.as_fd(), KEY, Interest::READ).unwrap();
            poller.wait(&mut events, Some(Duration::ZERO)).unwrap();
            assert_eq!(events.next(), None, "{wait:?}");
        }
    }

    #[test]
    fn a_descriptor_that_was_forgotten_is_not_told_of_though_a_duplicate_lives() {
        for wait in [Wait::Native, Wait::Portable] {
            let poller = Poller::new(wait).unwrap();
            let mut events = poller.events();
            let (ours, theirs) = pair();
            let _duplicate = ours.try_clone().unwrap();
            poller.add(ours.as_fd(), KEY, Interest::READ).unwrap();
            poller.forget(ours.as_fd());
            drop((ours, theirs));
            poller.wait(&mut events, Some(Duration::ZERO)).unwrap();
            assert_eq!(events.next(), None, "{wait:?}");
        }
    }

    #[test]
    fn a_waker_ends_this_wait_or_the_next_one_once() {
        for wait in [Wait::Native, Wait::Portable] {
            let poller = Poller::new(wait).unwrap();
            let mut events = poller.events();
            let waker = poller.waker();
            std::thread::scope(|scope| {
                scope.spawn(|| waker.wake());
                poller.wait(&mut events, None).unwrap();
            });
            waker.wake();
            poller.wait(&mut events, None).unwrap();
            assert_eq!(events.next(), None, "{wait:?}: a wake-up is no readiness");
            let (ours, mut theirs) = pair();
            theirs.write_all(b"a").unwrap();
            poller.add(ours.as_fd(), KEY, Interest::READ).unwrap();
            poller.wait(&mut events, None).unwrap();
            assert_eq!(events.next().map(|ready| ready.key), Some(KEY), "{wait:?}");
        }
    }

    #[test]
    fn a_waker_outlives_its_poller_without_harm() {
        let waker = Poller::new(Wait::Native).unwrap().waker();
        waker.wake();
    }
}
