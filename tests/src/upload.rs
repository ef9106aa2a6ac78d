//! An upload of 100 MB, and what takes it counts: bytes, their sum, and what its thread holds meanwhile.

use std::net::SocketAddr;

use crate::alloc::counts;
use crate::dial::Dial;

/// Bytes that are uploaded.
pub const BYTES: usize = 100 << 20;
/// Bytes that a server's thread may hold more than before, at any time. hop holds far less, but the frameworks' own servers count, too.
const HELD_BYTES_MAX: isize = 4 << 20;
/// The boundary of multipart bodies is this letter, the content another.
const CONTENT: u8 = b'z';

/// What has come of an upload.
#[derive(Debug)]
pub struct Tally {
    bytes: usize,
    sum: usize,
    before: isize,
    held_bytes_max: isize,
}

impl Default for Tally {
    fn default() -> Tally {
        Tally { bytes: 0, sum: 0, before: counts().live_bytes, held_bytes_max: 0 }
    }
}

impl Tally {
    /// Counts a piece, on the thread that serves.
    pub fn add(&mut self, piece: &[u8]) {
        self.bytes += piece.len();
        self.sum += piece.iter().map(|byte| usize::from(*byte)).sum::<usize>();
        self.held_bytes_max = self.held_bytes_max.max(counts().live_bytes - self.before);
    }

    /// What has come.
    ///
    /// # Panics
    /// When too much was held at once.
    pub fn text(&self) -> String {
        assert!(self.held_bytes_max < HELD_BYTES_MAX, "{} bytes were held at once", self.held_bytes_max);
        format!("{} bytes with sum {}", self.bytes, self.sum)
    }
}

/// What a [`Tally`] says of the whole upload.
pub fn whole() -> String {
    format!("{BYTES} bytes with sum {}", BYTES * usize::from(CONTENT))
}

/// Uploads as a stream of known length; gives the answer's body.
pub fn stream(address: SocketAddr, path: &str) -> String {
    send(address, path, "", "")
}

/// Uploads as a file of a multipart form; gives the answer's body.
pub fn multipart(address: SocketAddr, path: &str) -> String {
    let head = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n";
    send(address, path, head, "\r\n--B--\r\n")
}

fn send(address: SocketAddr, path: &str, head: &str, tail: &str) -> String {
    let mut client = Dial::to(address);
    let length = head.len() + BYTES + tail.len();
    let kind = "Content-Type: multipart/form-data; boundary=B";
    client.send(format!("POST {path} HTTP/1.1\r\nHost: a\r\n{kind}\r\nContent-Length: {length}\r\n\r\n{head}"));
    let piece = vec![CONTENT; 64 * 1024];
    (0..BYTES / piece.len()).for_each(|_| _ = client.send(&piece));
    let answer = client.send(tail).answer("POST");
    String::from_utf8(answer.body).expect("the answer is text")
}
