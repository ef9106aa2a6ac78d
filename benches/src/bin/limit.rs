//! The practical ceiling of plain HTTP: epoll in level mode, one read, one write, nothing parsed, a constant answer.
//!
//! It is also the ceiling of connection churn, for it does nothing at accept but `accept4` and `epoll_ctl`, and nothing
//! at the end but `close`. To answer pipelined requests, all by one write, it counts the empty lines in what one read
//! brought (one vectorised search). A request is taken to arrive whole: its last line split over two reads is missed.

use hop_benches::{
    ceiling::{self, Work},
    requests::{self, ANSWER},
};
use hop_examples::Options;
use memchr::memmem::Finder;
use rustix::{event::epoll::EventFlags, fd::BorrowedFd, io::Errno};

const INPUT_BYTES: usize = 64 * 1024;
const ANSWERS_AT_ONCE_MAX: usize = INPUT_BYTES / 16;

fn main() -> std::io::Result<()> {
    let options = Options::from_args("The ceiling: answers whatever comes with a constant (always one thread).");
    let work = Constant {
        input: vec![0; INPUT_BYTES],
        answers: ANSWER.repeat(ANSWERS_AT_ONCE_MAX),
        head_end: Finder::new(b"\r\n\r\n"),
    };
    ceiling::serve(&options.addr, work)
}

struct Constant {
    /// One buffer for all connections.
    input: Vec<u8>,
    answers: Vec<u8>,
    head_end: Finder<'static>,
}

impl Work for Constant {
    type State = ();
    const INTEREST: EventFlags = EventFlags::IN;

    fn ready(&mut self, socket: BorrowedFd<'_>, (): &mut ()) -> Result<bool, Errno> {
        let read = rustix::io::read(socket, &mut self.input[..])?;
        if read == 0 {
            return Ok(false);
        }
        let answers_bytes = requests::count(&self.input[..read], &self.head_end) * ANSWER.len();
        // A client that does not read its answers is cut off: the ceiling keeps nothing for later.
        Ok(answers_bytes == 0 || rustix::io::write(socket, &self.answers[..answers_bytes])? == answers_bytes)
    }
}
