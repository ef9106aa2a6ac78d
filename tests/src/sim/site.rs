//! The application of the simulator: every way of answering, each answer naming the request that it belongs to.
//!
//! A target is `/kind/id/n`: what to do, a name that is unique in a run, and a number whose meaning is the kind's.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use hop::prelude::*;
use hop::{
    Body, Chunk, EventHandler, IntoResponse, Part, Replied, Reply, Request, Responder, Response, Routes, Source,
    StatusCode, routes,
};

/// What a handler left to be done later, by whoever drives the simulation.
#[derive(Debug, Default)]
pub struct Later {
    deferred: Mutex<VecDeque<Deferred>>,
    gates: Mutex<VecDeque<Arc<Gate>>>,
}

/// An answer that somebody has promised.
#[derive(Debug)]
pub struct Deferred {
    /// The name of the request.
    pub id: String,
    /// What it will be answered with.
    pub answer: Vec<u8>,
    /// The promise.
    pub responder: Responder,
}

/// Something that a future or a source waits for.
#[derive(Debug, Default)]
pub struct Gate {
    open: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Gate {
    /// Lets whoever waits go on.
    pub fn open(&self) {
        self.open.store(true, Ordering::Release);
        let waker = lock(&self.waker).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        *lock(&self.waker) = Some(cx.waker().clone());
        if self.open.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Later {
    /// The next deferred answer, oldest or newest first.
    pub fn take_deferred(&self, newest: bool) -> Option<Deferred> {
        let mut deferred = lock(&self.deferred);
        if newest { deferred.pop_back() } else { deferred.pop_front() }
    }

    /// The next gate, oldest or newest first. One that nobody waits at any more (its future was dropped) counts as well.
    pub fn take_gate(&self, newest: bool) -> Option<Arc<Gate>> {
        let mut gates = lock(&self.gates);
        if newest { gates.pop_back() } else { gates.pop_front() }
    }

    /// Whether nothing is left to be done.
    pub fn is_empty(&self) -> bool {
        lock(&self.deferred).is_empty() && lock(&self.gates).is_empty()
    }

    /// The names of requests that were deferred and not answered yet, each with whether its client is known to be gone.
    pub fn waiting(&self) -> Vec<(String, bool)> {
        lock(&self.deferred).iter().map(|deferred| (deferred.id.clone(), deferred.responder.is_closed())).collect()
    }

    /// Forgets the room that it has taken.
    pub fn shrink(&self) {
        lock(&self.deferred).shrink_to_fit();
        lock(&self.gates).shrink_to_fit();
    }

    fn gate(&self) -> Arc<Gate> {
        let gate = Arc::<Gate>::default();
        lock(&self.gates).push_back(Arc::clone(&gate));
        gate
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds a lock of the simulator")
}

/// The body that answers a request: its name, what came with it, and `n` bytes that depend on their place.
pub fn answer(id: &str, n: usize, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("{id} {}:", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer.extend((0..n).map(|at| (at % 251) as u8));
    answer
}

/// The handler of every target.
#[derive(Debug)]
pub struct Site {
    /// Where it leaves what comes later.
    pub later: Arc<Later>,
}

impl EventHandler for Site {
    type Conn = ();

    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied {
        let mut parts = request.path().split('/').skip(1);
        let (Some(kind), Some(id), Some(n)) = (parts.next(), parts.next(), parts.next().and_then(|n| n.parse().ok()))
        else {
            return reply.send(StatusCode::NOT_FOUND);
        };
        let text = answer(id, n, request.body());
        match kind {
            "bytes" => reply.send(text.as_slice()),
            "shared" => reply.send(Bytes::from(text)),
            "none" => reply.send(StatusCode::NO_CONTENT),
            "panic" => std::panic::resume_unwind(Box::new("a handler of the simulator panics")),
            "defer" => self.defer(id, text, reply),
            "forget" => {
                let (responder, replied) = reply.defer();
                drop(responder);
                replied
            }
            "ready" => reply.future(async { Response::default().with_bytes(text) }),
            "future" => self.future(text, reply),
            "block" => self.block(reply),
            "file" => file(&text, reply),
            "stream" => reply.send(Response::stream(self.pieces(text, 700, None))),
            "exact" => reply.send(Response::stream(self.pieces(text.clone(), 5000, Some(text.len() as u64)))),
            "short" => reply.send(Response::stream(self.pieces(text.clone(), 900, Some(text.len() as u64 + 1)))),
            _ => reply.send(StatusCode::NOT_FOUND),
        }
    }
}

impl Site {
    fn defer(&self, id: &str, answer: Vec<u8>, reply: Reply<'_>) -> Replied {
        let (responder, replied) = reply.defer();
        lock(&self.later.deferred).push_back(Deferred { id: id.into(), answer, responder });
        replied
    }

    fn future(&self, text: Vec<u8>, reply: Reply<'_>) -> Replied {
        let gate = self.later.gate();
        reply.future(async move {
            poll_fn(|cx| gate.poll(cx)).await;
            Response::default().with_bytes(text)
        })
    }

    /// Answers on the blocking pool from its own copy of the request.
    fn block(&self, reply: Reply<'_>) -> Replied {
        reply.blocking(|request| {
            let mut parts = request.path().split('/').skip(2);
            let id = parts.next().expect("the target was read before");
            let n = parts.next().and_then(|n| n.parse().ok()).expect("the target was read before");
            Response::default().with_bytes(answer(id, n, request.body()))
        })
    }

    fn pieces(&self, text: Vec<u8>, piece_bytes: usize, exact_bytes: Option<u64>) -> Pieces {
        Pieces { text, at: 0, piece_bytes, exact_bytes, gate: None, later: Arc::clone(&self.later) }
    }
}

/// Answers with a file that has lost its name, so that it is gone when it is sent.
fn file(text: &[u8], reply: Reply<'_>) -> Replied {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("hop-sim-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).expect("temporary files can be written");
    let response = hop::file(&path).into_response();
    std::fs::remove_file(&path).expect("it was written above");
    reply.send(response)
}

/// Answers when the body has come, piece by piece, to a callback.
#[route(POST, "/upload/{id}/{n}")]
fn upload(Path((id, n)): Path<(String, usize)>, body: Body, out: Responder) {
    let (mut came, mut out) = (Vec::new(), Some(out));
    body.on_chunk(move |chunk| match chunk {
        Chunk::Data(data) => came.extend_from_slice(data),
        Chunk::End => drop(out.take().map(|out| out.send(answer(&id, n, &came)))),
        // The client has gone, or was refused: there is nobody to answer.
        Chunk::Failed(_) => drop(out.take()),
    });
}

/// Answers when the body was pulled, slowly.
#[route(POST, "/pull/{id}/{n}")]
async fn pull(Path((id, n)): Path<(String, usize)>, State(later): State<Arc<Later>>, mut body: Body) -> Response {
    let mut came = Vec::new();
    while let Some(chunk) = body.chunk().await {
        let Ok(chunk) = chunk else { return Response::new(StatusCode::BAD_REQUEST) };
        came.extend_from_slice(&chunk);
        let gate = later.gate();
        poll_fn(|cx| gate.poll(cx)).await;
    }
    Response::default().with_bytes(answer(&id, n, &came))
}

/// Answers at once, whatever follows.
#[route(POST, "/ignore/{id}/{n}")]
fn ignore(Path((id, n)): Path<(String, usize)>) -> Vec<u8> {
    answer(&id, n, b"")
}

/// The whole site, which leaves what comes later in `later`.
pub fn routes(later: &Arc<Later>) -> Routes {
    routes![upload, pull, ignore].state(Arc::clone(later)).fallback(Site { later: Arc::clone(later) })
}

/// A source that gives its text in pieces, and lets every other one wait for a gate.
struct Pieces {
    text: Vec<u8>,
    at: usize,
    piece_bytes: usize,
    exact_bytes: Option<u64>,
    gate: Option<Arc<Gate>>,
    later: Arc<Later>,
}

impl Source for Pieces {
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Part>>> {
        if self.at == self.text.len() {
            return Poll::Ready(None);
        }
        if (self.at / self.piece_bytes) % 2 == 1 {
            let later = &self.later;
            let gate = self.gate.get_or_insert_with(|| later.gate());
            if gate.poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.gate = None;
        }
        let end = self.text.len().min(self.at + self.piece_bytes);
        let piece = Bytes::copy_from_slice(&self.text[self.at..end]);
        self.at = end;
        Poll::Ready(Some(Ok(Part::Data(piece))))
    }

    fn exact_bytes(&self) -> Option<u64> {
        self.exact_bytes
    }
}
