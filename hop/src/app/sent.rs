//! What becomes of what a handler sends.

/// What became of something that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sent {
    /// It is on its way.
    Now,
    /// It waits, with so many bytes in all, until the client has taken what was sent before.
    Queued(usize),
    /// It was dropped: as much waits for the client as may wait.
    Full,
    /// The client has gone, or the server has stopped: nobody will see it.
    Closed,
    /// It was dropped: it cannot be written, and what is wrong with it was logged.
    Unwritable,
}
