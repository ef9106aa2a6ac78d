//! Bytes from a socket to the engine and back, within what one turn of one connection may take.

use std::os::fd::BorrowedFd;

use super::io::{self, Read, Written};
use crate::buf::slab::ConnId;
use crate::engine::{Engine, Next, Outside, Verdict};

/// Bytes that one connection may send in one turn before others have theirs; level mode brings it back. A mebibyte, and room for the head
/// before it, so that a file of that size does not take a second turn for its last bytes.
const TURN_BYTES: usize = (1 << 20) + (16 << 10);

/// Reads once: a short read has emptied the socket, and of a long one level mode tells again. Says whether the client has ended.
#[inline]
pub(crate) fn receive(engine: &mut Engine, id: ConnId, fd: BorrowedFd<'_>, outside: &Outside<'_>) -> bool {
    match io::read(fd, engine.input(id)) {
        Read::Bytes(n) => engine.received(id, n, outside),
        Read::Nothing => {}
        Read::Broken => engine.failed(id, outside),
        Read::End => {
            engine.ended(id, outside);
            return true;
        }
    }
    false
}

/// Sends what a connection has to send, as far as the socket takes it, and gives what is to be done with it then.
#[inline(always)]
pub(crate) fn send(engine: &mut Engine, id: ConnId, fd: BorrowedFd<'_>, outside: &Outside<'_>) -> Verdict {
    let mut left_bytes = TURN_BYTES;
    loop {
        let output = engine.output(id, outside);
        match io::write(fd, &output, left_bytes) {
            Written::Nothing => break,
            Written::All(n) => {
                match engine.wrote(id, n, outside) {
                    Next::Rest => return Verdict::REST,
                    Next::Verdict => break,
                    Next::Output => left_bytes = left_bytes.saturating_sub(n),
                }
                if left_bytes == 0 {
                    return unfinished(engine.verdict(id, outside));
                }
            }
            Written::Part(n) => {
                engine.wrote(id, n, outside);
                break;
            }
            Written::Broken => {
                engine.failed(id, outside);
                break;
            }
        }
    }
    engine.verdict(id, outside)
}

/// Others are to have their turn, although the socket may take more: write interest brings this one back.
fn unfinished(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Watch { read, .. } => Verdict::Watch { read, write: true },
        verdict => verdict,
    }
}
