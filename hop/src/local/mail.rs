//! Mail
use std::sync::{Arc, Mutex};
pub trait Wake: Send + Sync {
    fn wake(&self);
}
pub struct Mailbox<M> {
    q: Mutex<Vec<M>>,
    w: Arc<dyn Wake>,
}
impl<M> Mailbox<M> {
    pub fn new(w: Arc<dyn Wake>) -> Self {
        Mailbox { q: Mutex::default(), w }
    }
    pub fn post(&self, m: M) -> Result<(), M> {
        self.q.lock().unwrap().push(m);
        self.w.wake();
        Ok(())
    }
    pub fn enter(self: &Arc<Self>) {}
    pub fn close(&self) {}
    pub fn take(&self, into: &mut Vec<M>) {
        into.append(&mut self.q.lock().unwrap())
    }
}
impl<M> std::fmt::Debug for Mailbox<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mailbox")
    }
}
