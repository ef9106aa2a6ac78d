//! A service at its place, without its type: for requests that do not come by hop's own way.

use std::fmt;

use http::Uri;
use http::uri::PathAndQuery;

use super::HttpService;
use super::request::Path;
use crate::app::body::Body;
use crate::app::params::PathParams;
use crate::app::reply::AnswerFuture;

/// A service, and how much of the path it sees.
pub(crate) struct Mounted {
    service: Box<dyn AnyService>,
    path: Path,
}

/// An [`HttpService`] without its type.
trait AnyService: Send + Sync {
    fn answer(&self, request: http::Request<Body>) -> AnswerFuture;
}

impl<S: HttpService> AnyService for S {
    fn answer(&self, request: http::Request<Body>) -> AnswerFuture {
        Box::pin(self.clone().respond(request))
    }
}

impl Mounted {
    pub(crate) fn new(service: impl HttpService, path: Path) -> Mounted {
        Mounted { service: Box::new(service), path }
    }

    /// Calls a clone of the service.
    pub(crate) fn answer(&self, request: http::Request<Body>) -> AnswerFuture {
        self.service.answer(request)
    }

    /// The URI as the service sees it, when it is not the whole one. `Err`: the `http` crate does not allow it.
    pub(crate) fn seen(&self, uri: &Uri, params: &PathParams<'_>) -> Result<Option<Uri>, http::Error> {
        let below = match self.path {
            Path::Whole => return Ok(None),
            Path::Rest => params.last_raw().unwrap_or_default(),
            Path::Root => "",
        };
        let path: PathAndQuery = match uri.query() {
            Some(query) => format!("/{below}?{query}").parse()?,
            None => format!("/{below}").parse()?,
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(path);
        Ok(Some(Uri::from_parts(parts)?))
    }
}

impl fmt::Debug for Mounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mounted").field(&self.path).finish()
    }
}
