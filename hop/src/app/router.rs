//! From method and path to the endpoint that answers.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::error::BuildError;
use super::hijack::OnReadable;
use super::limits::{Limits, Timeouts};
use super::live::counts::LiveCounts;
use super::live::hub::Hub;
use super::params::BadEncoding;
use super::pathhash::PathHasher;
use super::pattern::Segment;
use super::peer::Peer;
use super::tree::Tree;

pub(crate) use super::endpoint::Endpoint;
pub(crate) use super::needs::BodyMode;
pub(crate) use super::params::PathParams;

/// A whole application: immutable, shared by all workers. Made by [`Routes::build`](crate::Routes::build).
pub struct App {
    pub(crate) paths: Paths,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
    /// Who speaks HTTP/2, if somebody does.
    pub(crate) http2: Option<Http2>,
    /// What workers publish to each other.
    pub(crate) hub: Arc<Hub>,
    /// Of its WebSockets and event streams.
    pub(crate) live_counts: LiveCounts,
    /// Open connections of all workers.
    pub(crate) connections: AtomicUsize,
}

/// Who takes connections over that begin with HTTP/2's preface (RFC 9113 §3.4).
pub(crate) struct Http2 {
    /// What holds for them.
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) host: HostHttp2,
}

/// Makes what reads a connection of HTTP/2 from its first byte on: of an app, for a client.
pub(crate) type HostHttp2 = Box<dyn Fn(&Arc<App>, Peer) -> OnReadable + Send + Sync>;

impl App {
    pub(crate) fn new(paths: Paths, limits: Limits, timeouts: Timeouts, hub: Arc<Hub>) -> App {
        let live_counts = LiveCounts::default();
        App { paths, limits, timeouts, http2: None, hub, live_counts, connections: AtomicUsize::new(0) }
    }

    /// The endpoint for a request, always one: not found and wrong method are endpoints too. The parameters of its path are put into
    /// `params`, which was empty.
    #[inline]
    pub(crate) fn find<'a>(
        &'a self,
        method: &str,
        path: &'a [u8],
        params: &mut PathParams<'a>,
    ) -> Result<&'a Arc<Endpoint>, BadEncoding> {
        match self.paths.fixed.get(path) {
            Some(table) => Ok(table.find(method)),
            None => self.paths.find_pattern(method, path, params),
        }
    }
}

/// What can be served: a collection of routes, or an app that was built before.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be served",
    note = "give `routes![…]`, `Routes` or a built `App`"
)]
pub trait IntoApp {
    /// Builds it.
    ///
    /// # Errors
    ///
    /// Everything that does not fit: see [`Routes::build`](crate::Routes::build).
    fn into_app(self) -> Result<App, BuildError>;
}

impl IntoApp for App {
    fn into_app(self) -> Result<App, BuildError> {
        Ok(self)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "App with {} fixed paths", self.paths.fixed.len())
    }
}

/// All paths of an app.
pub(crate) struct Paths {
    /// Paths without parameters. They win over patterns, so they are looked up first, which is cheaper than the tree.
    pub(crate) fixed: HashMap<Box<[u8]>, Table, BuildHasherDefault<PathHasher>>,
    pub(crate) patterns: Tree<Table>,
    /// The one with the most particular prefix first; the last has the empty prefix, which fits everything.
    pub(crate) fallbacks: Vec<Fallback>,
}

/// The endpoint for everything below a prefix that no route matches.
pub(crate) struct Fallback {
    pub(crate) prefix: Vec<Segment>,
    pub(crate) endpoint: Arc<Endpoint>,
}

impl Paths {
    #[inline(never)]
    fn find_pattern<'a>(
        &'a self,
        method: &str,
        path: &'a [u8],
        params: &mut PathParams<'a>,
    ) -> Result<&'a Arc<Endpoint>, BadEncoding> {
        let Some(table) = self.patterns.find(path, params.values()) else { return Ok(self.fallback(path)) };
        let endpoint = table.find(method);
        params.complete(&endpoint.names, path)?;
        Ok(endpoint)
    }

    fn fallback(&self, path: &[u8]) -> &Arc<Endpoint> {
        let found = self.fallbacks.iter().find(|fallback| is_below(path, &fallback.prefix));
        &found.expect("the last fallback has the empty prefix: the builder puts it there").endpoint
    }
}

/// Whether `path` begins with the segments of `prefix`.
fn is_below(path: &[u8], prefix: &[Segment]) -> bool {
    let mut segments = path.split(|byte| *byte == b'/').skip(1);
    prefix.iter().all(|wanted| segments.next().is_some_and(|segment| wanted.fits(segment)))
}

/// The endpoints of one path, by method.
pub(crate) struct Table {
    /// Looked at first, because nearly all requests are GET.
    pub(crate) get: Option<Arc<Endpoint>>,
    /// The other methods, HEAD and OPTIONS included.
    pub(crate) named: Vec<(Box<str>, Arc<Endpoint>)>,
    /// All other methods: the route that takes any, or 405.
    pub(crate) rest: Arc<Endpoint>,
}

impl Table {
    /// Methods are case-sensitive (RFC 9110 §9.1).
    #[inline]
    fn find(&self, method: &str) -> &Arc<Endpoint> {
        match &self.get {
            Some(endpoint) if method == "GET" => endpoint,
            _ => self.named.iter().find(|(name, _)| **name == *method).map_or(&self.rest, |(_, endpoint)| endpoint),
        }
    }
}

#[cfg(test)]
impl App {
    /// An app with one handler for everything.
    pub(crate) fn of(handler: impl super::handler::EventHandler, body: BodyMode) -> App {
        let mut endpoint = Endpoint::new(handler, Arc::default());
        endpoint.body = body;
        let fallbacks = vec![Fallback { prefix: Vec::new(), endpoint: Arc::new(endpoint) }];
        let paths = Paths { fixed: HashMap::default(), patterns: Tree::default(), fallbacks };
        App::new(paths, Limits::default(), Timeouts::default(), Arc::default())
    }
}
