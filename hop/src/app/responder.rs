//! An answer that comes later, from any thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;

use super::into_response::IntoResponse;
use super::mail::{Mail, WorkerMail};
use super::response::Response;
use super::sent::Sent;
use crate::buf::slab::ConnId;

/// The promise of an answer. Owned, `Send`; use it from any thread, once. Dropped unused it answers 500.
#[derive(Debug)]
pub struct Responder {
    pub(crate) conn: ConnId,
    pub(crate) request: u32,
    pub(crate) gone: Arc<AtomicBool>,
    pub(crate) mailbox: Option<Arc<WorkerMail>>,
}

impl Responder {
    pub(crate) fn new(conn: ConnId, request: u32, gone: Arc<AtomicBool>, mailbox: Arc<WorkerMail>) -> Self {
        Responder { conn, request, gone, mailbox: Some(mailbox) }
    }

    /// Answers. Makes no system call when called on the connection's own worker.
    pub fn send(mut self, answer: impl IntoResponse) -> Sent {
        self.post(answer.into_response())
    }

    /// Whether the client has gone: the answer would be dropped.
    pub fn is_closed(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    fn post(&mut self, response: Response) -> Sent {
        let Some(mailbox) = self.mailbox.take() else { return Sent::Closed };
        if self.is_closed() {
            return Sent::Closed;
        }
        let mail = Mail::Answer { conn: self.conn, request: self.request, response: Box::new(response) };
        if mailbox.post(mail).is_ok() { Sent::Now } else { Sent::Closed }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if self.mailbox.is_some() && !self.is_closed() {
            log::error!("a Responder was dropped without an answer; answering 500");
            self.post(Response::new(StatusCode::INTERNAL_SERVER_ERROR));
        }
    }
}
