//! Unsent output: the worker's cork, and the queue that a connection has only while its socket does not take more.
//!
//! One turn of one connection writes into the cork; the driver sends it with one system call. What the socket does not take
//! moves to the connection's boxed [`Queue`] and from then on output goes there, so that bytes never overtake each other.
//! Invariant: the cork holds bytes of a connection only while that connection has no queue.

use std::collections::VecDeque;
use std::fs::File;
use std::io::IoSlice;
use std::sync::Arc;

use bytes::Bytes;

/// Shared bytes up to this size are copied beside the head; larger ones are queued by reference.
const COPY_BYTES_MAX: usize = 8 * 1024;
/// Owned runs in a queue grow up to this size, so that a sent run is freed before the whole queue is.
const RUN_BYTES_MAX: usize = 64 * 1024;
/// Memory that a worker keeps for its cork.
const CORK_BYTES_MAX: usize = 256 * 1024;

/// A range of an open file: sent by the driver without passing through user memory where the system can.
#[derive(Clone, Debug)]
pub struct FileRange {
    /// The file, open for reading.
    pub file: Arc<File>,
    /// Where the range starts.
    pub offset: u64,
    /// Bytes left to send.
    pub len: u64,
}

impl FileRange {
    /// Its first bytes, for a driver that has no system call to send them by. `None`: the file is shorter than it was.
    pub(crate) fn read(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; self.len.min(64 * 1024) as usize];
        let read = std::os::unix::fs::FileExt::read_at(&*self.file, &mut bytes, self.offset).unwrap_or(0);
        bytes.truncate(read);
        (read > 0).then_some(bytes)
    }
}

/// One run of a queue.
#[derive(Debug)]
enum Run {
    Owned {
        data: Vec<u8>,
        sent: usize,
    },
    /// A message that may be dropped as a whole, as long as nothing of it has left.
    Droppable {
        data: Vec<u8>,
        sent: usize,
    },
    Shared(Bytes),
    File(FileRange),
}

impl Run {
    fn len(&self) -> u64 {
        match self {
            Run::Owned { data, sent } | Run::Droppable { data, sent } => (data.len() - sent) as u64,
            Run::Shared(bytes) => bytes.len() as u64,
            Run::File(range) => range.len,
        }
    }

    /// The unsent bytes, for runs that are in memory.
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Run::Owned { data, sent } | Run::Droppable { data, sent } => Some(&data[*sent..]),
            Run::Shared(bytes) => Some(bytes),
            Run::File(_) => None,
        }
    }

    fn advance(&mut self, n: u64) {
        match self {
            Run::Owned { sent, .. } | Run::Droppable { sent, .. } => *sent += n as usize,
            Run::Shared(bytes) => bytes::Buf::advance(bytes, n as usize),
            Run::File(range) => (range.offset, range.len) = (range.offset + n, range.len - n),
        }
    }
}

/// The unsent output of one connection, in order. Exists only while there is some.
#[derive(Debug, Default)]
pub struct Queue {
    runs: VecDeque<Run>,
    /// Bytes held in memory; file ranges do not count.
    memory_bytes: usize,
    /// How many of the runs were there at the last [`Out::mark`]. What has been dropped since is not among them.
    marked: usize,
    /// The last run is not appended to: it may be older than the mark.
    sealed: bool,
}

impl Queue {
    /// Bytes of output held in memory, without file ranges.
    pub fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Whether nothing is left to send.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// What can be sent next.
    pub fn front(&self) -> Output<'_> {
        match self.runs.front() {
            None => Output::Nothing,
            Some(Run::File(range)) => Output::File(range),
            Some(_) => Output::Slices(Slices { runs: &self.runs }),
        }
    }

    /// Forgets `n` sent bytes.
    pub fn advance(&mut self, n: usize) {
        let mut left = n as u64;
        while left > 0 {
            let Some(run) = self.runs.front_mut() else { return };
            let step = left.min(run.len());
            if !matches!(run, Run::File(_)) {
                self.memory_bytes -= step as usize;
            }
            run.advance(step);
            left -= step;
            if run.len() == 0 {
                self.runs.pop_front();
            }
        }
    }

    /// The vector that small output is appended to.
    fn tail(&mut self) -> &mut Vec<u8> {
        let fits = !std::mem::take(&mut self.sealed)
            && matches!(self.runs.back(), Some(Run::Owned { data, .. }) if data.len() < RUN_BYTES_MAX);
        if !fits {
            self.runs.push_back(Run::Owned { data: Vec::new(), sent: 0 });
        }
        match self.runs.back_mut() {
            Some(Run::Owned { data, .. }) => data,
            _ => unreachable!("an owned run was pushed when the last was none"),
        }
    }

    /// The vector that [`Queue::tail`] gave has grown from `before` bytes to `after`.
    fn grown(&mut self, before: usize, after: usize) {
        self.memory_bytes += after - before;
        if after == 0 {
            self.runs.pop_back();
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.tail().extend_from_slice(bytes);
        self.memory_bytes += bytes.len();
    }

    fn push(&mut self, run: Run) {
        if !matches!(run, Run::File(_)) {
            self.memory_bytes += run.len() as usize;
        }
        if run.len() > 0 {
            self.runs.push_back(run);
        }
    }

    /// Drops messages that have waited longest until `bytes` fit below `bytes_max`. `false`: they would not, and nothing is dropped.
    fn drop_oldest(&mut self, bytes: usize, bytes_max: usize) -> bool {
        let excess = (self.memory_bytes + bytes).saturating_sub(bytes_max);
        if self.droppable_bytes() < excess {
            return false;
        }
        let (mut dropped, mut at, marked) = (0, 0, self.marked);
        self.runs.retain(|run| {
            let is_marked = at < marked;
            at += 1;
            match run {
                Run::Droppable { data, sent: 0 } if dropped < excess => {
                    dropped += data.len();
                    self.marked -= usize::from(is_marked);
                    false
                }
                _ => true,
            }
        });
        self.memory_bytes -= dropped;
        self.sealed |= dropped > 0;
        true
    }

    fn droppable_bytes(&self) -> usize {
        let whole = self.runs.iter().filter(|run| matches!(run, Run::Droppable { sent: 0, .. }));
        whole.map(|run| run.len() as usize).sum()
    }

    fn mark(&mut self) -> QueueMark {
        self.marked = self.runs.len();
        let owned_bytes = match self.runs.back() {
            Some(Run::Owned { data, .. }) => Some(data.len()),
            _ => None,
        };
        QueueMark { owned_bytes }
    }

    /// Back to what was there at the mark. What has been dropped since to make room stays dropped.
    fn truncate(&mut self, mark: QueueMark) {
        self.runs.truncate(self.marked);
        if let (Some(bytes), Some(Run::Owned { data, .. })) = (mark.owned_bytes, self.runs.back_mut()) {
            data.truncate(bytes);
        }
        let in_memory = self.runs.iter().filter(|run| !matches!(run, Run::File(_)));
        self.memory_bytes = in_memory.map(|run| run.len() as usize).sum();
    }
}

/// What the driver should send next.
#[derive(Debug)]
pub enum Output<'a> {
    /// Nothing is waiting.
    Nothing,
    /// These bytes.
    Bytes(&'a [u8]),
    /// These slices, in one call.
    Slices(Slices<'a>),
    /// This part of a file, a bounded number of bytes a turn.
    File(&'a FileRange),
}

/// Runs of bytes in memory, for one vectored write.
#[derive(Clone, Copy, Debug)]
pub struct Slices<'a> {
    runs: &'a VecDeque<Run>,
}

impl<'a> Slices<'a> {
    /// The slices, up to the first part of a file; at least one, none of them empty.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.runs.iter().map_while(Run::bytes)
    }

    /// Puts the first slices into `into`; returns how many, and whether more output waits behind them, such as a file: then the last
    /// packet need not leave half full.
    pub fn fill(&self, into: &mut [IoSlice<'a>]) -> (usize, bool) {
        let filled = into.iter_mut().zip(self.iter()).map(|(into, bytes)| *into = IoSlice::new(bytes)).count();
        (filled, filled < self.runs.len())
    }
}

/// Where a turn began to write: see [`Out::rollback`].
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Of the same turn, before: the socket was not offered them yet.
    pub(crate) cork_bytes: usize,
    /// Of the queue, if there is one.
    queue: Option<QueueMark>,
}

#[derive(Clone, Copy, Debug)]
struct QueueMark {
    /// Length of the last run, if that can grow.
    owned_bytes: Option<usize>,
}

/// Where one turn of one connection writes: the cork, or the connection's queue when it has one.
#[derive(Debug)]
pub struct Out<'a> {
    /// The worker's cork.
    pub cork: &'a mut Vec<u8>,
    /// The connection's queue.
    pub queue: &'a mut Option<Box<Queue>>,
}

impl Out<'_> {
    /// Appends what `write` writes into the vector that it is given. It may only append.
    pub fn write<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let into = match self.queue {
            None => &mut *self.cork,
            Some(queue) => queue.tail(),
        };
        let before = into.len();
        let result = write(into);
        let after = into.len();
        if let Some(queue) = self.queue {
            queue.grown(before, after);
        }
        result
    }

    /// Appends bytes that are shared: copied when small, by reference when not.
    pub fn shared(&mut self, bytes: Bytes) {
        if bytes.len() <= COPY_BYTES_MAX {
            self.write(|out| out.extend_from_slice(&bytes));
        } else {
            self.queue().push(Run::Shared(bytes));
        }
    }

    /// Appends a message that may be dropped as a whole by [`Out::drop_oldest`]; the connection has a queue.
    pub fn droppable(&mut self, data: Vec<u8>) {
        self.queue().push(Run::Droppable { data, sent: 0 });
    }

    /// Drops messages that have waited longest, none that has begun to leave, until `bytes` fit below `bytes_max`.
    /// `false`: they would not, and nothing is dropped.
    pub fn drop_oldest(&mut self, bytes: usize, bytes_max: usize) -> bool {
        self.queue.as_mut().is_some_and(|queue| queue.drop_oldest(bytes, bytes_max))
    }

    /// Appends a range of a file.
    pub fn file(&mut self, range: FileRange) {
        self.queue().push(Run::File(range));
    }

    /// Bytes waiting in memory for this connection.
    pub fn memory_bytes(&self) -> usize {
        self.queue.as_ref().map_or(self.cork.len(), |queue| queue.memory_bytes())
    }

    /// Remembers this place in the output.
    pub fn mark(&mut self) -> Mark {
        Mark { cork_bytes: self.cork.len(), queue: self.queue.as_deref_mut().map(Queue::mark) }
    }

    /// Takes back all that was written since `mark`, which must be of the same turn.
    pub fn rollback(&mut self, mark: Mark) {
        match (&mut self.queue, mark.queue) {
            (Some(queue), Some(mark)) => queue.truncate(mark),
            (Some(queue), None) => {
                // The turn moved the cork to a queue: what was in the cork before is the start of its first run.
                if let Some(Run::Owned { data, .. }) = queue.runs.front() {
                    self.cork.extend_from_slice(&data[..mark.cork_bytes]);
                }
                *self.queue = None;
            }
            (None, _) => self.cork.truncate(mark.cork_bytes),
        }
    }

    /// The queue, made now if there is none; the cork's bytes go before what comes.
    fn queue(&mut self) -> &mut Queue {
        if self.queue.is_none() {
            let mut queue = Box::<Queue>::default();
            if self.cork.len() > CORK_BYTES_MAX {
                queue.push(Run::Owned { data: std::mem::take(self.cork), sent: 0 });
            } else {
                queue.append(self.cork);
                empty(self.cork);
            }
            *self.queue = Some(queue);
        }
        self.queue.as_mut().expect("made above when it was missing")
    }

    /// Forgets `n` sent bytes.
    #[inline]
    pub fn advance(&mut self, n: usize) {
        match self.queue {
            Some(queue) => {
                queue.advance(n);
                if queue.is_empty() {
                    *self.queue = None;
                }
            }
            None if n >= self.cork.len() => empty(self.cork),
            None => drop(self.cork.drain(..n)),
        }
    }

    /// Ends the turn: what is still in the cork moves to the connection's queue.
    pub fn uncork(&mut self) {
        if !self.cork.is_empty() {
            self.queue();
        }
    }
}

/// Empties the cork. Its memory is used again, unless an uncommonly large answer has made it uncommonly large.
#[inline]
fn empty(cork: &mut Vec<u8>) {
    cork.clear();
    cork.shrink_to(CORK_BYTES_MAX);
}

/// What can be sent next of a connection's cork and queue.
pub fn front<'a>(cork: &'a [u8], queue: &'a Option<Box<Queue>>) -> Output<'a> {
    match queue {
        Some(queue) => queue.front(),
        None if cork.is_empty() => Output::Nothing,
        None => Output::Bytes(cork),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is sent when the socket takes `step` bytes at a time.
    fn drain(cork: &mut Vec<u8>, queue: &mut Option<Box<Queue>>, step: usize) -> Vec<u8> {
        let mut sent = Vec::new();
        loop {
            let next: Vec<u8> = match front(cork, queue) {
                Output::Nothing => return sent,
                Output::Bytes(bytes) => bytes.to_vec(),
                Output::Slices(slices) => slices.iter().flat_map(|slice| slice.to_vec()).collect(),
                Output::File(_) => panic!("no file was written"),
            };
            let n = next.len().min(step);
            sent.extend_from_slice(&next[..n]);
            Out { cork, queue }.advance(n);
        }
    }

    #[test]
    fn a_large_answer_leaves_no_large_cork_behind() {
        for sent in [0, 1 << 20] {
            let (mut cork, mut queue) = (vec![7; 1 << 20], None);
            let mut out = Out { cork: &mut cork, queue: &mut queue };
            out.advance(sent);
            out.uncork();
            assert!(cork.is_empty() && cork.capacity() <= CORK_BYTES_MAX, "{}", cork.capacity());
            assert_eq!(drain(&mut cork, &mut queue, 1 << 18).len(), (1 << 20) - sent);
        }
    }

    fn fill(slices: Slices<'_>) -> (usize, bool) {
        slices.fill(&mut [IoSlice::new(&[]); 4])
    }

    #[test]
    fn what_stands_before_a_file_says_that_more_follows() {
        let (mut cork, mut queue) = (b"head".to_vec(), None);
        let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
        Out { cork: &mut cork, queue: &mut queue }.file(FileRange { file: Arc::new(file), offset: 0, len: 1 });
        assert!(matches!(front(&cork, &queue), Output::Slices(slices) if fill(slices) == (1, true)));
        let (mut cork, mut queue) = (b"head".to_vec(), None);
        Out { cork: &mut cork, queue: &mut queue }.uncork();
        assert!(matches!(front(&cork, &queue), Output::Slices(slices) if fill(slices) == (1, false)));
    }

    fn large(byte: u8) -> Bytes {
        Bytes::from(vec![byte; COPY_BYTES_MAX + 1])
    }

    #[test]
    fn bytes_leave_in_the_order_in_which_they_were_written_however_the_socket_takes_them() {
        for step in [1, 7, 4096, usize::MAX] {
            let (mut cork, mut queue) = (Vec::new(), None);
            let mut out = Out { cork: &mut cork, queue: &mut queue };
            out.write(|out| out.extend_from_slice(b"head"));
            out.shared(Bytes::from_static(b"small"));
            out.shared(large(b'x'));
            out.write(|out| out.extend_from_slice(b"tail"));
            let mut expected = b"headsmall".to_vec();
            expected.extend_from_slice(&large(b'x'));
            expected.extend_from_slice(b"tail");
            assert_eq!(out.memory_bytes(), expected.len());
            assert!(drain(&mut cork, &mut queue, step) == expected, "step {step}");
            assert!(queue.is_none() && cork.is_empty());
        }
    }

    #[test]
    fn what_the_socket_does_not_take_stays_ahead_of_what_comes_next() {
        let (mut cork, mut queue) = (b"first".to_vec(), None);
        let mut out = Out { cork: &mut cork, queue: &mut queue };
        out.advance(2);
        out.uncork();
        out.write(|out| out.extend_from_slice(b" second"));
        assert!(cork.is_empty(), "a connection with a queue does not use the cork");
        assert_eq!(drain(&mut cork, &mut queue, 3), b"rst second");
    }

    #[test]
    fn the_oldest_are_dropped_only_where_that_makes_room() {
        let (mut cork, mut queue) = (vec![b'a'; 40], None);
        let mut out = Out { cork: &mut cork, queue: &mut queue };
        out.uncork();
        (b'b'..=b'd').for_each(|byte| out.droppable(vec![byte; 20]));
        assert!(!out.drop_oldest(61, 100), "what cannot be dropped is in the way");
        assert_eq!(out.memory_bytes(), 100);
        assert!(out.drop_oldest(21, 100));
        assert_eq!(out.memory_bytes(), 60);
        assert_eq!(drain(&mut cork, &mut queue, 100), [vec![b'a'; 40], vec![b'd'; 20]].concat());
    }

    #[test]
    fn a_rollback_takes_back_the_turn_and_nothing_else() {
        let writes: [fn(&mut Out<'_>); 3] = [
            |out| out.write(|out| out.extend_from_slice(b"undone")),
            |out| out.shared(large(b'u')),
            |out| {
                out.write(|out| out.extend_from_slice(b"undone"));
                out.shared(large(b'u'));
                out.write(|out| out.extend_from_slice(b"undone"));
            },
        ];
        for queued in [false, true] {
            for write in writes {
                let (mut cork, mut queue) = (Vec::new(), None);
                let mut out = Out { cork: &mut cork, queue: &mut queue };
                out.write(|out| out.extend_from_slice(b"kept"));
                if queued {
                    out.uncork();
                }
                let mark = out.mark();
                write(&mut out);
                out.rollback(mark);
                assert_eq!(out.memory_bytes(), 4, "queued: {queued}");
                assert_eq!(drain(&mut cork, &mut queue, 1), b"kept", "queued: {queued}");
            }
        }
    }

    #[test]
    fn a_file_leaves_in_its_place_and_counts_as_no_memory() {
        let (mut cork, mut queue) = (Vec::new(), None);
        let mut out = Out { cork: &mut cork, queue: &mut queue };
        out.write(|out| out.extend_from_slice(b"head"));
        let file = Arc::new(File::open("/dev/null").expect("it is always there"));
        out.file(FileRange { file, offset: 3, len: 9 });
        assert_eq!(out.memory_bytes(), 4);
        out.advance(4);
        out.advance(2);
        assert!(matches!(front(out.cork, out.queue), Output::File(FileRange { offset: 5, len: 7, .. })));
        out.advance(7);
        assert!(queue.is_none());
    }
}
