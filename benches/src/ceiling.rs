//! The loop of the ceilings: raw epoll through rustix, one thread, and per event only the system calls that the work
//! needs. What a server does beyond this is its own.

use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, CreateFlags, EventData, EventFlags},
    fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    io::Errno,
    net::{AddressFamily, SocketAddrAny, SocketFlags, SocketType, sockopt},
};
use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
};

const BACKLOG: i32 = 4096;
const EVENTS_MAX: usize = 1024;

/// What a ceiling does with a ready connection.
pub trait Work {
    /// What it must remember of a connection between events.
    type State: Default;

    /// Which events connections are registered for, once.
    const INTEREST: EventFlags;

    /// Serves one event; false closes the connection, as an error does.
    fn ready(&mut self, socket: BorrowedFd<'_>, state: &mut Self::State) -> Result<bool, Errno>;

    /// What concerns all connections, after the events of a turn.
    fn turned(&mut self, _connections: &[Connection<Self::State>]) {}
}

/// An open connection, or an unused descriptor.
pub type Connection<S> = Option<(OwnedFd, S)>;

/// Listens on `addr`, prints the `listening on` line and serves for ever.
///
/// Connections lie in a vector indexed by descriptor, so that finding one costs an indexed load.
///
/// # Errors
/// When the address cannot be listened on, or the poll fails.
pub fn serve<W: Work>(addr: &str, mut work: W) -> io::Result<()> {
    let listener = listen(addr)?;
    let poll = epoll::create(CreateFlags::CLOEXEC)?;
    let accepts = listener.as_raw_fd() as u64;
    epoll::add(&poll, &listener, EventData::new_u64(accepts), EventFlags::IN)?;
    let mut connections: Vec<Connection<W::State>> = Vec::new();
    let mut events = Vec::with_capacity(EVENTS_MAX);
    loop {
        epoll::wait(&poll, spare_capacity(&mut events), None)?;
        for event in events.drain(..) {
            let at = event.data.u64();
            if at == accepts {
                accept::<W>(&poll, &listener, &mut connections);
            } else if let Some((socket, state)) = &mut connections[at as usize]
                && !work.ready(socket.as_fd(), state).unwrap_or(false)
            {
                connections[at as usize] = None;
            }
        }
        work.turned(&connections);
    }
}

/// A non-blocking listener. TCP_NODELAY is set on it and inherited by what it accepts, which saves a call for each.
fn listen(addr: &str) -> io::Result<OwnedFd> {
    let addr = addr.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let family = if addr.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let listener = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&listener, true)?;
    sockopt::set_tcp_nodelay(&listener, true)?;
    rustix::net::bind(&listener, &addr)?;
    rustix::net::listen(&listener, BACKLOG)?;
    hop_examples::listening(local_addr(&listener)?);
    Ok(listener)
}

fn local_addr(listener: &OwnedFd) -> io::Result<SocketAddr> {
    let any: SocketAddrAny = rustix::net::getsockname(listener)?;
    Ok(SocketAddr::try_from(any)?)
}

fn accept<W: Work>(poll: &OwnedFd, listener: &OwnedFd, connections: &mut Vec<Connection<W::State>>) {
    while let Ok(socket) = rustix::net::accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
        let at = socket.as_raw_fd() as usize;
        if epoll::add(poll, &socket, EventData::new_u64(at as u64), W::INTEREST).is_err() {
            continue;
        }
        if connections.len() <= at {
            connections.resize_with(at + 1, || None);
        }
        connections[at] = Some((socket, W::State::default()));
    }
}
