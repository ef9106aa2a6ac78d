//! Listening sockets as values: bound, resolved and ready to be accepted from, one per worker or one for all.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use super::address::{Address, LocalAddr, Place};
use super::error::Error;

/// Connections that the kernel holds until they are accepted; it lowers this to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// A socket that listens, without blocking.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: Socket,
    /// The file of a Unix socket that this process made, to be removed at the end.
    file: Option<SocketFile>,
}

/// A file at a path, as long as no other has taken its place.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Its device and its number there, which no other file gets while the socket is open.
    identity: (u64, u64),
}

/// How connections reach the workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spread {
    /// A listener for each worker, among which the kernel spreads connections. TCP on Linux.
    PerWorker,
    /// Worker 0 accepts and hands over.
    HandOver,
}

impl Spread {
    /// The better way of this system.
    pub(crate) const BEST: Spread = if cfg!(target_os = "linux") { Spread::PerWorker } else { Spread::HandOver };
}

/// Listens at `address`: gives one listener for each worker, or a single one when worker 0 has to hand over.
pub(crate) fn bind(address: Address, workers: usize, spread: Spread) -> Result<(LocalAddr, Vec<Listener>), Error> {
    match address.0 {
        Place::Tcp(addresses) => bind_tcp_first(&addresses, workers, spread),
        Place::Unix(path) => {
            let listener = bind_unix(&path).map_err(|error| Error::bind(LocalAddr::Unix(path.clone()), &error))?;
            Ok((LocalAddr::Unix(path), vec![listener]))
        }
        Place::Inherited(fd) => inherit(fd)
            .map(|(address, listener)| (address, vec![listener]))
            .map_err(|error| Error::bind("the inherited descriptor", &error)),
    }
}

fn bind_tcp_first(
    addresses: &[SocketAddr],
    workers: usize,
    spread: Spread,
) -> Result<(LocalAddr, Vec<Listener>), Error> {
    let mut failure = Error::address("", "the name has no address");
    for &address in addresses {
        match bind_tcp(address, workers, spread) {
            Ok((address, listeners)) => return Ok((LocalAddr::Tcp(address), listeners)),
            Err(error) => failure = Error::bind(address, &error),
        }
    }
    Err(failure)
}

/// The first socket is bound without SO_REUSEPORT, so that a port which is already taken is an error even when its owner shares it;
/// it begins to share only then. Port 0 is resolved by it, once, and the others follow to that port.
fn bind_tcp(address: SocketAddr, workers: usize, spread: Spread) -> io::Result<(SocketAddr, Vec<Listener>)> {
    let first = tcp_socket(address)?;
    first.bind(&address.into())?;
    let shared = spread == Spread::PerWorker && workers > 1;
    if shared {
        first.set_reuse_port(true)?;
    }
    first.listen(BACKLOG)?;
    let address = tcp_address(&first)?;
    let mut listeners = vec![Listener { socket: first, file: None }];
    for _ in 1..if shared { workers } else { 1 } {
        let next = tcp_socket(address)?;
        next.set_reuse_port(true)?;
        next.bind(&address.into())?;
        next.listen(BACKLOG)?;
        listeners.push(Listener { socket: next, file: None });
    }
    Ok((address, listeners))
}

fn tcp_socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        // The wildcard takes IPv4 too, whatever the system's default is; other addresses do not care.
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // A restart need not wait for the old connections to leave TIME_WAIT.
    socket.set_reuse_address(true)?;
    prepare(&socket, true)?;
    Ok(socket)
}

fn prepare(socket: &Socket, tcp: bool) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    if tcp && NODELAY_IS_INHERITED {
        socket.set_tcp_nodelay(true)?;
    }
    Ok(())
}

/// On Linux accepted sockets take TCP_NODELAY from their listener: one system call saved for each connection.
pub(crate) const NODELAY_IS_INHERITED: bool = cfg!(target_os = "linux");

fn tcp_address(socket: &Socket) -> io::Result<SocketAddr> {
    socket.local_addr()?.as_socket().ok_or_else(|| io::Error::other("it has no TCP address"))
}

/// A socket file that nobody listens on is what a killed server leaves behind: it is replaced. Anything else is left alone.
fn bind_unix(path: &Path) -> io::Result<Listener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    let address = SockAddr::unix(path)?;
    match socket.bind(&address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_left_behind(path) => {
            log::info!("replacing the socket file {} that a dead server left behind", path.display());
            std::fs::remove_file(path)?;
            socket.bind(&address)?;
        }
        bound => bound?,
    }
    let listener = Listener { socket, file: Some(SocketFile::at(path)?) };
    prepare(&listener.socket, false)?;
    listener.socket.listen(BACKLOG)?;
    Ok(listener)
}

fn is_left_behind(path: &Path) -> bool {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    is_socket && UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

fn inherit(fd: OwnedFd) -> io::Result<(LocalAddr, Listener)> {
    let socket = Socket::from(fd);
    let bound = socket.local_addr()?;
    if socket.r#type()? != Type::STREAM {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a stream socket"));
    }
    let address = match bound.as_socket() {
        Some(address) => LocalAddr::Tcp(address),
        None => LocalAddr::Unix(bound.as_pathname().unwrap_or(Path::new("")).to_owned()),
    };
    prepare(&socket, matches!(address, LocalAddr::Tcp(_)))?;
    // Nothing changes for a socket that listens already; one that was only bound begins to.
    socket.listen(BACKLOG)?;
    Ok((address, Listener { socket, file: None }))
}

impl Listener {
    /// The next waiting connection: not blocking, not inherited by child processes.
    pub(crate) fn accept(&self) -> rustix::io::Result<OwnedFd> {
        accept_nonblocking(&self.socket)
    }
}

#[cfg(not(target_vendor = "apple"))]
fn accept_nonblocking(socket: &Socket) -> rustix::io::Result<OwnedFd> {
    use rustix::net::{SocketFlags, accept_with};
    accept_with(socket, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)
}

#[cfg(target_vendor = "apple")]
fn accept_nonblocking(socket: &Socket) -> rustix::io::Result<OwnedFd> {
    let accepted = rustix::net::accept(socket)?;
    rustix::io::fcntl_setfd(&accepted, rustix::io::FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&accepted, true)?;
    Ok(accepted)
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl SocketFile {
    fn at(path: &Path) -> io::Result<SocketFile> {
        Ok(SocketFile { path: path.to_owned(), identity: identity(path)? })
    }

    /// Whether it is still there: somebody may have removed it, and another server may listen at its path.
    fn is_in_place(&self) -> bool {
        identity(&self.path).is_ok_and(|identity| identity == self.identity)
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let file = std::fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(file) = &self.file
            && file.is_in_place()
        {
            // Whoever removes it in this moment has done it for us.
            let _ = std::fs::remove_file(&file.path);
        }
    }
}

impl Address {
    /// The sockets that systemd listens on for this process (`LISTEN_FDS`), in order.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] when there are none, or when they are meant for another process.
    #[cfg(target_os = "linux")]
    pub fn from_systemd() -> Result<Vec<Address>, Error> {
        const FIRST: i32 = 3;
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<i32>().ok());
        let this = rustix::process::getpid();
        if number("LISTEN_PID") != Some(this.as_raw_nonzero().get()) {
            return Err(Error::address("LISTEN_FDS", "no sockets were passed to this process by systemd"));
        }
        (0..number("LISTEN_FDS").unwrap_or(0)).map(|index| duplicate(FIRST + index)).collect()
    }
}

/// A descriptor of this process by its number. Taking it over by number alone cannot be proved safe; asking the kernel for a copy of it can.
#[cfg(target_os = "linux")]
fn duplicate(fd: i32) -> Result<Address, Error> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    pidfd_open(getpid(), PidfdFlags::empty())
        .and_then(|this| pidfd_getfd(&this, fd, PidfdGetfdFlags::empty()))
        .map(Address::from)
        .map_err(|error| Error::bind(format!("the inherited descriptor {fd}"), &error.into()))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    use super::*;

    fn bind_text(address: &str, workers: usize, spread: Spread) -> Result<(LocalAddr, Vec<Listener>), Error> {
        bind(address.parse().unwrap(), workers, spread)
    }

    fn port(address: &LocalAddr) -> u16 {
        address.tcp().unwrap().port()
    }

    #[test]
    fn port_0_is_resolved_once_for_all_workers() {
        let (address, listeners) = bind_text("127.0.0.1:0", 3, Spread::PerWorker).unwrap();
        assert_eq!(listeners.len(), 3);
        assert!(listeners.iter().all(|listener| tcp_address(&listener.socket).unwrap() == address.tcp().unwrap()));
    }

    #[test]
    fn connections_reach_every_one_of_several_listeners() {
        let (address, listeners) = bind_text("127.0.0.1:0", 2, Spread::PerWorker).unwrap();
        let mut reached = [false; 2];
        // The kernel spreads by a hash of the client's port: 200 misses of one half do not happen.
        for _ in 0..200 {
            let _client = TcpStream::connect(address.tcp().unwrap()).unwrap();
            for (listener, reached) in listeners.iter().zip(&mut reached) {
                *reached |= listener.accept().is_ok();
            }
        }
        assert_eq!(reached, [true, true]);
    }

    #[test]
    fn a_port_that_is_taken_is_an_error_even_when_its_owner_shares_it() {
        let (address, _listeners) = bind_text("127.0.0.1:0", 2, Spread::PerWorker).unwrap();
        let again = bind_text(&address.to_string(), 2, Spread::PerWorker).unwrap_err();
        assert!(matches!(again, Error::Bind { kind: io::ErrorKind::AddrInUse, .. }), "{again}");
    }

    #[test]
    fn a_hand_over_needs_one_listener() {
        assert_eq!(bind_text("127.0.0.1:0", 4, Spread::HandOver).unwrap().1.len(), 1);
    }

    #[test]
    fn all_interfaces_take_ipv4_as_well() {
        let (address, listeners) = bind_text(":0", 1, Spread::BEST).unwrap();
        let _client = TcpStream::connect(("127.0.0.1", port(&address))).unwrap();
        listeners[0].accept().unwrap();
    }

    #[test]
    fn ipv6_alone_leaves_ipv4_alone() {
        let (address, _listeners) = bind_text("[::1]:0", 1, Spread::BEST).unwrap();
        assert!(TcpStream::connect(("127.0.0.1", port(&address))).is_err());
    }

    #[test]
    fn accepted_sockets_do_not_block_are_not_inherited_and_do_not_delay() {
        let (address, listeners) = bind_text("127.0.0.1:0", 1, Spread::BEST).unwrap();
        let _client = TcpStream::connect(address.tcp().unwrap()).unwrap();
        let accepted = listeners[0].accept().unwrap();
        assert!(rustix::fs::fcntl_getfl(&accepted).unwrap().contains(rustix::fs::OFlags::NONBLOCK));
        assert!(rustix::io::fcntl_getfd(&accepted).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
        if NODELAY_IS_INHERITED {
            assert!(Socket::from(accepted).tcp_nodelay().unwrap());
        }
    }

    fn unix_path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("hop-{}-{name}.sock", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn a_unix_socket_leaves_no_file_behind() {
        let path = unix_path("leaves");
        let bound = bind(path.clone().into(), 2, Spread::BEST).unwrap();
        assert_eq!(bound.0, LocalAddr::Unix(path.clone()));
        let _client = UnixStream::connect(&path).unwrap();
        bound.1[0].accept().unwrap();
        drop(bound);
        assert!(!path.exists());
    }

    #[test]
    fn a_socket_file_of_a_dead_server_is_replaced_and_a_living_one_is_not() {
        let path = unix_path("dead");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let living = bind(path.clone().into(), 1, Spread::BEST).unwrap();
        assert!(bind(path.clone().into(), 1, Spread::BEST).is_err());
        drop(living);
    }

    #[test]
    fn a_socket_file_of_another_server_at_the_same_path_is_left_alone() {
        let path = unix_path("other");
        let old = bind(path.clone().into(), 1, Spread::BEST).unwrap();
        std::fs::remove_file(&path).unwrap();
        let new = bind(path.clone().into(), 1, Spread::BEST).unwrap();
        drop(old);
        let _client = UnixStream::connect(&path).unwrap();
        drop(new);
        assert!(!path.exists());
    }

    #[test]
    fn an_ordinary_file_is_not_replaced() {
        let path = unix_path("file");
        std::fs::write(&path, "precious").unwrap();
        assert!(bind(path.clone().into(), 1, Spread::BEST).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn an_inherited_listener_is_used_as_it_is() {
        let theirs = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = theirs.local_addr().unwrap();
        let (ours, listeners) = bind(theirs.into(), 2, Spread::BEST).unwrap();
        assert_eq!(ours.tcp(), Some(address));
        assert_eq!(listeners[0].accept().unwrap_err(), rustix::io::Errno::AGAIN);
        let _client = TcpStream::connect(address).unwrap();
        listeners[0].accept().unwrap();
    }

    #[test]
    fn a_descriptor_that_is_no_socket_is_an_error() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(matches!(bind(OwnedFd::from(file).into(), 1, Spread::BEST), Err(Error::Bind { .. })));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_descriptor_is_taken_by_its_number() {
        let theirs = TcpListener::bind("127.0.0.1:0").unwrap();
        let (ours, _listeners) = bind(duplicate(theirs.as_raw_fd()).unwrap(), 1, Spread::BEST).unwrap();
        assert_eq!(ours.tcp(), theirs.local_addr().ok());
    }
}
