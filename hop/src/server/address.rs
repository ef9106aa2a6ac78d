//! Where to listen: `"127.0.0.1:8080"`, `"[::1]:8080"`, `":8080"`, `"localhost:8080"`, `"unix:/run/hop.sock"`, a descriptor.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::error::Error;

/// Where a server listens.
///
/// | text | meaning |
/// |---|---|
/// | `127.0.0.1:8080`, `[::1]:8080` | one IPv4 or IPv6 address; port 0 takes a free one |
/// | `:8080` | all addresses of this machine, IPv6 and IPv4 |
/// | `localhost:8080` | the first address of that name that can be listened on |
/// | `unix:/run/hop.sock`, `/run/hop.sock` | a Unix socket; a file that a dead server left behind is replaced |
///
/// A [`SocketAddr`], a path, a listener of the standard library or a descriptor (`OwnedFd`) becomes an `Address` too.
///
/// ```
/// let address: hop::Address = "[::1]:0".parse()?;
/// assert_eq!("8080".parse::<hop::Address>().unwrap_err().to_string(),
///     "\"8080\" is not an address to listen on: a port alone is written \":8080\"");
/// # Ok::<(), hop::Error>(())
/// ```
#[derive(Debug)]
pub struct Address(pub(crate) Place);

#[derive(Debug)]
pub(crate) enum Place {
    /// These, in order, until one can be had.
    Tcp(Vec<SocketAddr>),
    Unix(PathBuf),
    /// A socket that listens already.
    Inherited(OwnedFd),
}

impl FromStr for Address {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::Address`], which says what was expected.
    fn from_str(given: &str) -> Result<Address, Error> {
        if let Some(path) = given.strip_prefix("unix:") {
            return unix(given, path);
        }
        if given.contains("://") {
            return Err(Error::address(given, "leave out the scheme: \"127.0.0.1:8080\""));
        }
        if given.starts_with(['/', '.']) {
            return unix(given, given);
        }
        tcp(given).map(|addresses| Address(Place::Tcp(addresses)))
    }
}

fn unix(given: &str, path: &str) -> Result<Address, Error> {
    match path {
        "" => Err(Error::address(given, "the path of the socket is missing: \"unix:/run/hop.sock\"")),
        path => Ok(Address::from(Path::new(path))),
    }
}

fn tcp(given: &str) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = given.parse::<SocketAddr>() {
        return Ok(vec![address]);
    }
    let Some((host, port)) = given.rsplit_once(':') else {
        return Err(Error::address(given, without_port(given)));
    };
    let Ok(port) = port.parse::<u16>() else {
        return Err(Error::address(given, "the port is a number from 0 to 65535, as in \"127.0.0.1:8080\""));
    };
    if host.is_empty() {
        return Ok(all_interfaces(port));
    }
    if host.contains(':') {
        return Err(Error::address(given, format!("an IPv6 address is written in brackets: \"[::1]:{port}\"")));
    }
    resolve(given, host, port)
}

fn without_port(given: &str) -> String {
    if given.is_empty() {
        "it is empty; write \"127.0.0.1:8080\"".to_owned()
    } else if given.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("a port alone is written \":{given}\"")
    } else {
        format!("the port is missing: \"{given}:8080\", or \"unix:{given}\" for a Unix socket")
    }
}

/// The IPv6 wildcard, which takes IPv4 as well; the IPv4 one for a machine without IPv6.
fn all_interfaces(port: u16) -> Vec<SocketAddr> {
    [IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::UNSPECIFIED)]
        .map(|address| SocketAddr::new(address, port))
        .to_vec()
}

fn resolve(given: &str, host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    match (host, port).to_socket_addrs() {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(Error::address(given, format!("the name \"{host}\" is not known here ({error})"))),
    }
}

impl TryFrom<&str> for Address {
    type Error = Error;
    fn try_from(given: &str) -> Result<Address, Error> {
        given.parse()
    }
}

impl TryFrom<&String> for Address {
    type Error = Error;
    fn try_from(given: &String) -> Result<Address, Error> {
        given.parse()
    }
}

impl TryFrom<String> for Address {
    type Error = Error;
    fn try_from(given: String) -> Result<Address, Error> {
        given.parse()
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Address {
        Address(Place::Tcp(vec![address]))
    }
}

impl From<&Path> for Address {
    fn from(path: &Path) -> Address {
        Address(Place::Unix(path.to_owned()))
    }
}

impl From<PathBuf> for Address {
    fn from(path: PathBuf) -> Address {
        Address(Place::Unix(path))
    }
}

impl From<OwnedFd> for Address {
    fn from(fd: OwnedFd) -> Address {
        Address(Place::Inherited(fd))
    }
}

impl From<TcpListener> for Address {
    fn from(listener: TcpListener) -> Address {
        OwnedFd::from(listener).into()
    }
}

impl From<UnixListener> for Address {
    fn from(listener: UnixListener) -> Address {
        OwnedFd::from(listener).into()
    }
}

/// Where a server really listens, after port 0 was resolved. Its `Display` form can follow `http://` for TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalAddr {
    /// TCP over IPv4 or IPv6.
    Tcp(SocketAddr),
    /// A Unix socket, with its path.
    Unix(PathBuf),
}

impl LocalAddr {
    /// The TCP address, if it is one.
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            LocalAddr::Tcp(address) => Some(*address),
            LocalAddr::Unix(_) => None,
        }
    }

    /// The address as a person would open it: `http://` before one of TCP.
    pub(crate) fn url(&self) -> String {
        match self {
            LocalAddr::Tcp(address) => format!("http://{address}"),
            LocalAddr::Unix(_) => self.to_string(),
        }
    }
}

impl fmt::Display for LocalAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LocalAddr::Tcp(address) => address.fmt(f),
            LocalAddr::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(given: &str) -> String {
        match given.parse::<Address>() {
            Ok(Address(Place::Tcp(addresses))) => addresses.iter().map(|a| format!("{a} ")).collect(),
            Ok(Address(Place::Unix(path))) => format!("unix {}", path.display()),
            Ok(other) => panic!("{other:?}"),
            Err(Error::Address { why, .. }) => format!("! {why}"),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_form_of_an_address_is_understood() {
        assert_eq!(parsed("127.0.0.1:8080"), "127.0.0.1:8080 ");
        assert_eq!(parsed("[::1]:0"), "[::1]:0 ");
        assert_eq!(parsed(":8080"), "[::]:8080 0.0.0.0:8080 ");
        assert_eq!(parsed("unix:/run/hop.sock"), "unix /run/hop.sock");
        assert_eq!(parsed("/run/hop.sock"), "unix /run/hop.sock");
        assert_eq!(parsed("unix:hop.sock"), "unix hop.sock");
        assert_eq!(parsed("./hop.sock"), "unix ./hop.sock");
    }

    #[test]
    fn a_name_is_resolved() {
        assert!(parsed("localhost:80").contains("127.0.0.1:80 "));
    }

    #[test]
    fn a_mistake_is_answered_with_what_to_write_instead() {
        assert_eq!(parsed("8080"), "! a port alone is written \":8080\"");
        assert_eq!(
            parsed("127.0.0.1"),
            "! the port is missing: \"127.0.0.1:8080\", or \"unix:127.0.0.1\" for a Unix socket"
        );
        assert_eq!(parsed("http://127.0.0.1:80"), "! leave out the scheme: \"127.0.0.1:8080\"");
        assert_eq!(parsed("::1:8080"), "! an IPv6 address is written in brackets: \"[::1]:8080\"");
        assert_eq!(parsed("a:99999"), "! the port is a number from 0 to 65535, as in \"127.0.0.1:8080\"");
        assert_eq!(parsed(""), "! it is empty; write \"127.0.0.1:8080\"");
        assert_eq!(parsed("unix:"), "! the path of the socket is missing: \"unix:/run/hop.sock\"");
    }
}
