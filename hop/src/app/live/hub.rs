//! Topics across workers: who is interested in what, what is retained, and the way to other machines.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::topic::Publication;
use crate::app::mail::{Mail, WorkerMail};

/// Carries publications between servers. The default, [`InProcess`], stays within this one; one that speaks to a message broker lets
/// topics span machines.
///
/// All that is published here comes to [`publish`](Backplane::publish), and what is to reach the subscribers of this process goes to
/// [`Local::deliver`]: in `publish` itself, or when it comes back from the broker. Methods are called by workers and must not block.
pub trait Backplane: Send + Sync + 'static {
    /// Called once, before anything else: how to reach the subscribers of this process.
    fn attach(&self, local: Local);

    /// The first subscriber of a topic in this process has come, or the last one has left.
    fn interest(&self, topic: &str, wanted: bool) {
        let _ = (topic, wanted);
    }

    /// Something was published here.
    fn publish(&self, publication: Publication);
}

/// The subscribers of this process, for a [`Backplane`]. Keeps nothing alive: when the server has gone it does nothing.
#[derive(Clone, Debug)]
pub struct Local(Weak<Hub>);

impl Local {
    /// Gives a publication to all subscribers of its topic in this process.
    pub fn deliver(&self, publication: Publication) {
        if let Some(hub) = self.0.upgrade().filter(|_| !publication.is_nothing()) {
            hub.deliver(publication);
        }
    }

    /// Publications of a topic were lost on their way: what was retained of it is forgotten, so that a client that comes back gets no
    /// sequence with a hole in it.
    pub fn gap(&self, topic: &str) {
        if let Some(hub) = self.0.upgrade()
            && let Some(ring) = hub.lock().rings.get_mut(topic)
        {
            ring.kept.clear();
        }
    }
}

/// The default [`Backplane`]: gives what is published here to the subscribers here.
#[derive(Debug, Default)]
pub struct InProcess {
    local: Mutex<Option<Local>>,
}

impl Backplane for InProcess {
    fn attach(&self, local: Local) {
        *self.local.lock().unwrap_or_else(PoisonError::into_inner) = Some(local);
    }

    fn publish(&self, publication: Publication) {
        let local = self.local.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(local) = local {
            local.deliver(publication);
        }
    }
}

/// The topics of one app.
#[derive(Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
    /// Known as soon as the app is built.
    backplane: OnceLock<Box<dyn Backplane>>,
}

#[derive(Default)]
struct State {
    workers: HashMap<u16, Arc<WorkerMail>>,
    /// The workers that have subscribers.
    interest: HashMap<Arc<str>, Vec<u16>>,
    /// What each topic that retains anything has retained.
    rings: HashMap<String, Ring>,
}

/// The last publications of a topic, the oldest first.
struct Ring {
    kept: VecDeque<Arc<Publication>>,
    kept_max: usize,
    /// The number of the last one.
    number: u64,
    /// Stands before the numbers in the ids of events, for a client brings these to other topics, processes and machines as well.
    mark: u64,
}

impl Ring {
    fn new(kept_max: usize) -> Ring {
        // The standard library's hash keys are the random bits that need no further dependency; 48 of them keep ids short.
        Ring { kept: VecDeque::new(), kept_max, number: 0, mark: RandomState::new().hash_one(0) >> 16 }
    }
}

impl Hub {
    /// The app is built: what carries its publications, and how many of them topics retain. Called once.
    pub(crate) fn open(self: &Arc<Hub>, backplane: Box<dyn Backplane>, retained: &[(String, usize)]) {
        self.lock().rings = retained.iter().map(|(topic, kept_max)| (topic.clone(), Ring::new(*kept_max))).collect();
        self.backplane.get_or_init(|| backplane).attach(Local(Arc::downgrade(self)));
    }

    /// A worker has begun.
    pub(crate) fn attach(&self, worker: u16, mailbox: &Arc<WorkerMail>) {
        self.lock().workers.insert(worker, Arc::clone(mailbox));
    }

    /// A worker has ended, and another one may get its number.
    #[cfg(feature = "tower")]
    pub(crate) fn detach(&self, worker: u16) {
        let mut state = self.lock();
        state.workers.remove(&worker);
        let subscribed = state.interest.iter().filter(|(_, workers)| workers.contains(&worker));
        let topics: Vec<_> = subscribed.map(|(topic, _)| Arc::clone(topic)).collect();
        drop(state);
        topics.iter().for_each(|topic| self.interest(topic, worker, false));
    }

    /// A worker's first subscriber of a topic has come, or its last one has left.
    pub(crate) fn interest(&self, topic: &str, worker: u16, wanted: bool) {
        let mut state = self.lock();
        let workers = state.interest.entry(topic.into()).or_default();
        let before = workers.len();
        workers.retain(|known| *known != worker);
        if wanted {
            workers.push(worker);
        }
        let after = workers.len();
        if after == 0 {
            state.interest.remove(topic);
        }
        drop(state);
        if (before == 0) != (after == 0)
            && let Some(backplane) = self.backplane.get()
        {
            backplane.interest(topic, wanted);
        }
    }

    pub(crate) fn publish(&self, publication: Publication) {
        if let Some(backplane) = self.backplane.get().filter(|_| !publication.is_nothing()) {
            backplane.publish(publication);
        }
    }

    /// What a topic retains behind the publication with this id, and the number of its last one.
    pub(crate) fn retained(&self, topic: &str, after: &str) -> (Vec<Arc<Publication>>, u64) {
        let state = self.lock();
        let Some(ring) = state.rings.get(topic) else { return (Vec::new(), 0) };
        let seen = ring.kept.iter().position(|publication| publication.has_id(after));
        (ring.kept.iter().skip(seen.map_or(0, |seen| seen + 1)).cloned().collect(), ring.number)
    }

    /// One letter to each worker with subscribers. Under one lock, so that all workers see one order.
    fn deliver(&self, mut publication: Publication) {
        let mut state = self.lock();
        let State { workers, interest, rings } = &mut *state;
        let mut ring = rings.get_mut(&**publication.topic());
        if let Some(ring) = &mut ring {
            ring.number += 1;
            (publication.number, publication.mark) = (ring.number, ring.mark);
        }
        let publication = Arc::new(publication);
        for worker in interest.get(publication.topic()).into_iter().flatten() {
            if let Some(mailbox) = workers.get(worker) {
                // A worker that has ended has no subscribers any more.
                let _ = mailbox.post(Mail::Publication(Arc::clone(&publication)));
            }
        }
        if let Some(ring) = ring {
            ring.kept.push_back(publication);
            if ring.kept.len() > ring.kept_max {
                ring.kept.pop_front();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under the lock leaves plain data behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hub with {} topics", self.lock().interest.len())
    }
}
