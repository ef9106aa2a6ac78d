//! Services among the routes of an app.

#[cfg(feature = "hyper")]
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

#[cfg(feature = "hyper")]
use super::host;
use crate::app::body::Body;
use crate::app::erased::erased;
use crate::app::extract::FromRequest;
use crate::app::handler::EventHandler;
use crate::app::location::Location;
use crate::app::reply::{Replied, Reply};
use crate::app::request::Request;
use crate::app::routes::{Entry, Fallback, Routes};
use crate::app::spec::{ANY, Spec};
use crate::app::tower::HttpService;
#[cfg(feature = "hyper")]
use crate::app::tower::Mounted;
use crate::app::tower::request::{self, Path};

/// An app of one service: what axum's `serve`, warp's `serve` and poem's `Server` take. Whatever is asked for reaches it, with the path
/// as it is.
///
/// It is a collection of routes like any other: limits, timeouts, hooks and further routes can be added to it.
#[track_caller]
pub fn service<S: HttpService>(service: S) -> Routes {
    Routes::new().tower_fallback(service)
}

impl Routes {
    /// Answers whatever is below `prefix` with a tower service: an axum router, warp filters, a tower-http stack. Other routes may lie
    /// below the prefix, too, and win. What a path's routes do not answer, a POST where there is a GET route only, reaches the service, too:
    /// hop answers no OPTIONS and no 405 there. Where such a path has `before` hooks that the service has not, those of a group for one, hop
    /// does, behind the hooks.
    ///
    /// The service sees the path without the prefix, as by axum's `nest_service`: below `/old`, `/old/a?b` is `/a?b`, `/old` and `/old/`
    /// are `/`. The whole URI is in the request's extensions as [`tower::OriginalUri`](crate::tower::OriginalUri), the client's address
    /// as [`Peer`](crate::Peer). Percent-encoding in the path stays as it is; where it is malformed, hop answers 400.
    ///
    /// Request bodies are not limited by [`Limits::body_bytes`](crate::Limits::body_bytes), because they pass in bounded memory: what is to
    /// be limited, the service limits. An answer takes the time that the service takes; its future is dropped when the client resets the
    /// connection, 5 s after the client has ended its side (its body: when it has had nothing for 5 s since), and at the deadline of a shutdown
    /// ([`Timeouts::shutdown`](crate::Timeouts::shutdown)). A service that fails or panics is logged and answered 500.
    #[track_caller]
    pub fn tower<S: HttpService>(mut self, prefix: &str, service: S) -> Self {
        let prefix = prefix.trim_end_matches('/');
        self = self.mounted(format!("{prefix}/{{*rest}}"), service.clone(), Path::Rest);
        if !prefix.is_empty() {
            self = self.mounted(prefix.to_owned(), service.clone(), Path::Root);
        }
        self.mounted(format!("{prefix}/"), service, Path::Root)
    }

    /// Answers what no route matches with a tower service: see [`Routes::fallback`] for where, and [`Routes::tower`] for how. The service
    /// sees the whole path, and gets the methods that a path's routes do not answer.
    #[track_caller]
    pub fn tower_fallback<S: HttpService>(mut self, service: S) -> Self {
        let at = Location::caller();
        let mount = Mount::new(service, Path::Whole);
        let spec = Some(mount.spec(at));
        self.own.fallbacks.push(Fallback { handler: erased(mount), spec, at });
        self.with_http2()
    }

    #[track_caller]
    fn mounted<S: HttpService>(mut self, pattern: String, service: S, path: Path) -> Self {
        let mount = Mount::new(service, path);
        let spec = Some(mount.spec(Location::caller()));
        let entry = Entry::new(pattern, ANY, mount);
        self.entries.push(Entry { spec, name: std::any::type_name::<S>(), ..entry });
        self.with_http2()
    }

    /// Where there are services, HTTP/2 is spoken.
    #[cfg(feature = "hyper")]
    fn with_http2(mut self) -> Self {
        self.own.http2.get_or_insert_with(host::host_http2);
        self
    }

    #[cfg(not(feature = "hyper"))]
    fn with_http2(self) -> Self {
        self
    }
}

/// How long a service is given when the client has ended its side. Nearly always that client has left, as the servers of services take
/// it at once; but it may also wait for its answer (a legal half-close), and nothing but an answer would tell.
const GONE_AFTER: Duration = Duration::from_secs(5);

/// A service at its place. Every request gets a clone of its own, so that the readiness of one is not taken by another.
struct Mount<S> {
    service: S,
    path: Path,
    /// The same, for connections that hyper hosts.
    #[cfg(feature = "hyper")]
    mounted: Arc<Mounted>,
}

impl<S: HttpService> Mount<S> {
    fn new(service: S, path: Path) -> Mount<S> {
        Mount {
            #[cfg(feature = "hyper")]
            mounted: Arc::new(Mounted::new(service.clone(), path)),
            service,
            path,
        }
    }

    fn spec(&self, at: Location) -> Spec {
        let spec = Spec::new("", at).any().limit(u64::MAX).needs(<Body as FromRequest<'_>>::needs);
        Spec {
            gone_after: Some(GONE_AFTER),
            is_service: true,
            #[cfg(feature = "hyper")]
            mounted: Some(Arc::clone(&self.mounted)),
            ..spec
        }
    }
}

impl<S: HttpService> EventHandler for Mount<S> {
    type Conn = ();

    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied {
        match request::owned(request, self.path) {
            #[cfg(feature = "hyper")]
            Some(owned) if host::is_upgrade(&owned) => host::host(request, owned, &self.mounted, reply),
            Some(owned) => reply.future(self.service.clone().respond(owned)),
            None => reply.send(StatusCode::BAD_REQUEST),
        }
    }
}
