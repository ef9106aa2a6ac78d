//! hop's routes as a tower service: an app that runs inside of another server, or below tower layers.
//!
//! ```text
//!   task of the other server                    thread `hop-app`, one for each service
//!   `call`: request ─► bytes of HTTP/1.1 ──► link ──► Engine ─► router ─► handler
//!           response ◄─ read from bytes  ◄──      ◄──
//! ```
//!
//! Futures of handlers belong to one thread, futures of tower services wander. So the app gets a thread of its own, on which the same
//! engine runs as in a server, with memory in the place of sockets: what holds for an app behind a socket (limits, hooks, `HEAD`,
//! streams with back-pressure, panics, deadlines) holds here by the same code.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Body;
use tower_service::Service;

use super::call::{Answering, AppBody};
use crate::app::error::BuildError;
use crate::app::router::{App, IntoApp};
use crate::app::routes::Routes;
use crate::app::tower::BoxError;
use crate::server::embed::{Command, Inbox, start};

/// An app as a `tower::Service`: made by [`Routes::into_service`]. Cheap to clone; all clones are one app.
///
/// * **Requests** may have any body; it is streamed to the route, no faster than that takes it, or gathered up to the route's limit.
///   The client's address is [`Peer`](crate::Peer) in the extensions, if it is there. Handlers see no other extensions.
/// * **Answers** stream as well. The service is always ready and never fails: what goes wrong is an answer with a status.
/// * **A call that is dropped**, or its answer's body, is a client that has left: futures of handlers are dropped.
///
/// It costs a thread, started by the first call and ended with the last clone, and two changes of thread a request. On the thread
/// the tokio runtime of the first call is entered, with feature `tokio`. Blocking routes have a pool of their own. Calls are no
/// connections: [`Limits::connections`](crate::Limits::connections) does not bound them.
#[derive(Clone)]
pub struct AppService {
    owner: Arc<Owner>,
}

/// The app until its thread is started, and the way to that.
pub(super) struct Owner {
    app: Arc<App>,
    inbox: OnceLock<Option<Arc<Inbox>>>,
}

impl Routes {
    /// Makes a tower service of the routes, to be used inside of an axum app, below tower layers, and by `oneshot` in tests.
    ///
    /// ```
    /// # fn main() -> Result<(), hop::BuildError> {
    /// use hop::{route, routes};
    ///
    /// #[route("/hello")]
    /// fn hello() -> &'static str {
    ///     "hello"
    /// }
    ///
    /// let service = routes![hello].into_service()?;
    /// // let app = axum::Router::new().fallback_service(service);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Routes::build`].
    pub fn into_service(self) -> Result<AppService, BuildError> {
        AppService::new(self)
    }
}

impl AppService {
    /// A service of routes, or of an app that was built before.
    ///
    /// # Errors
    ///
    /// Those of [`Routes::build`].
    pub fn new(app: impl IntoApp) -> Result<AppService, BuildError> {
        Ok(AppService::of(AppService::owner(Arc::new(app.into_app()?))))
    }

    /// What all services of an app share.
    pub(super) fn owner(app: Arc<App>) -> Arc<Owner> {
        Arc::new(Owner { app, inbox: OnceLock::new() })
    }

    pub(super) fn of(owner: Arc<Owner>) -> AppService {
        AppService { owner }
    }
}

impl Owner {
    /// The way to the thread, which is started if it was not. `None`: the system gives no thread.
    fn inbox(&self) -> Option<&Arc<Inbox>> {
        self.inbox.get_or_init(|| start(Arc::clone(&self.app))).as_ref()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Some(Some(inbox)) = self.inbox.get() {
            inbox.post(Command::End);
        }
    }
}

impl<B> Service<http::Request<B>> for AppService
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<AppBody>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Answering {
        match self.owner.inbox() {
            Some(inbox) => Answering::new(inbox, request),
            None => Answering::unavailable(),
        }
    }
}

impl std::fmt::Debug for AppService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AppService").field(&self.owner.app).finish()
    }
}
