//! From method and path to the endpoint that answers.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::error::BuildError;
use super::guests::Guests;
use super::hijack::OnReadable;
use super::limits::{Limits, Timeouts};
use super::live::counts::LiveCounts;
use super::live::hub::Hub;
use super::params::{BadEncoding, Values};
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
    /// Who serves it beside the workers.
    pub(crate) guests: Arc<Guests>,
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
        let (guests, live_counts, connections) = (Arc::default(), LiveCounts::default(), AtomicUsize::new(0));
        App { paths, limits, timeouts, http2: None, hub, guests, live_counts, connections }
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
            Some(table) => match table.find(method) {
                Some(endpoint) => Ok(endpoint),
                None => self.paths.find_other(table, method, path, params),
            },
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
    /// Those among the routes, for what others do not answer.
    pub(crate) services: Tree<Arc<Endpoint>>,
    /// The one with the most particular prefix first; the last has the empty prefix, which fits everything.
    pub(crate) fallbacks: Vec<Fallback>,
}

/// The endpoint for everything below a prefix that no route matches.
pub(crate) struct Fallback {
    pub(crate) prefix: Vec<Segment>,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) is_service: bool,
}

impl Paths {
    #[inline(never)]
    fn find_pattern<'a>(
        &'a self,
        method: &str,
        path: &'a [u8],
        params: &mut PathParams<'a>,
    ) -> Result<&'a Arc<Endpoint>, BadEncoding> {
        let Some(table) = self.patterns.find(path, params.values()) else { return Ok(&self.fallback(path).endpoint) };
        let Some(endpoint) = table.find(method) else { return self.find_other(table, method, path, params) };
        params.complete(&endpoint.names, path)?;
        Ok(endpoint)
    }

    /// What the routes of a path do not answer: a service does that covers the path, else hop itself. It is no way around the hooks of the
    /// path.
    #[cold]
    fn find_other<'a>(
        &'a self,
        table: &'a Table,
        method: &str,
        path: &'a [u8],
        params: &mut PathParams<'a>,
    ) -> Result<&'a Arc<Endpoint>, BadEncoding> {
        let mut values = Values::default();
        let around = || Some(self.fallback(path)).filter(|fallback| fallback.is_service).map(|found| &found.endpoint);
        let service = self.services.find(path, &mut values).or_else(around);
        let own = table.own(method);
        let endpoint = match service.filter(|service| !own.scope.guards_more_than(&service.scope)) {
            Some(service) => {
                *params.values() = values;
                service
            }
            None => own,
        };
        params.complete(&endpoint.names, path)?;
        Ok(endpoint)
    }

    fn fallback(&self, path: &[u8]) -> &Fallback {
        let found = self.fallbacks.iter().find(|fallback| is_below(path, &fallback.prefix));
        found.expect("the last fallback has the empty prefix: the builder puts it there")
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
    /// The other methods, HEAD included.
    pub(crate) named: Vec<(Box<str>, Arc<Endpoint>)>,
    pub(crate) rest: Rest,
}

/// What answers all other methods of a path.
pub(crate) enum Rest {
    /// The route that takes any.
    Any(Arc<Endpoint>),
    /// No route.
    Own { options: Arc<Endpoint>, wrong_method: Arc<Endpoint> },
}

impl Table {
    /// The route for a method. Methods are case-sensitive (RFC 9110 §9.1).
    #[inline]
    fn find(&self, method: &str) -> Option<&Arc<Endpoint>> {
        match &self.get {
            Some(endpoint) if method == "GET" => Some(endpoint),
            _ => match self.named.iter().find(|(name, _)| **name == *method) {
                Some((_, endpoint)) => Some(endpoint),
                None => self.any(),
            },
        }
    }

    fn any(&self) -> Option<&Arc<Endpoint>> {
        match &self.rest {
            Rest::Any(endpoint) => Some(endpoint),
            Rest::Own { .. } => None,
        }
    }

    /// What hop answers itself where no route does.
    fn own(&self, method: &str) -> &Arc<Endpoint> {
        match &self.rest {
            Rest::Own { options, .. } if method == "OPTIONS" => options,
            Rest::Own { wrong_method: endpoint, .. } | Rest::Any(endpoint) => endpoint,
        }
    }
}

#[cfg(test)]
impl App {
    /// An app with one handler for everything.
    pub(crate) fn of(handler: impl super::handler::EventHandler, body: BodyMode) -> App {
        let mut endpoint = Endpoint::new(handler, Arc::default());
        endpoint.body = body;
        let fallbacks = vec![Fallback { prefix: Vec::new(), endpoint: Arc::new(endpoint), is_service: false }];
        let (fixed, patterns, services) = (HashMap::default(), Tree::default(), Tree::default());
        let paths = Paths { fixed, patterns, services, fallbacks };
        App::new(paths, Limits::default(), Timeouts::default(), Arc::default())
    }
}
