//! From method and path to the endpoint that answers.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use http::{Method, StatusCode};
use matchit::Params;

use super::handler::{AnyHandler, EventHandler, Shared};
use super::limits::{Limits, Timeouts};
use super::reply::{Replied, Reply};
use super::request::Request;
use super::response::{Response, ResponseHead};

/// How a route takes the request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BodyMode {
    /// The callback runs when the head is complete; the body is thrown away.
    #[default]
    Ignored,
    /// The callback runs when the body is complete.
    Whole,
    /// The callback runs when the head is complete and takes the body as it comes.
    Streamed,
}

/// A hook that runs when a head is complete, before the body is read; an answer from it ends the matter.
pub type Before = Arc<dyn Fn(&Request<'_>) -> Option<Response> + Send + Sync>;
/// A hook that runs before the head of any answer is written.
pub type After = Arc<dyn Fn(&mut ResponseHead, &Request<'_>) + Send + Sync>;

/// What a group of routes shares.
#[derive(Clone, Default)]
pub struct Scope {
    pub(crate) states: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    pub(crate) before: Vec<Before>,
    pub(crate) after: Vec<After>,
}

/// One handler at one place in the router, with all that is decided for it.
pub struct Endpoint {
    pub(crate) handler: Box<dyn AnyHandler>,
    pub(crate) body: BodyMode,
    pub(crate) body_bytes_max: u64,
    pub(crate) scope: Arc<Scope>,
}

impl Endpoint {
    pub(crate) fn new(handler: impl EventHandler, scope: Arc<Scope>) -> Self {
        Endpoint {
            handler: Box::new(Shared(Arc::new(handler))),
            body: BodyMode::Whole,
            body_bytes_max: Limits::default().body_bytes,
            scope,
        }
    }

    pub(crate) fn state(&self, of: TypeId) -> Option<&(dyn Any + Send + Sync)> {
        self.scope.states.get(&of).map(|state| &**state)
    }
}

/// A whole application: immutable, shared by all workers.
pub struct App {
    paths: matchit::Router<Methods>,
    fallback: Arc<Endpoint>,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
    /// Open connections of all workers.
    pub(crate) connections: AtomicUsize,
}

/// The endpoints of one path.
struct Methods {
    exact: Vec<(Method, Arc<Endpoint>)>,
    any: Option<Arc<Endpoint>>,
    wrong: Arc<Endpoint>,
}

impl Methods {
    fn find(&self, method: &str) -> &Arc<Endpoint> {
        let named = |name: &str| self.exact.iter().find(|(method, _)| method.as_str() == name).map(|(_, found)| found);
        named(method)
            .or_else(|| if method == "HEAD" { named("GET") } else { None })
            .or(self.any.as_ref())
            .unwrap_or(&self.wrong)
    }
}

impl App {
    /// The endpoint for a request, always one: not found and wrong method are endpoints too.
    pub(crate) fn find<'a>(&'a self, method: &str, path: &'a str) -> (&'a Arc<Endpoint>, Params<'a, 'a>) {
        match self.paths.at(path) {
            Ok(found) => (found.value.find(method), found.params),
            Err(_) => (&self.fallback, Params::new()),
        }
    }
}

/// Answers with one status.
struct Always(StatusCode);

impl EventHandler for Always {
    type Conn = ();

    fn on_request(&self, _: &Request<'_>, reply: Reply<'_>) -> Replied {
        reply.send(self.0)
    }
}

/// The parameters of a path, percent-decoded.
pub struct PathParams<'r> {
    raw: Params<'r, 'r>,
}

impl<'r> PathParams<'r> {
    pub(crate) fn get(&self, name: &str) -> Option<&'r str> {
        self.raw.get(name)
    }
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'r str, &'r str)> {
        self.raw.iter()
    }
    pub(crate) fn decode(raw: Params<'r, 'r>) -> Result<Self, ()> {
        Ok(PathParams { raw })
    }
}

#[cfg(test)]
impl App {
    /// An app with one handler for everything.
    pub(crate) fn of(handler: impl EventHandler, body: BodyMode) -> App {
        let mut endpoint = Endpoint::new(handler, Arc::default());
        endpoint.body = body;
        App {
            paths: matchit::Router::new(),
            fallback: Arc::new(endpoint),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            connections: AtomicUsize::new(0),
        }
    }
}
