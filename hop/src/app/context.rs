//! What holds at one place of an app while it is built.

use std::sync::Arc;

use super::endpoint::{Endpoint, Scope};
use super::erased::AnyHandler;
use super::limits::{Limits, Timeouts};
use super::live::options::LiveOptions;
use super::needs::BodyMode;
use super::spec::Spec;

/// What holds for the routes of one collection.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) prefix: String,
    pub(super) scope: Arc<Scope>,
    pub(super) limits: Limits,
    pub(super) timeouts: Timeouts,
    pub(super) live: LiveOptions,
}

impl Context {
    /// A handler with all that is decided for it.
    pub(super) fn endpoint(
        &self,
        handler: Box<dyn AnyHandler>,
        body: BodyMode,
        spec: Option<&Spec>,
        names: &[Box<str>],
    ) -> Arc<Endpoint> {
        Arc::new(Endpoint {
            handler,
            body,
            body_bytes_max: spec.and_then(|spec| spec.limit_bytes).unwrap_or(self.limits.body_bytes),
            answer_timeout: spec.and_then(|spec| spec.timeout),
            live: live_options(&self.live, spec),
            gone_after: spec.and_then(|spec| spec.gone_after),
            #[cfg(feature = "hyper")]
            mounted: spec.and_then(|spec| spec.mounted.clone()),
            names: names.into(),
            scope: Arc::clone(&self.scope),
        })
    }
}

/// What holds for the WebSockets and event streams of a route.
fn live_options(around: &LiveOptions, spec: Option<&Spec>) -> LiveOptions {
    let mut live = around.clone();
    if let Some(change) = spec.and_then(|spec| spec.live) {
        change(&mut live);
    }
    live.decided()
}
