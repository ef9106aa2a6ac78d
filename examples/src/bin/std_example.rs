//! The baseline: a thread per connection, `std::net` and httparse, nothing else.
//!
//! It reads a head, skips the body that its `Content-Length` announces and answers; all requests that one read brought
//! are answered by one write. A chunked body is refused with 411, which a server may ask of its clients (RFC 9110
//! §15.5.12); everything malformed is a 400. Ctrl-C ends it by the signal's default action.

use hop_examples::{BODY, BODY_TYPE, Options, listening};
use httparse::{Header, Request, Status};
use std::{
    io::{self, Read, Write},
    mem::MaybeUninit,
    net::{TcpListener, TcpStream},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

const INPUT_BYTES: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
/// The length of [`BODY`], as it is written.
const BODY_BYTES: &str = "28";

fn main() -> io::Result<()> {
    let options = Options::from_args("Answers every request, a thread per connection (so --workers changes nothing).");
    let listener = TcpListener::bind(&options.addr)?;
    listening(listener.local_addr()?);
    loop {
        match listener.accept() {
            Ok((stream, _)) => spawn(stream),
            // Out of descriptors, or a client that left while it queued: neither ends the server.
            Err(error) => pause(&error),
        }
    }
}

fn spawn(stream: TcpStream) {
    // An error is the client's own end: a reset, or a connection it left half way.
    if let Err(error) = thread::Builder::new().spawn(move || drop(Connection::new(stream).serve())) {
        pause(&error);
    }
}

fn pause(error: &io::Error) {
    eprintln!("cannot take a connection: {error}");
    thread::sleep(std::time::Duration::from_millis(100));
}

struct Connection {
    stream: TcpStream,
    /// Unread input is `input[..filled]`.
    input: Box<[u8; INPUT_BYTES]>,
    filled: usize,
    /// How much of a body is still to come and be thrown away.
    body_bytes: u64,
    output: Vec<u8>,
    date: Date,
}

impl Connection {
    fn new(stream: TcpStream) -> Connection {
        Connection {
            stream,
            input: Box::new([0; INPUT_BYTES]),
            filled: 0,
            body_bytes: 0,
            output: Vec::new(),
            date: Date::default(),
        }
    }

    fn serve(mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        loop {
            let read = self.stream.read(&mut self.input[self.filled..])?;
            if read == 0 {
                return Ok(());
            }
            self.filled += read;
            self.date.refresh();
            let keep_alive = self.answer_all();
            self.stream.write_all(&self.output)?;
            self.output.clear();
            if !keep_alive {
                return Ok(());
            }
        }
    }

    /// Answers all requests that are here; false when the connection must end after what was written.
    fn answer_all(&mut self) -> bool {
        let mut used = 0;
        let keep_alive = loop {
            used += self.skip_body(used);
            match parse(&self.input[used..self.filled]) {
                Ok(None) => break used > 0 || self.filled < INPUT_BYTES || self.refuse("431 Header Fields Too Large"),
                Ok(Some(head)) => {
                    used += head.bytes;
                    self.body_bytes = head.body_bytes;
                    self.answer(&head);
                    if !head.keep_alive {
                        break false;
                    }
                }
                Err(status) => break self.refuse(status),
            }
        };
        self.input.copy_within(used..self.filled, 0);
        self.filled -= used;
        keep_alive
    }

    fn skip_body(&mut self, from: usize) -> usize {
        let skipped = self.body_bytes.min((self.filled - from) as u64);
        self.body_bytes -= skipped;
        skipped as usize
    }

    fn answer(&mut self, head: &Head) {
        let body = if head.is_head_method { "" } else { BODY };
        self.write(["200 OK", BODY_BYTES, head.connection(), body]);
    }

    fn refuse(&mut self, status: &str) -> bool {
        self.write([status, "0", "connection: close\r\n", ""]);
        false
    }

    /// By hand rather than by `write!`, which would be half of what the baseline does for a request.
    fn write(&mut self, [status, content_length, connection, body]: [&str; 4]) {
        let date = &self.date.text;
        let head = ["HTTP/1.1 ", status, "\r\ncontent-type: ", BODY_TYPE, "\r\ncontent-length: ", content_length];
        let rest = ["\r\n", connection, "date: ", date, "\r\n\r\n", body];
        for part in head.into_iter().chain(rest) {
            self.output.extend_from_slice(part.as_bytes());
        }
    }
}

/// What the answer to a request depends on.
struct Head {
    bytes: usize,
    body_bytes: u64,
    is_head_method: bool,
    is_http_1_1: bool,
    keep_alive: bool,
}

impl Head {
    /// What must be said about the connection: nothing, where the version's default is meant (RFC 9112 §9.3).
    fn connection(&self) -> &'static str {
        match (self.keep_alive, self.is_http_1_1) {
            (false, _) => "connection: close\r\n",
            (true, true) => "",
            (true, false) => "connection: keep-alive\r\n",
        }
    }
}

/// Reads one head; `None` while it is incomplete, the status to refuse it with when it is wrong.
fn parse(input: &[u8]) -> Result<Option<Head>, &'static str> {
    let mut headers = [const { MaybeUninit::<Header<'_>>::uninit() }; HEADERS_MAX];
    let mut request = Request::new(&mut []);
    let bytes = match request.parse_with_uninit_headers(input, &mut headers) {
        Ok(Status::Complete(bytes)) => bytes,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err("431 Header Fields Too Large"),
        Err(_) => return Err("400 Bad Request"),
    };
    let is_http_1_1 = request.version == Some(1);
    let mut head = Head {
        bytes,
        body_bytes: 0,
        is_head_method: request.method == Some("HEAD"),
        is_http_1_1,
        keep_alive: is_http_1_1,
    };
    request.headers.iter().try_for_each(|header| head.note(header))?;
    Ok(Some(head))
}

impl Head {
    fn note(&mut self, header: &Header<'_>) -> Result<(), &'static str> {
        if header.name.eq_ignore_ascii_case("connection") {
            self.keep_alive = match () {
                () if has_token(header.value, "close") => false,
                () if has_token(header.value, "keep-alive") => true,
                () => self.keep_alive,
            };
        } else if header.name.eq_ignore_ascii_case("content-length") {
            self.body_bytes = digits(header.value).ok_or("400 Bad Request")?;
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err("411 Length Required");
        }
        Ok(())
    }
}

fn has_token(list: &[u8], token: &str) -> bool {
    list.split(|byte| *byte == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// Digits only: `str::parse` alone would also take a sign.
fn digits(value: &[u8]) -> Option<u64> {
    let text = str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

/// The Date header's value, made anew once a second.
#[derive(Default)]
struct Date {
    unix_seconds: u64,
    text: String,
}

impl Date {
    fn refresh(&mut self) {
        let now = SystemTime::now();
        let unix_seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if self.text.is_empty() || unix_seconds != self.unix_seconds {
            *self = Date { unix_seconds, text: httpdate::fmt_http_date(now) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        parse(text.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn keep_alive_is_the_default_in_1_1_and_asked_for_in_1_0() {
        assert!(head("GET / HTTP/1.1\r\n\r\n").keep_alive);
        assert!(!head("GET / HTTP/1.0\r\n\r\n").keep_alive);
        assert!(!head("GET / HTTP/1.1\r\nConnection: x, Close\r\n\r\n").keep_alive);
        let old = head("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
        assert_eq!(old.connection(), "connection: keep-alive\r\n");
    }

    #[test]
    fn an_incomplete_head_waits_and_a_wrong_one_has_a_status() {
        assert!(parse(b"GET / HTTP/1.1\r\nHo").unwrap().is_none());
        assert!(parse(b"GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n").is_err());
        assert!(parse(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }
}
