//! One handler at one place in the router, with all that is decided for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::erased::{AnyHandler, erased};
use super::handler::EventHandler;
use super::hooks::{After, Before};
use super::limits::Limits;
use super::live::options::LiveOptions;
use super::needs::BodyMode;
use super::params::PathParams;
use super::request::{Arrival, Request};
use super::states::States;
use crate::wire::head::Head;

/// What a group of routes shares.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    pub(crate) states: States,
    /// In the order in which they run: from the outermost group to the innermost.
    pub(crate) before: Vec<Before>,
    /// In the order in which they run: from the innermost group to the outermost.
    pub(crate) after: Vec<After>,
}

impl Scope {
    /// Whether it has a `before` hook that `other` has not.
    pub(crate) fn guards_more_than(&self, other: &Scope) -> bool {
        let is_shared =
            |hook: &Before| other.before.iter().any(|known| std::ptr::addr_eq(Arc::as_ptr(hook), Arc::as_ptr(known)));
        !self.before.iter().all(is_shared)
    }
}

/// One handler at one place in the router.
pub(crate) struct Endpoint {
    pub(crate) handler: Box<dyn AnyHandler>,
    pub(crate) body: BodyMode,
    pub(crate) body_bytes_max: u64,
    /// How long the answer may take from the call of the handler on; `None`: as long as it likes.
    pub(crate) answer_timeout: Option<Duration>,
    /// For its WebSockets and event streams.
    pub(crate) live: LiveOptions,
    /// How long it may still take after the client has ended its side.
    pub(crate) gone_after: Option<Duration>,
    /// The service that its handler serves, if it is one.
    #[cfg(feature = "hyper")]
    pub(crate) mounted: Option<Arc<super::tower::Mounted>>,
    /// What the path's parameters are called here.
    pub(crate) names: Box<[Box<str>]>,
    pub(crate) scope: Arc<Scope>,
}

impl Endpoint {
    /// An endpoint that takes whole bodies of the default size and has no parameters.
    pub(crate) fn new(handler: impl EventHandler, scope: Arc<Scope>) -> Self {
        Endpoint {
            handler: erased(handler),
            body: BodyMode::Whole,
            body_bytes_max: Limits::default().body_bytes,
            answer_timeout: None,
            live: LiveOptions::default(),
            gone_after: None,
            #[cfg(feature = "hyper")]
            mounted: None,
            names: Box::default(),
            scope,
        }
    }

    /// A request that was found to be for it, without a body.
    #[inline(always)]
    pub(crate) fn request<'r>(
        &'r self,
        head: &'r Head<'r>,
        params: &'r PathParams<'r>,
        arrival: &'r dyn Arrival,
    ) -> Request<'r> {
        Request { head, params, body: &[], stream: None, states: &self.scope.states, live: &self.live, arrival }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint with parameters {:?}, body {:?}", self.names, self.body)
    }
}
