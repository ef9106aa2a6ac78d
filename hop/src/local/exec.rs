//! Exec
use crate::buf::slab::ConnId;
use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc};
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TaskKey(u64);
pub trait WakeTask: Send + Sync {
    fn wake_task(&self, key: TaskKey);
}
struct W(Arc<dyn WakeTask>, TaskKey);
impl std::task::Wake for W {
    fn wake(self: Arc<Self>) {
        self.0.wake_task(self.1)
    }
}
type F<T> = Pin<Box<dyn Future<Output = T>>>;
pub struct Exec<T> {
    n: u64,
    w: Arc<dyn WakeTask>,
    tasks: HashMap<TaskKey, (ConnId, F<T>)>,
}
impl<T> Exec<T> {
    pub fn new(w: Arc<dyn WakeTask>) -> Self {
        Exec { n: 0, w, tasks: HashMap::new() }
    }
    pub fn spawn(&mut self, owner: ConnId, f: F<T>) -> TaskKey {
        self.n += 1;
        self.tasks.insert(TaskKey(self.n), (owner, f));
        TaskKey(self.n)
    }
    pub fn poll(&mut self, key: TaskKey) -> Option<(ConnId, T)> {
        let (o, mut f) = self.tasks.remove(&key)?;
        match f.as_mut().poll(&mut std::task::Context::from_waker(&Arc::new(W(self.w.clone(), key)).into())) {
            std::task::Poll::Ready(t) => Some((o, t)),
            _ => {
                self.tasks.insert(key, (o, f));
                None
            }
        }
    }
    pub fn cancel(&mut self, key: TaskKey) {
        self.tasks.remove(&key);
    }
    pub fn owner(&self, key: TaskKey) -> Option<ConnId> {
        self.tasks.get(&key).map(|t| t.0)
    }
}
