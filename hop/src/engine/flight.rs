//! What a request in flight needs beyond the plain path: boxed, and there only while it is needed.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;

use crate::app::body::{Body, Feed};
use crate::app::hijack::{Hijack, OnReadable};
use crate::app::live::link::Order;
use crate::app::peer::Peer;
use crate::app::reply::BlockingAnswer;
use crate::app::request::{Arrival, Request};
use crate::app::responder::Responder;
use crate::app::response::Response;
use crate::app::router::{App, Endpoint, PathParams};
use crate::app::stream::Source;
use crate::local::exec::TaskKey;
use crate::wire::head::{self, HeadLimits};

/// A request whose body gathers, whose answer is deferred, or whose body or answer streams.
pub(crate) struct Flight {
    pub(crate) endpoint: Arc<Endpoint>,
    /// A copy of the head and, while it gathers, of the body behind it.
    pub(crate) kept: Vec<u8>,
    pub(crate) head_bytes: usize,
    pub(crate) waits: Waits,
    /// Where a streamed request body goes.
    pub(crate) feed: Option<Arc<Feed>>,
    /// The source of its answer's body had nothing, and has not said since that it has.
    pub(crate) asleep: bool,
    /// Bytes of the streamed or drained body so far.
    pub(crate) body_bytes: u64,
    /// It is not known yet whether it becomes a WebSocket or an event stream.
    pub(crate) opening: bool,
    /// What handles of a connection that is still opening ask for.
    pub(crate) orders: Vec<Order>,
}

/// What the request in flight waits for.
pub(crate) enum Waits {
    /// Nothing: it is kept for its feed.
    Nothing,
    /// The rest of its body; then the callback runs.
    Body,
    /// A [`Responder`], on whichever thread. Set when the client has gone.
    Answer(Arc<AtomicBool>),
    /// A future of this worker.
    Task(TaskKey),
    /// More from the source of its answer's body.
    Source(Box<dyn Source>),
    /// The head of the answer to leave; then the hijacker has the connection.
    Hijack(Hijack),
    /// Bytes of a hijacked connection, for the hijacker's callback.
    Readable(OnReadable),
}

impl Flight {
    pub(crate) fn new(endpoint: &Arc<Endpoint>, head: &[u8]) -> Self {
        Flight {
            endpoint: Arc::clone(endpoint),
            kept: head.to_vec(),
            head_bytes: head.len(),
            waits: Waits::Nothing,
            feed: None,
            asleep: false,
            body_bytes: 0,
            opening: false,
            orders: Vec::new(),
        }
    }
}

impl Waits {
    /// Tells whoever would have answered that nobody listens. Returns the future to drop, if there is one.
    pub(crate) fn abandon(&self) -> Option<TaskKey> {
        match self {
            Waits::Answer(gone) => {
                gone.store(true, Ordering::Release);
                None
            }
            Waits::Task(key) => Some(*key),
            _ => None,
        }
    }
}

/// How a request arrived, looked up beforehand.
pub(crate) struct Arrived {
    pub(crate) peer: Peer,
    pub(crate) unix_seconds: u64,
}

impl Arrival for Arrived {
    fn peer(&self) -> Peer {
        self.peer.clone()
    }

    fn unix_seconds(&self) -> u64 {
        self.unix_seconds
    }
}

/// A request and what answers it.
#[derive(Clone, Copy)]
pub(crate) struct Routed<'r> {
    pub(crate) request: &'r Request<'r>,
    pub(crate) endpoint: &'r Arc<Endpoint>,
}

/// A head that was accepted once, read again from its copy.
pub(crate) fn again<T>(
    app: &App,
    endpoint: &Arc<Endpoint>,
    head: &[u8],
    body: &[u8],
    stream: Option<Body>,
    arrival: &dyn Arrival,
    f: impl FnOnce(Routed<'_>) -> T,
) -> Option<T> {
    let (_, head) = head::parse(head, &ANY_SIZE).ok()??;
    let mut params = PathParams::default();
    app.find(head.method, head.target.path_as_bytes(), &mut params).ok()?;
    let stream = Cell::new(stream);
    let request = Request { body, stream: Some(&stream), ..endpoint.request(&head, &params, arrival) };
    Some(f(Routed { request: &request, endpoint }))
}

/// The head was within the limits when it was accepted.
const ANY_SIZE: HeadLimits =
    HeadLimits { head_bytes_max: usize::MAX, line_bytes_max: usize::MAX, headers_max: usize::MAX };

/// A `blocking` callback with an owned copy of its request.
pub struct Job {
    pub(crate) app: Arc<App>,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) head: Vec<u8>,
    pub(crate) body: Vec<u8>,
    pub(crate) stream: Option<Body>,
    pub(crate) arrived: Arrived,
    pub(crate) work: BlockingAnswer,
    pub(crate) responder: Responder,
}

impl Job {
    /// Does the work, and answers. Catches panics (500). Nothing is done when the client has gone.
    pub fn run(self) {
        if self.responder.is_closed() {
            return;
        }
        let Job { app, endpoint, head, body, stream, arrived, work, responder } = self;
        let answer = catch_unwind(AssertUnwindSafe(|| {
            again(&app, &endpoint, &head, &body, stream, &arrived, |routed| work(routed.request))
        }));
        responder.send(answer.ok().flatten().unwrap_or_else(|| Response::new(StatusCode::INTERNAL_SERVER_ERROR)));
    }

    /// Answers 503: the pool is full.
    pub fn refuse(self) {
        let Job { responder, work, stream, .. } = self;
        responder.send(Response::new(StatusCode::SERVICE_UNAVAILABLE).with_header("retry-after", "1"));
        bury((work, stream));
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Job for {:?}", self.responder)
    }
}

/// Drops what a user made and nobody wants any more, on behalf of no connection: a panic of its destructor goes no further.
pub(crate) fn bury<T>(unwanted: T) {
    if catch_unwind(AssertUnwindSafe(|| drop(unwanted))).is_err() {
        log::error!("a user's destructor panicked");
    }
}
