//! What hop answers itself where no route does: not found, wrong method, OPTIONS.

use std::sync::Arc;

use super::endpoint::{Endpoint, Scope};
use super::handler::EventHandler;
use super::needs::BodyMode;
use super::reply::{Replied, Reply};
use super::request::Request;
use super::response::{Response, ResponseHead};

/// An endpoint that always gives the same answer, without a body.
pub(crate) fn own_answer(answer: Response, names: &[Box<str>], scope: &Arc<Scope>) -> Arc<Endpoint> {
    let mut endpoint = Endpoint::new(Always(answer.head), Arc::clone(scope));
    endpoint.body = BodyMode::Ignored;
    endpoint.names = names.into();
    Arc::new(endpoint)
}

/// Gives the same answer to everything.
struct Always(ResponseHead);

impl EventHandler for Always {
    type Conn = ();

    fn on_request(&self, _: &Request<'_>, reply: Reply<'_>) -> Replied {
        match self.0.headers.is_empty() {
            true => reply.send(self.0.status),
            false => reply.send(Response::from_head(self.0.clone())),
        }
    }
}
