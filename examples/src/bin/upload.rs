//! Large uploads in little memory, three ways: a streamed body read by blocking code, by async code, and by a callback.
//!
//! All of them count bytes and add them up; none of them holds more than a few chunks, however large the upload.
//!
//! ```text
//! cargo run --release -p hop-examples --bin upload
//! head -c 1000000000 /dev/zero | curl -T - http://127.0.0.1:8080/blocking
//! ```

use std::io::{self, Read};

use hop::prelude::*;
use hop::{Body, BodyError, Chunk, Responder};
use hop_examples::{Options, listening};

/// How many bytes came, and their sum.
#[derive(Default)]
struct Tally {
    bytes: u64,
    sum: u64,
}

impl Tally {
    fn add(&mut self, data: &[u8]) {
        self.bytes += data.len() as u64;
        self.sum += data.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    }

    fn text(&self) -> String {
        format!("{} bytes, which add up to {}\n", self.bytes, self.sum)
    }
}

fn failed(error: &dyn std::fmt::Display) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, format!("{error}\n"))
}

/// On the pool for blocking work: `Body` is a reader.
#[route(POST, PUT, "/blocking", limit = "10GB", blocking)]
fn blocking(mut body: Body) -> Result<String, (StatusCode, String)> {
    let mut tally = Tally::default();
    let mut buffer = [0; 16 * 1024];
    loop {
        match body.read(&mut buffer) {
            Ok(0) => return Ok(tally.text()),
            Ok(n) => tally.add(&buffer[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(&error)),
        }
    }
}

/// As a future on the worker: `Body` gives chunks.
#[route(POST, PUT, "/async", limit = "10GB")]
async fn by_future(mut body: Body) -> Result<String, (StatusCode, String)> {
    let mut tally = Tally::default();
    while let Some(chunk) = body.chunk().await {
        tally.add(&chunk.map_err(|error: BodyError| failed(&error))?);
    }
    Ok(tally.text())
}

/// By a callback on the worker: each chunk as it comes, borrowed; the answer when the last one has come.
#[route(POST, PUT, "/callback", limit = "10GB")]
fn by_callback(out: Responder, body: Body) {
    let (mut tally, mut out) = (Tally::default(), Some(out));
    body.on_chunk(move |chunk| match chunk {
        Chunk::Data(data) => tally.add(data),
        Chunk::End => drop(out.take().map(|out| out.send(tally.text()))),
        Chunk::Failed(error) => drop(out.take().map(|out| out.send(failed(&error)))),
    });
}

fn main() -> hop::Result {
    let options = Options::from_args("Takes uploads at /blocking, /async and /callback.");
    let routes = routes![blocking, by_future, by_callback];
    let server = hop::Server::builder().routes(routes).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
