//! A request as a handler sees it: borrowed from the input, gone when the callback returns.

use std::any::{Any, TypeId};
use std::cell::Cell;

use http::{Method, Uri};

use super::body::Body;
use super::live::options::LiveOptions;
use super::params::PathParams;
use super::peer::Peer;
use super::states::States;
use crate::wire::head::{Head, Version};

/// How a request arrived: what only the driver knows, and looks up when somebody asks.
pub(crate) trait Arrival {
    /// The client's address.
    fn peer(&self) -> Peer;
    /// The worker's wall clock, in seconds since 1970.
    fn unix_seconds(&self) -> u64;
}

/// One request. Cheap: everything in it borrows the bytes that were read, so it cannot leave the callback.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    pub(crate) head: &'r Head<'r>,
    pub(crate) params: &'r PathParams<'r>,
    pub(crate) body: &'r [u8],
    /// The body of a route that streams it, until an extractor takes it.
    pub(crate) stream: Option<&'r Cell<Option<Body>>>,
    pub(crate) states: &'r States,
    /// What holds for the WebSockets and event streams of its route.
    pub(crate) live: &'r LiveOptions,
    pub(crate) arrival: &'r dyn Arrival,
}

impl<'r> Request<'r> {
    /// The method as it was sent: case-sensitive.
    pub fn method_str(&self) -> &'r str {
        self.head.method
    }

    /// The method.
    pub fn method(&self) -> Method {
        Method::from_bytes(self.head.method.as_bytes()).expect("the head's method is a token: wire::head checked it")
    }

    /// The request target as it was sent (RFC 9112 §3.2).
    pub fn target(&self) -> &'r str {
        self.head.target.text()
    }

    /// The path, raw: not percent-decoded. `*` for `OPTIONS *`, empty for CONNECT.
    pub fn path(&self) -> &'r str {
        self.head.target.path()
    }

    /// What follows the `?`, raw.
    pub fn query(&self) -> Option<&'r str> {
        self.head.target.query()
    }

    /// The target as a parsed `Uri`. Allocates. `None`: RFC 9112 allows it, the `http` crate does not.
    pub fn uri(&self) -> Option<Uri> {
        self.target().parse().ok()
    }

    /// Whether the request is HTTP/1.0.
    pub fn is_http10(&self) -> bool {
        self.head.version == Version::Http10
    }

    /// The first value of a header; its name in any case. Values are bytes: use [`str::from_utf8`] where text is meant.
    pub fn header(&self, name: &str) -> Option<&'r [u8]> {
        self.head.header(name)
    }

    /// All headers in order: names as sent, values without surrounding white space.
    pub fn headers(&self) -> impl Iterator<Item = (&'r str, &'r [u8])> + use<'r> {
        self.head.fields.iter()
    }

    /// A path parameter, percent-decoded.
    pub fn param(&self, name: &str) -> Option<&'r str> {
        self.params.get(name)
    }

    /// All path parameters in the order of the pattern, percent-decoded.
    pub fn params(&self) -> impl Iterator<Item = (&'r str, &'r str)> + use<'r> {
        self.params.iter()
    }

    /// The body, whole; empty when the route streams or ignores it.
    pub fn body(&self) -> &'r [u8] {
        self.body
    }

    /// The state of type `T` that the app was built with.
    pub fn state<T: Any + Send + Sync>(&self) -> Option<&'r T> {
        self.states.get(TypeId::of::<T>())?.downcast_ref()
    }

    /// The client's address. The system is asked for it, mostly once for the requests that follow each other on a connection.
    pub fn peer(&self) -> Peer {
        self.arrival.peer()
    }

    /// The streamed body, once.
    pub(crate) fn take_stream(&self) -> Option<Body> {
        self.stream.and_then(Cell::take)
    }

    /// When the handler was called, in seconds since 1970: the worker's clock, as in the answer's `Date`.
    pub(crate) fn unix_seconds(&self) -> u64 {
        self.arrival.unix_seconds()
    }
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} with {} body bytes", self.head.method, self.target(), self.body.len())
    }
}
