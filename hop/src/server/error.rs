//! What can go wrong before a server serves.

use std::convert::Infallible;
use std::fmt;
use std::io;

use crate::app::error::BuildError;

/// What `main` returns: `fn main() -> hop::Result`.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Why a server could not be set up. Its `Debug` form is its `Display` form, so that a `main` that returns it prints a sentence.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The address could not be understood.
    Address {
        /// What was given.
        given: String,
        /// What is wrong with it, and what was expected.
        why: String,
    },
    /// The address was understood, but cannot be listened on.
    Bind {
        /// The address.
        address: String,
        /// The kind of the system's error, [`io::ErrorKind::AddrInUse`] for one.
        kind: io::ErrorKind,
        /// The system's error.
        why: String,
    },
    /// The routes do not fit together.
    Routes(BuildError),
    /// The system refused a thread, a descriptor or a signal handler.
    Start {
        /// What was to be had.
        what: &'static str,
        /// The system's error.
        why: String,
    },
}

impl Error {
    pub(crate) fn address(given: &str, why: impl Into<String>) -> Error {
        Error::Address { given: given.to_owned(), why: why.into() }
    }

    pub(crate) fn bind(address: impl fmt::Display, error: &io::Error) -> Error {
        Error::Bind { address: address.to_string(), kind: error.kind(), why: error.to_string() }
    }

    pub(crate) fn start(what: &'static str, error: impl Into<io::Error>) -> Error {
        Error::Start { what, why: error.into().to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Address { given, why } => write!(f, "\"{given}\" is not an address to listen on: {why}"),
            Error::Bind { address, why, .. } => write!(f, "cannot listen on {address}: {why}"),
            Error::Routes(error) => error.fmt(f),
            Error::Start { what, why } => write!(f, "cannot start, no {what}: {why}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Error {
        Error::Routes(error)
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Error {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_main_prints_is_a_sentence() {
        let error = Error::bind("127.0.0.1:80", &io::Error::from(io::ErrorKind::PermissionDenied));
        assert_eq!(format!("{error:?}"), "cannot listen on 127.0.0.1:80: permission denied");
    }
}
