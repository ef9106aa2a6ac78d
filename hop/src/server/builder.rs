//! What a user decides about a server before it listens.

use super::address::Address;
use super::error::Error;
use super::{Options, Server};
use crate::app::handler::EventHandler;
use crate::app::limits::{Limits, Timeouts};
use crate::app::request::Request;
use crate::app::response::{Response, ResponseHead};
use crate::app::routes::Routes;

/// Everything about a server that can be chosen: routes and what they share, threads, limits, timeouts.
///
/// What is said about routes holds for all of them; it is the same as saying it to [`Routes`].
///
/// ```no_run
/// use hop::{Server, route, routes};
///
/// #[route("/")]
/// fn index() -> &'static str {
///     "hello"
/// }
///
/// # fn main() -> hop::Result {
/// let server = Server::builder()
///     .routes(routes![index])
///     .workers(2)
///     .limits(|limits| limits.body_bytes = 10 << 20)
///     .bind("127.0.0.1:8080")?;
/// println!("listening on http://{}", server.local_addr());
/// let report = server.run()?;
/// println!("{report}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
#[must_use = "a server is made by `bind`"]
pub struct Builder {
    routes: Routes,
    options: Options,
}

impl Server {
    /// A server with nothing but defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Adds routes, with all that they share: see [`Routes::merge`].
    pub fn routes(self, routes: Routes) -> Self {
        self.with(|all| all.merge(routes))
    }

    /// Gives all routes a state: see [`Routes::state`].
    #[track_caller]
    pub fn state<T: std::any::Any + Send + Sync>(mut self, state: T) -> Self {
        // Written out, because a closure would hide the caller's place from the error that may need it.
        self.routes = self.routes.state(state);
        self
    }

    /// Adds routes below a prefix: see [`Routes::nest`].
    #[track_caller]
    pub fn nest(mut self, prefix: impl Into<String>, routes: Routes) -> Self {
        self.routes = self.routes.nest(prefix, routes);
        self
    }

    /// Answers what no route matches: see [`Routes::fallback`].
    #[track_caller]
    pub fn fallback(mut self, handler: impl EventHandler) -> Self {
        self.routes = self.routes.fallback(handler);
        self
    }

    /// Runs a hook when a request's head is complete: see [`Routes::before`].
    pub fn before(self, hook: impl Fn(&Request<'_>) -> Option<Response> + Send + Sync + 'static) -> Self {
        self.with(|all| all.before(hook))
    }

    /// Runs a hook before the head of any answer is written: see [`Routes::after`].
    pub fn after(self, hook: impl Fn(&mut ResponseHead, &Request<'_>) + Send + Sync + 'static) -> Self {
        self.with(|all| all.after(hook))
    }

    /// Changes limits.
    #[track_caller]
    pub fn limits(mut self, change: impl FnOnce(&mut Limits) + Send + 'static) -> Self {
        self.routes = self.routes.limits(change);
        self
    }

    /// Changes timeouts.
    #[track_caller]
    pub fn timeouts(mut self, change: impl FnOnce(&mut Timeouts) + Send + 'static) -> Self {
        self.routes = self.routes.timeouts(change);
        self
    }

    /// How many threads serve; by default one for each core that this process may use. At least 1, at most 1,024.
    pub fn workers(mut self, workers: usize) -> Self {
        self.options.workers = workers;
        self
    }

    /// How many threads blocking handlers may have, 64 by default, at least 1; and how many requests may wait for one, 1,024 by
    /// default: beyond that 503 is answered. Threads are started when they are needed, and end after 10 s without work.
    pub fn blocking(mut self, threads: usize, waiting: usize) -> Self {
        self.options.pool.threads = threads.max(1);
        self.options.pool.waiting = waiting;
        self
    }

    /// The tokio runtime in whose context callbacks, futures and blocking handlers run, so that `tokio::spawn`, its timers, sockets and
    /// channels work in them: without this the one that [`Server::run`] is called in, and if it is called in none (or in one of a single
    /// thread, which would stand still), a small one of the server's own with one thread, `hop-tokio`.
    ///
    /// The runtime only runs what is spawned on it: requests stay on hop's workers.
    #[cfg(feature = "tokio")]
    pub fn tokio(mut self, runtime: tokio::runtime::Handle) -> Self {
        self.options.runtime.0 = Some(runtime);
        self
    }

    /// Answers below a prefix with a tower service: see [`Routes::tower`].
    #[cfg(feature = "tower")]
    #[track_caller]
    pub fn tower<S: crate::tower::HttpService>(mut self, prefix: &str, service: S) -> Self {
        self.routes = self.routes.tower(prefix, service);
        self
    }

    /// Whether SIGINT and SIGTERM stop the server while it runs, as they do by default.
    pub fn signals(mut self, stop: bool) -> Self {
        self.options.signals = stop;
        self
    }

    /// Waits for readiness and spreads connections as on systems other than Linux. For hop's own tests.
    #[doc(hidden)]
    pub fn portable(mut self, portable: bool) -> Self {
        self.options.portable(portable);
        self
    }

    /// Builds the app and listens: clients can connect from now on, and are served by [`Server::run`].
    ///
    /// # Errors
    ///
    /// [`Error::Routes`] when routes do not fit together, [`Error::Address`] for an address that is none, [`Error::Bind`] when it
    /// cannot be listened on, [`Error::Start`] when descriptors are missing.
    pub fn bind<A>(self, address: A) -> Result<Server, Error>
    where
        A: TryInto<Address>,
        Error: From<A::Error>,
    {
        Server::bind(self.routes.build()?, address.try_into()?, self.options)
    }

    fn with(mut self, change: impl FnOnce(Routes) -> Routes) -> Self {
        self.routes = change(self.routes);
        self
    }
}

impl From<Routes> for Builder {
    fn from(routes: Routes) -> Builder {
        Builder { routes, ..Builder::default() }
    }
}

/// Serves until SIGINT or SIGTERM, and says on standard error where. The shortest `main`; [`Server::builder`] opens everything else,
/// and prints nothing.
///
/// `app` is a collection of routes or a [`Builder`].
///
/// ```no_run
/// use hop::{route, routes};
///
/// #[route("/")]
/// fn index() -> &'static str {
///     "hello"
/// }
///
/// fn main() -> hop::Result {
///     hop::listen_and_serve("127.0.0.1:8080", routes![index])
/// }
/// ```
///
/// # Errors
///
/// Those of [`Builder::bind`] and [`Server::run`].
pub fn listen_and_serve<A>(address: A, app: impl Into<Builder>) -> Result<(), Error>
where
    A: TryInto<Address>,
    Error: From<A::Error>,
{
    let server = app.into().bind(address)?;
    eprintln!("listening on {}", server.local_addr().url());
    server.run()?;
    Ok(())
}
