//! Who on this worker has joined which topic, and what is on its way to them.
//!
//! Publications are not given to subscribers where they are published: they wait until the worker asks for the [`next`](Topics::next)
//! subscriber to serve, and each gets all that waits in its topic at once. So publishing never runs a callback, a slow subscriber
//! delays nobody, and what was published together leaves together.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::buf::slab::ConnId;

/// One subscriber's place in a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) topic: u32,
    place: u32,
}

/// A subscriber to be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) conn: ConnId,
    /// How many publications of the [`batch`](Topics::take_batch) are not for it: older than its membership, or given to it already.
    pub(crate) missed: usize,
    /// See [`Topics::note`].
    pub(crate) note: u64,
}

/// The topics of one worker, with publications of type `P`.
#[derive(Debug)]
pub(crate) struct Topics<P> {
    numbers: HashMap<Arc<str>, u32>,
    /// By number; `None` where the number is free.
    topics: Vec<Option<Topic<P>>>,
    free: Vec<u32>,
    /// Topics in which something waits.
    busy: VecDeque<u32>,
    /// What the subscribers of the first busy topic are being given.
    batch: Vec<P>,
    /// Where it is; `None` while no batch is under way.
    cursor: Option<Cursor>,
}

/// How far a batch has been given out.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    /// The next place to look at.
    place: u32,
    /// How much of the batch the subscriber there was given already.
    given: usize,
}

#[derive(Debug)]
struct Topic<P> {
    name: Arc<str>,
    /// `None` where a place is free.
    places: Vec<Option<Place>>,
    free: Vec<u32>,
    waiting: Vec<P>,
    /// How many publications were taken into batches before this one, wrapping.
    batched: u32,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    conn: ConnId,
    /// The number of the first publication that it gets: those before were published before it joined.
    since: u32,
    /// What the caller has noted with it: see [`Topics::note`].
    note: u64,
}

impl<P> Topic<P> {
    /// Adds a place. The list grows by quarters, for room that is doubled is what an idle subscriber would cost most.
    fn grow(&mut self) {
        let taken = self.places.len();
        if taken == self.places.capacity() {
            self.places.reserve_exact(taken / 4 + 4);
        }
        self.places.push(None);
    }
}

impl<P> Default for Topics<P> {
    fn default() -> Self {
        Topics {
            numbers: HashMap::new(),
            topics: Vec::new(),
            free: Vec::new(),
            busy: VecDeque::new(),
            batch: Vec::new(),
            cursor: None,
        }
    }
}

impl<P> Topics<P> {
    /// Adds a subscriber, and says whether it is the first one of the topic on this worker.
    pub(crate) fn join(&mut self, name: &str, conn: ConnId) -> (Membership, bool) {
        let (number, is_new) = match self.numbers.get(name) {
            Some(number) => (*number, false),
            None => (self.open(name), true),
        };
        let under_way = if self.busy.front() == Some(&number) { self.batch.len() } else { 0 };
        let topic = self.topics[number as usize].as_mut().expect("a number that has a name has a topic");
        let since = topic.batched.wrapping_add((under_way + topic.waiting.len()) as u32);
        let place = topic.free.pop().unwrap_or(topic.places.len() as u32);
        if place as usize == topic.places.len() {
            topic.grow();
        }
        topic.places[place as usize] = Some(Place { conn, since, note: 0 });
        (Membership { topic: number, place }, is_new)
    }

    /// Notes a number with a subscriber, which comes back whenever it is served; 0 where none was noted.
    pub(crate) fn note(&mut self, membership: Membership, note: u64) {
        let topic = self.topics.get_mut(membership.topic as usize).and_then(Option::as_mut);
        if let Some(Some(place)) = topic.and_then(|topic| topic.places.get_mut(membership.place as usize)) {
            place.note = note;
        }
    }

    /// Takes a subscriber out; gives the name of the topic if it was its last one.
    pub(crate) fn leave(&mut self, membership: Membership) -> Option<Arc<str>> {
        let topic = self.topics.get_mut(membership.topic as usize)?.as_mut()?;
        topic.places.get_mut(membership.place as usize)?.take()?;
        topic.free.push(membership.place);
        if topic.free.len() < topic.places.len() {
            return None;
        }
        self.close(membership.topic)
    }

    /// The number of a topic that somebody has joined.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// Something to be given to all who have joined; dropped where nobody has.
    pub(crate) fn publish(&mut self, name: &str, publication: P) {
        let Some(&number) = self.numbers.get(name) else { return };
        let Some(topic) = &mut self.topics[number as usize] else { return };
        topic.waiting.push(publication);
        if topic.waiting.len() == 1 {
            self.busy.push_back(number);
        }
    }

    /// Whether somebody is to be given something.
    pub(crate) fn is_busy(&self) -> bool {
        !self.busy.is_empty()
    }

    /// The next subscriber to serve. `None`: all are served.
    pub(crate) fn next(&mut self) -> Option<Due> {
        loop {
            let number = *self.busy.front()?;
            let Some(topic) = &mut self.topics[number as usize] else {
                self.end_batch();
                continue;
            };
            let cursor = match self.cursor {
                Some(cursor) => cursor,
                None => {
                    self.batch.append(&mut topic.waiting);
                    Cursor::default()
                }
            };
            self.cursor = Some(Cursor { place: cursor.place + 1, given: 0 });
            match topic.places.get(cursor.place as usize) {
                Some(Some(place)) => {
                    let missed = place.since.wrapping_sub(topic.batched) as i32;
                    let missed = (missed.max(0) as usize).max(cursor.given);
                    if missed < self.batch.len() {
                        return Some(Due { conn: place.conn, missed, note: place.note });
                    }
                }
                Some(None) => {}
                None => self.end_batch(),
            }
        }
    }

    /// The subscriber that [`next`](Topics::next) named was given the first `given` of the batch only: it is the next one again.
    pub(crate) fn serve_again(&mut self, given: usize) {
        if let Some(cursor) = &mut self.cursor {
            *cursor = Cursor { place: cursor.place - 1, given };
        }
    }

    /// What the subscriber that [`next`](Topics::next) named gets. Taken, so that it can be given while the topics change; to be given back.
    pub(crate) fn take_batch(&mut self) -> Vec<P> {
        std::mem::take(&mut self.batch)
    }

    /// Gives the batch back.
    pub(crate) fn return_batch(&mut self, batch: Vec<P>) {
        // The topic may have lost its last subscriber meanwhile: nobody is left to get it.
        if self.cursor.is_some() {
            self.batch = batch;
        }
    }

    /// The batch of the first busy topic has been given to all.
    fn end_batch(&mut self) {
        let served = self.batch.len();
        self.batch.clear();
        self.cursor = None;
        let Some(number) = self.busy.pop_front() else { return };
        let Some(topic) = &mut self.topics[number as usize] else { return };
        topic.batched = topic.batched.wrapping_add(served as u32);
        if !topic.waiting.is_empty() {
            self.busy.push_back(number);
        }
    }

    fn open(&mut self, name: &str) -> u32 {
        let name: Arc<str> = name.into();
        let number = self.free.pop().unwrap_or(self.topics.len() as u32);
        if number as usize == self.topics.len() {
            self.topics.push(None);
        }
        self.numbers.insert(Arc::clone(&name), number);
        let topic = Topic { name, places: Vec::new(), free: Vec::new(), waiting: Vec::new(), batched: 0 };
        self.topics[number as usize] = Some(topic);
        number
    }

    fn close(&mut self, number: u32) -> Option<Arc<str>> {
        let topic = self.topics[number as usize].take()?;
        self.numbers.remove(&topic.name);
        if self.busy.front() == Some(&number) {
            self.busy.pop_front();
            self.batch.clear();
            self.cursor = None;
        } else {
            self.busy.retain(|busy| *busy != number);
        }
        self.free.push(number);
        Some(topic.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conn(slot: u32) -> ConnId {
        ConnId { worker: 0, slot, generation: 0 }
    }

    /// Serves everybody; what each got, in order.
    fn served(topics: &mut Topics<char>) -> Vec<(u32, String)> {
        let mut all = Vec::new();
        while let Some(due) = topics.next() {
            let batch = topics.take_batch();
            all.push((due.conn.slot, batch[due.missed..].iter().collect()));
            topics.return_batch(batch);
        }
        all
    }

    #[test]
    fn places_leave_at_most_a_quarter_unused() {
        let mut topics: Topics<char> = Topics::default();
        for slot in 0..5000 {
            topics.join("a", conn(slot));
            let places = &topics.topics[0].as_ref().expect("it was joined").places;
            assert!(
                places.capacity() <= places.len() + places.len() / 4 + 4,
                "{} of {}",
                places.len(),
                places.capacity()
            );
        }
    }

    #[test]
    fn each_subscriber_gets_all_that_waits_at_once() {
        let mut topics = Topics::default();
        topics.join("a", conn(1));
        topics.join("b", conn(1));
        topics.join("a", conn(2));
        for (topic, publication) in [("a", 'x'), ("b", 'y'), ("a", 'z'), ("nobody", 'n')] {
            topics.publish(topic, publication);
        }
        assert_eq!(served(&mut topics), [(1, "xz".into()), (2, "xz".into()), (1, "y".into())]);
        assert!(!topics.is_busy());
    }

    #[test]
    fn who_joins_later_gets_what_is_published_later() {
        let mut topics = Topics::default();
        topics.join("a", conn(1));
        topics.publish("a", 'x');
        topics.join("a", conn(2));
        topics.publish("a", 'y');
        assert_eq!(topics.next(), Some(Due { conn: conn(1), missed: 0, note: 0 }));
        topics.join("a", conn(3));
        topics.publish("a", 'z');
        assert_eq!(served(&mut topics), [(2, "y".into()), (1, "z".into()), (2, "z".into()), (3, "z".into())]);
    }

    #[test]
    fn a_subscriber_that_took_a_part_is_served_again_and_whoever_took_its_place_is_not() {
        let mut topics = Topics::default();
        let (first, _) = topics.join("a", conn(1));
        topics.join("a", conn(2));
        ['x', 'y', 'z'].iter().for_each(|publication| topics.publish("a", *publication));
        assert_eq!(topics.next(), Some(Due { conn: conn(1), missed: 0, note: 0 }));
        topics.serve_again(1);
        assert_eq!(topics.next(), Some(Due { conn: conn(1), missed: 1, note: 0 }));
        topics.serve_again(2);
        topics.leave(first);
        assert_eq!(topics.join("a", conn(3)).0, first);
        assert_eq!(served(&mut topics), [(2, "xyz".into())]);
    }

    #[test]
    fn who_has_left_gets_nothing_and_its_place_is_used_again() {
        let mut topics = Topics::default();
        let (first, is_first) = topics.join("a", conn(1));
        assert!(is_first);
        let (second, is_first) = topics.join("a", conn(2));
        assert!(!is_first);
        topics.publish("a", 'x');
        assert_eq!(topics.leave(first), None);
        assert_eq!(topics.leave(first), None, "twice");
        assert_eq!(topics.join("a", conn(3)).0, first);
        assert_eq!(served(&mut topics), [(2, "x".into())]);
        topics.publish("a", 'y');
        assert_eq!(served(&mut topics), [(3, "y".into()), (2, "y".into())]);
        assert_eq!(topics.leave(second), None);
        assert_eq!(topics.leave(first).as_deref(), Some("a"), "the last one");
        topics.publish("a", 'z');
        assert!(!topics.is_busy());
    }

    #[test]
    fn a_topic_that_is_left_by_all_in_the_middle_of_a_batch_ends_it() {
        let mut topics = Topics::default();
        let (only, _) = topics.join("a", conn(1));
        topics.join("b", conn(2));
        topics.publish("a", 'x');
        topics.publish("b", 'y');
        assert!(topics.next().is_some());
        let batch = topics.take_batch();
        assert_eq!(topics.leave(only).as_deref(), Some("a"));
        topics.return_batch(batch);
        assert_eq!(served(&mut topics), [(2, "y".into())]);
    }
}
