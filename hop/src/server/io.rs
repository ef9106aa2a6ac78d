//! One read and one write of a socket, without blocking.

use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::{Errno, Result};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags};

use crate::buf::out::{FileRange, Output, Slices};

/// How many slices one vectored write gets at most.
const SLICES_MAX: usize = 32;

/// What one read gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// So many bytes, at least one.
    Bytes(usize),
    /// Nothing now.
    Nothing,
    /// The client has sent all that it will send.
    End,
    /// The connection is broken.
    Broken,
}

/// Reads once. `into` must not be empty, or the end could not be told from nothing.
pub(crate) fn read(socket: BorrowedFd<'_>, into: &mut [u8]) -> Read {
    read_with(socket, into, RecvFlags::empty())
}

/// Looks whether the end is what would be read next, without taking anything.
pub(crate) fn peek(socket: BorrowedFd<'_>) -> Read {
    read_with(socket, &mut [0], RecvFlags::PEEK)
}

fn read_with(socket: BorrowedFd<'_>, into: &mut [u8], flags: RecvFlags) -> Read {
    debug_assert!(!into.is_empty(), "an empty read looks like an end");
    match rustix::net::recv(socket, into, flags) {
        Ok((_, 0)) => Read::End,
        Ok((_, bytes)) => Read::Bytes(bytes),
        // Level mode tells again what a signal has interrupted.
        Err(Errno::AGAIN | Errno::INTR) => Read::Nothing,
        Err(_) => Read::Broken,
    }
}

/// What one write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// There was nothing to write.
    Nothing,
    /// So many bytes, and the socket may take more.
    All(usize),
    /// So many bytes, perhaps none, and the socket takes no more now.
    Part(usize),
    /// The connection is broken, or a file is shorter than it was.
    Broken,
}

/// Writes once; of a file at most `file_bytes_max`.
#[inline]
pub(crate) fn write(socket: BorrowedFd<'_>, output: &Output<'_>, file_bytes_max: usize) -> Written {
    match output {
        Output::Nothing => Written::Nothing,
        Output::Bytes(bytes) => judge(bytes.len(), rustix::net::send(socket, bytes, SendFlags::NOSIGNAL)),
        Output::Slices(slices) => write_slices(socket, *slices),
        Output::File(range) => write_file(socket, range, file_bytes_max),
    }
}

#[inline(never)]
fn write_slices(socket: BorrowedFd<'_>, slices: Slices<'_>) -> Written {
    let mut room = [IoSlice::new(&[]); SLICES_MAX];
    let (filled, more) = slices.fill(&mut room);
    let slices = &room[..filled];
    let sent = rustix::net::sendmsg(socket, slices, &mut SendAncillaryBuffer::default(), send_flags(more));
    judge(slices.iter().map(|slice| slice.len()).sum(), sent)
}

#[inline(never)]
fn write_file(socket: BorrowedFd<'_>, range: &FileRange, file_bytes_max: usize) -> Written {
    let wanted = usize::try_from(range.len).unwrap_or(usize::MAX).min(file_bytes_max);
    match send_file(socket, range, wanted) {
        // The file was cut after it was measured: what was promised cannot be sent.
        Ok(0) => Written::Broken,
        sent => judge(wanted, sent),
    }
}

/// A head that a file follows leaves with the file's first bytes, not in a packet of its own.
fn send_flags(more: bool) -> SendFlags {
    #[cfg(target_os = "linux")]
    if more {
        return SendFlags::NOSIGNAL | SendFlags::MORE;
    }
    let _ = more;
    SendFlags::NOSIGNAL
}

/// Less than was offered means that the socket is full: no second call is made to hear it again.
#[inline]
fn judge(offered: usize, written: Result<usize>) -> Written {
    match written {
        Ok(bytes) if bytes == offered => Written::All(bytes),
        Ok(bytes) => Written::Part(bytes),
        Err(Errno::AGAIN | Errno::INTR) => Written::Part(0),
        Err(_) => Written::Broken,
    }
}

#[cfg(target_os = "linux")]
fn send_file(socket: BorrowedFd<'_>, range: &FileRange, wanted: usize) -> Result<usize> {
    let mut offset = range.offset;
    match rustix::fs::sendfile(socket, range.file.as_fd(), Some(&mut offset), wanted) {
        // Some file systems cannot.
        Err(Errno::INVAL | Errno::NOSYS) => copy_file(socket, range, wanted),
        sent => sent,
    }
}

#[cfg(not(target_os = "linux"))]
fn send_file(socket: BorrowedFd<'_>, range: &FileRange, wanted: usize) -> Result<usize> {
    copy_file(socket, range, wanted)
}

/// Reads and sends; what the socket does not take is read again the next time.
fn copy_file(socket: BorrowedFd<'_>, range: &FileRange, wanted: usize) -> Result<usize> {
    const COPY_BYTES: usize = 64 * 1024;
    let mut buffer = vec![0; wanted.min(COPY_BYTES)];
    let mut copied = 0;
    while copied < wanted {
        let room = (wanted - copied).min(buffer.len());
        let read = rustix::io::pread(range.file.as_fd(), &mut buffer[..room], range.offset + copied as u64)?;
        if read == 0 {
            break;
        }
        match rustix::net::send(socket, &buffer[..read], SendFlags::NOSIGNAL) {
            Ok(sent) if sent == read => copied += sent,
            Ok(sent) => return Ok(copied + sent),
            Err(_) if copied > 0 => return Ok(copied),
            Err(error) => return Err(error),
        }
    }
    Ok(copied)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;

    use super::*;

    fn pair() -> (UnixStream, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        (ours, theirs)
    }

    fn file(name: &str, content: &[u8]) -> Arc<File> {
        let path = std::env::temp_dir().join(format!("hop-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        let file = File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        Arc::new(file)
    }

    #[test]
    fn nothing_the_bytes_and_the_end_are_told_apart() {
        let (ours, mut theirs) = pair();
        assert_eq!(read(ours.as_fd(), &mut [0; 8]), Read::Nothing);
        theirs.write_all(b"abc").unwrap();
        assert_eq!(peek(ours.as_fd()), Read::Bytes(1));
        assert_eq!(read(ours.as_fd(), &mut [0; 8]), Read::Bytes(3));
        assert_eq!(peek(ours.as_fd()), Read::Nothing);
        drop(theirs);
        assert_eq!(peek(ours.as_fd()), Read::End);
        assert_eq!(read(ours.as_fd(), &mut [0; 8]), Read::End);
    }

    #[test]
    fn a_full_socket_takes_a_part_and_then_nothing() {
        let (ours, _theirs) = pair();
        let much = vec![7; 4 << 20];
        let Written::Part(taken) = write(ours.as_fd(), &Output::Bytes(&much), 0) else { panic!("it took 4 MiB") };
        assert!(taken > 0);
        assert_eq!(write(ours.as_fd(), &Output::Bytes(&much), 0), Written::Part(0));
    }

    #[test]
    fn writing_to_somebody_who_left_is_broken_and_raises_no_signal() {
        let (ours, theirs) = pair();
        drop(theirs);
        assert_eq!(write(ours.as_fd(), &Output::Bytes(b"a"), 0), Written::Broken);
    }

    #[test]
    fn a_range_of_a_file_is_sent_in_bounded_parts_in_both_ways() {
        for send in [send_file, copy_file] {
            let (ours, mut theirs) = pair();
            let range = FileRange { file: file("range", b"0123456789"), offset: 2, len: 7 };
            assert_eq!(send(ours.as_fd(), &range, 4).unwrap(), 4);
            let rest = FileRange { offset: 6, len: 3, ..range };
            assert_eq!(send(ours.as_fd(), &rest, 3).unwrap(), 3);
            drop(ours);
            let mut text = String::new();
            theirs.read_to_string(&mut text).unwrap();
            assert_eq!(text, "2345678");
        }
    }

    #[test]
    fn a_file_that_was_cut_breaks_the_connection() {
        let (ours, _theirs) = pair();
        let range = FileRange { file: file("cut", b"01"), offset: 2, len: 7 };
        assert_eq!(write(ours.as_fd(), &Output::File(&range), 100), Written::Broken);
    }
}
