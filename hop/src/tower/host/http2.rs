//! Connections that begin with the preface of HTTP/2 (RFC 9113 §3.4): what clients with prior knowledge send, gRPC's among them.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use http::request::Parts;
use http::{Request, Uri};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;

use super::answer::Answer;
use super::conn::Hosted;
use super::tasks::Spawner;
use crate::app::params::PathParams;
use crate::app::peer::Peer;
use crate::app::router::{App, HostHttp2};
use crate::app::tower::{Mounted, OriginalUri};
use crate::tower::service::{AppService, Owner};

/// Requests at once of one connection; a client keeps further ones back.
const STREAMS_MAX: u32 = 128;
/// What a client may send of all bodies together before services have taken some of it.
const WINDOW_BYTES: u32 = 1024 * 1024;
/// The same of one body: RFC 9113 §6.9.2 has clients begin with no less.
const STREAM_WINDOW_BYTES_MIN: u32 = 65_535;

/// What takes such connections over.
pub(in crate::tower) fn host_http2() -> HostHttp2 {
    let own = Arc::new(Mutex::new(Weak::new()));
    Box::new(move |app, peer| {
        let router = Router { app: Arc::clone(app), peer, shared: Arc::clone(&own), own: OnceCell::new() };
        let limits = &app.limits;
        let bytes = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let (head_bytes, output_bytes) = (bytes(limits.head_bytes), limits.output_bytes);
        let stream_bytes = bytes(limits.stream_bytes).clamp(STREAM_WINDOW_BYTES_MIN, WINDOW_BYTES);
        let serve = move |io, spawner: Spawner| {
            let mut builder = http2::Builder::new(spawner);
            builder
                .max_concurrent_streams(STREAMS_MAX)
                .initial_connection_window_size(WINDOW_BYTES)
                .initial_stream_window_size(stream_bytes)
                .max_header_list_size(head_bytes)
                .max_send_buf_size(output_bytes);
            builder.serve_connection(io, service_fn(move |request| router.call(request)))
        };
        let mut hosted = Hosted::new(serve, |conn| conn.graceful_shutdown(), Some(1));
        Box::new(move |io| hosted.call(io))
    })
}

/// From the requests of one connection to those who answer them.
struct Router {
    app: Arc<App>,
    peer: Peer,
    /// The app as a service, while some connection uses it.
    shared: Arc<Mutex<Weak<Owner>>>,
    own: OnceCell<AppService>,
}

impl Router {
    fn call(&self, request: Request<Incoming>) -> Answer {
        let (mut head, body) = request.into_parts();
        head.extensions.insert(self.peer.clone());
        match self.service(&head) {
            Some((mounted, seen)) => {
                if let Some(seen) = seen {
                    let original = std::mem::replace(&mut head.uri, seen);
                    head.extensions.insert(OriginalUri(original));
                }
                Answer::of(&mounted, Request::from_parts(head, body), false)
            }
            None => Answer::own(self.own(), Request::from_parts(head, body)),
        }
    }

    /// The service that answers, and the URI as it sees it. `None`: that is hop's own to answer. So it is where hooks stand before the
    /// service, because it is hop that runs them.
    fn service(&self, head: &Parts) -> Option<(Arc<Mounted>, Option<Uri>)> {
        let mut params = PathParams::default();
        let endpoint = self.app.find(head.method.as_str(), head.uri.path().as_bytes(), &mut params).ok()?;
        let hooked = !(endpoint.scope.before.is_empty() && endpoint.scope.after.is_empty());
        let mounted = endpoint.mounted.as_ref().filter(|_| !hooked)?;
        let seen = mounted.seen(&head.uri, &params).ok()?;
        Some((Arc::clone(mounted), seen))
    }

    fn own(&self) -> &AppService {
        self.own.get_or_init(|| {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            let owner = shared.upgrade().unwrap_or_else(|| AppService::owner(Arc::clone(&self.app)));
            *shared = Arc::downgrade(&owner);
            AppService::of(owner)
        })
    }
}
