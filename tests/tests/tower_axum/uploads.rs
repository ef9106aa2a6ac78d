//! Large uploads in bounded memory.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Multipart};
use axum::routing::post;
use futures_util::StreamExt;
use hop_tests::alloc::counts;
use hop_tests::dial::Dial;

use crate::both::same;

/// Bytes of the file that is uploaded.
const FILE_BYTES: usize = 100 << 20;
/// Bytes that a worker may hold more than before, at any time.
const HELD_BYTES_MAX: isize = 4 << 20;

fn app() -> Router {
    let routes = Router::new().route("/multipart", post(multipart)).route("/stream", post(streamed));
    routes.layer(DefaultBodyLimit::disable())
}

/// Counts bytes, and what the thread that polls it holds meanwhile.
struct Tally {
    bytes: usize,
    sum: u64,
    before: isize,
    held_bytes_max: isize,
}

impl Tally {
    fn new() -> Tally {
        Tally { bytes: 0, sum: 0, before: counts().live_bytes, held_bytes_max: 0 }
    }

    fn add(&mut self, chunk: &Bytes) {
        self.bytes += chunk.len();
        self.sum += chunk.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        self.held_bytes_max = self.held_bytes_max.max(counts().live_bytes - self.before);
    }

    fn text(&self) -> String {
        assert!(self.held_bytes_max < HELD_BYTES_MAX, "{} bytes were held at once", self.held_bytes_max);
        format!("{} bytes with sum {}", self.bytes, self.sum)
    }
}

async fn multipart(mut form: Multipart) -> String {
    let mut tally = Tally::new();
    let mut names = Vec::new();
    while let Some(mut field) = form.next_field().await.unwrap() {
        names.push(field.name().unwrap_or_default().to_owned());
        while let Some(chunk) = field.chunk().await.unwrap() {
            tally.add(&chunk);
        }
    }
    format!("{names:?}: {}", tally.text())
}

async fn streamed(body: Body) -> String {
    let mut tally = Tally::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        tally.add(&chunk.unwrap());
    }
    tally.text()
}

fn upload(address: SocketAddr, path: &str, head: &str, tail: &str) -> String {
    let mut client = Dial::to(address);
    let length = head.len() + FILE_BYTES + tail.len();
    let kind = "Content-Type: multipart/form-data; boundary=B";
    client.send(format!("POST {path} HTTP/1.1\r\nHost: a\r\n{kind}\r\nContent-Length: {length}\r\n\r\n{head}"));
    let piece = vec![b'z'; 64 * 1024];
    (0..FILE_BYTES / piece.len()).for_each(|_| _ = client.send(&piece));
    let answer = client.send(tail).answer("POST");
    String::from_utf8(answer.body).unwrap()
}

#[test]
fn a_multipart_file_of_100_mb() {
    let head = "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nzz\r\n\
        --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n";
    let text = same(app, |address| upload(address, "/multipart", head, "\r\n--B--\r\n"));
    assert_eq!(text, format!("[\"title\", \"file\"]: {} bytes with sum {}", FILE_BYTES + 2, (FILE_BYTES + 2) * 122));
}

#[test]
fn a_stream_of_100_mb() {
    let text = same(app, |address| upload(address, "/stream", "", ""));
    assert_eq!(text, format!("{FILE_BYTES} bytes with sum {}", FILE_BYTES * 122));
}
