//! The practical ceiling of a file server: for each request one read, one open, a constant head and sendfile.
//!
//! Edge-triggered for both directions from the start, so no call ever changes the interest. Nothing is parsed: every
//! request gets the file of the file workload, and the next one is expected when the answer before it is complete.

use hop_benches::{
    ceiling::{self, Work},
    requests::{FILE_BYTES, FILE_NAME},
};
use hop_examples::{Flag, Options};
use rustix::{
    event::epoll::EventFlags,
    fd::{BorrowedFd, OwnedFd},
    fs::{self, Mode, OFlags},
    io::Errno,
    net::SendFlags,
};
use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let root = Flag::new("--root", "DIR", ".", "where the file of the file workload lies");
    let options = Options::with("The ceiling of a file server: open and sendfile (always one thread).", &[root]);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: {FILE_BYTES}\r\n\
         date: Mon, 23 Nov 2026 18:24:00 GMT\r\n\r\n"
    );
    let path = PathBuf::from(options.flags.text("--root")).join(FILE_NAME);
    ceiling::serve(&options.addr, OneFile { path, head: head.into_bytes(), input: vec![0; 16 * 1024] })
}

struct OneFile {
    path: PathBuf,
    head: Vec<u8>,
    input: Vec<u8>,
}

/// A file on its way: where it is read lies in the open file itself.
struct Sending {
    file: OwnedFd,
    left: usize,
}

impl Work for OneFile {
    type State = Option<Sending>;
    const INTEREST: EventFlags = EventFlags::IN.union(EventFlags::OUT).union(EventFlags::ET);

    fn ready(&mut self, socket: BorrowedFd<'_>, state: &mut Option<Sending>) -> Result<bool, Errno> {
        if state.is_none() {
            match rustix::io::read(socket, &mut self.input[..]) {
                Ok(0) => return Ok(false),
                Ok(_) => *state = Some(self.open(socket)?),
                Err(Errno::AGAIN) => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        if let Some(sending) = state
            && send(socket, sending)?
        {
            *state = None;
        }
        Ok(true)
    }
}

impl OneFile {
    fn open(&self, socket: BorrowedFd<'_>) -> Result<Sending, Errno> {
        let file = fs::open(&self.path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        rustix::net::send(socket, &self.head, SendFlags::MORE)?;
        Ok(Sending { file, left: FILE_BYTES })
    }
}

/// Sends what the socket takes; true when the file is out.
fn send(socket: BorrowedFd<'_>, sending: &mut Sending) -> Result<bool, Errno> {
    while sending.left > 0 {
        match fs::sendfile(socket, &sending.file, None, sending.left) {
            Ok(0) => return Err(Errno::IO),
            Ok(sent) => sending.left -= sent,
            Err(Errno::AGAIN) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
