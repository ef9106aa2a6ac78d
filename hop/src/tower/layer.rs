//! Tower layers around hop's routes.

use http::StatusCode;

use super::service::AppService;
use crate::app::handler::handler;
use crate::app::routes::{Entry, Routes};
use crate::app::spec::ANY;
use crate::app::tower::HttpService;

impl Routes {
    /// Puts tower layers around these routes: `wrap` is given them as a service, and gives back that service with layers around it.
    ///
    /// ```
    /// use hop::{route, routes};
    ///
    /// #[route("/report")]
    /// fn report() -> String {
    ///     "a long text".repeat(1000)
    /// }
    ///
    /// #[route("/")]
    /// fn index() -> &'static str {
    ///     "hello"
    /// }
    ///
    /// // With tower-http, `|routes| CompressionLayer::new().layer(routes)`.
    /// let slow = routes![report].layer(|routes| routes);
    /// let app = routes![index].nest("/slow", slow).build().unwrap();
    /// ```
    ///
    /// What it gives answers everything below its place that no other route does, by 404 if need be; so there can be one in each
    /// collection, and each has a place of its own by [`nest`](Routes::nest). The routes inside see their paths from there on, and state,
    /// hooks and limits that were given inside; those from outside hold outside of the layers.
    ///
    /// The cost is that of [`AppService`]: an `http::Request`, its copy as bytes, and two changes of thread. Where no tower layer is
    /// needed, [`before`](Routes::before) and [`after`](Routes::after) cost next to nothing.
    ///
    /// Routes that do not fit together are told by [`build`](Routes::build), as always.
    #[track_caller]
    pub fn layer<S: HttpService>(self, wrap: impl FnOnce(AppService) -> S) -> Routes {
        let error = match self.into_service() {
            Ok(service) => return Routes::new().tower("/", wrap(service)),
            Err(error) => error,
        };
        let mut routes = Routes::new();
        let nothing = handler(|_, reply| reply.send(StatusCode::NOT_FOUND));
        let entry = Entry::new("/{*rest}".to_owned(), ANY, nothing);
        routes.entries.push(Entry { fault: Some(format!("below a layer, {error}")), ..entry });
        routes
    }
}
