//! The sockets of one worker, beside the engine's slab: 12 bytes each, found by slot.

use std::cell::RefCell;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::AddressFamily;

use super::poller::Interest;
use crate::app::peer::Peer;
use crate::buf::slab::ConnId;
use crate::engine::Peers;

/// Sockets in one page: pages are added, never copied.
const PAGE: usize = 1024;

/// One connection as the system sees it. Its address is asked for when somebody wants to know.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) fd: OwnedFd,
    generation: u32,
    /// What the poller was told.
    pub(crate) interest: Interest,
    /// The client has sent its FIN: reading is over.
    pub(crate) ended: bool,
    /// It is on the list of those that are probed for a FIN, because nobody reads them.
    pub(crate) probed: bool,
}

const _: () = assert!(size_of::<Option<Socket>>() <= 12, "a socket costs 12 bytes");

/// All sockets of a worker.
#[derive(Debug)]
pub(crate) struct Sockets {
    worker: u16,
    pages: Vec<Box<[Option<Socket>; PAGE]>>,
    /// Who was asked for last, each at the place that its slot has among so many: the system is asked once for the requests that
    /// follow each other on a connection. Empty until somebody asks.
    asked: RefCell<Vec<Option<(ConnId, Peer)>>>,
    /// Those of which a duplicate was given away.
    duplicated: RefCell<HashSet<ConnId>>,
}

/// A socket that belongs to no connection any more.
#[derive(Debug)]
pub(crate) struct Removed {
    pub(crate) fd: OwnedFd,
    /// Somebody may have another descriptor of it.
    pub(crate) is_duplicated: bool,
}

/// How many peers are remembered.
const ASKED: usize = 128;

const _: () = assert!(ASKED * size_of::<Option<(ConnId, Peer)>>() <= 6 * 1024, "a worker remembers peers in 6 KiB");

impl Sockets {
    pub(crate) fn new(worker: u16) -> Sockets {
        Sockets { worker, pages: Vec::new(), asked: RefCell::default(), duplicated: RefCell::default() }
    }

    /// Keeps the socket of a new connection, which is not watched yet.
    pub(crate) fn insert(&mut self, id: ConnId, fd: OwnedFd) -> &mut Socket {
        let (page, index) = place(id.slot);
        while self.pages.len() <= page {
            self.pages.push(Box::new([const { None }; PAGE]));
        }
        let socket =
            Socket { fd, generation: id.generation, interest: Interest::default(), ended: false, probed: false };
        self.pages[page][index].insert(socket)
    }

    /// The socket of a connection, unless it was closed.
    pub(crate) fn get_mut(&mut self, id: ConnId) -> Option<&mut Socket> {
        let (page, index) = place(id.slot);
        let socket = self.pages.get_mut(page)?[index].as_mut()?;
        (socket.generation == id.generation).then_some(socket)
    }

    /// The descriptor of a connection, unless it was closed.
    pub(crate) fn fd(&self, id: ConnId) -> Option<BorrowedFd<'_>> {
        let (page, index) = place(id.slot);
        let socket = self.pages.get(page)?[index].as_ref()?;
        (socket.generation == id.generation).then(|| socket.fd.as_fd())
    }

    /// The connection that has a slot now.
    #[inline]
    pub(crate) fn at(&self, slot: u32) -> Option<(ConnId, &Socket)> {
        let (page, index) = place(slot);
        let socket = self.pages.get(page)?[index].as_ref()?;
        Some((ConnId { worker: self.worker, slot, generation: socket.generation }, socket))
    }

    /// Gives the socket away; empty pages at the end are given back, all but one.
    pub(crate) fn remove(&mut self, id: ConnId) -> Option<Removed> {
        self.fd(id)?;
        let (page, index) = place(id.slot);
        let socket = self.pages[page][index].take()?;
        // Looked at only when the last slots of a page are freed, so that closing stays cheap.
        if index == 0 && page > 0 {
            self.shrink();
        }
        Some(Removed { fd: socket.fd, is_duplicated: self.duplicated.get_mut().remove(&id) })
    }

    fn shrink(&mut self) {
        while self.pages.len() > 1 && self.pages.last().is_some_and(|page| page.iter().all(Option::is_none)) {
            self.pages.pop();
        }
    }
}

impl Peers for Sockets {
    fn peer(&self, id: ConnId) -> Peer {
        let Some(fd) = self.fd(id) else { return Peer::Unknown };
        let mut asked = self.asked.borrow_mut();
        if asked.is_empty() {
            asked.resize(ASKED, None);
        }
        match &mut asked[id.slot as usize % ASKED] {
            Some((of, peer)) if *of == id => peer.clone(),
            other => other.insert((id, ask(fd))).1.clone(),
        }
    }

    fn duplicate(&self, id: ConnId) -> Option<OwnedFd> {
        let duplicate = rustix::io::fcntl_dupfd_cloexec(self.fd(id)?, 0).ok()?;
        self.duplicated.borrow_mut().insert(id);
        Some(duplicate)
    }
}

/// Asks the system who is at the other end.
fn ask(fd: BorrowedFd<'_>) -> Peer {
    if let Ok(Some(address)) = rustix::net::getpeername(fd)
        && let Ok(address) = SocketAddr::try_from(address)
    {
        return Peer::Tcp(address);
    }
    // The client of a Unix socket has no name, so the socket itself is asked.
    match rustix::net::getsockname(fd) {
        Ok(address) if address.address_family() == AddressFamily::UNIX => Peer::Unix,
        _ => Peer::Unknown,
    }
}

fn place(slot: u32) -> (usize, usize) {
    (slot as usize / PAGE, slot as usize % PAGE)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;

    use super::*;

    fn id(slot: u32, generation: u32) -> ConnId {
        ConnId { worker: 3, slot, generation }
    }

    #[test]
    fn a_closed_connection_is_not_found_under_its_old_name() {
        let mut sockets = Sockets::new(3);
        let (a, b) = UnixStream::pair().unwrap();
        sockets.insert(id(7, 1), a.into());
        assert_eq!(sockets.at(7).unwrap().0, id(7, 1));
        assert!(sockets.remove(id(7, 1)).is_some());
        sockets.insert(id(7, 2), b.into());
        assert!(sockets.fd(id(7, 1)).is_none());
        assert!(sockets.remove(id(7, 1)).is_none());
        assert!(sockets.fd(id(7, 2)).is_some());
    }

    #[test]
    fn empty_pages_are_given_back() {
        let mut sockets = Sockets::new(3);
        let far = id(2 * PAGE as u32, 0);
        sockets.insert(far, UnixStream::pair().unwrap().0.into());
        assert_eq!(sockets.pages.len(), 3);
        sockets.remove(far);
        assert_eq!(sockets.pages.len(), 1);
    }

    #[test]
    fn a_socket_of_which_a_duplicate_was_given_says_so_when_it_is_removed() {
        let mut sockets = Sockets::new(3);
        let mut removed = |id, duplicates| {
            sockets.insert(id, UnixStream::pair().unwrap().0.into());
            (0..duplicates).for_each(|_| drop(sockets.duplicate(id).unwrap()));
            sockets.remove(id).unwrap().is_duplicated
        };
        assert_eq!([removed(id(7, 1), 0), removed(id(7, 2), 2), removed(id(7, 3), 0)], [false, true, false]);
    }

    #[test]
    fn the_peer_is_looked_up_when_asked_for() {
        let mut sockets = Sockets::new(3);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        sockets.insert(id(0, 0), listener.accept().unwrap().0.into());
        sockets.insert(id(1, 0), UnixStream::pair().unwrap().0.into());
        assert_eq!(sockets.peer(id(0, 0)), Peer::Tcp(client.local_addr().unwrap()));
        assert_eq!(sockets.peer(id(1, 0)), Peer::Unix);
        assert_eq!(sockets.peer(id(2, 0)), Peer::Unknown);
    }

    #[test]
    fn a_peer_is_asked_for_once_and_remembered_for_its_own_connection_only() {
        let mut sockets = Sockets::new(3);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let peer = Peer::Tcp(client.local_addr().unwrap());
        let unix = || OwnedFd::from(UnixStream::pair().unwrap().0);
        let (first, second, same_place) = (id(5, 0), id(5, 1), id(5 + ASKED as u32, 0));
        sockets.insert(first, listener.accept().unwrap().0.into());
        assert_eq!(sockets.peer(first), peer);
        // What the system would say now.
        sockets.get_mut(first).unwrap().fd = unix();
        assert_eq!(sockets.peer(first), peer);
        sockets.remove(first);
        sockets.insert(second, unix());
        sockets.insert(same_place, TcpListener::bind("127.0.0.1:0").unwrap().into());
        for _ in 0..2 {
            assert_eq!((sockets.peer(second), sockets.peer(same_place)), (Peer::Unix, Peer::Unknown));
        }
    }
}
