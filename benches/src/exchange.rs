//! What passes on a connection: how it is opened, a request, and how to tell its answer. It is made once; while a load
//! runs, answers are recognised by how they begin and how long they are, so that next to nothing is parsed.

use crate::websocket;
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A server that answers nothing for so long has lost a request.
pub(crate) const STALL: Duration = Duration::from_secs(30);
const OK: &[u8] = b"HTTP/1.1 200";

/// One request, the same every time, and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Sent once, when a connection opens, and answered by a 101; nothing, where empty.
    pub opening: Vec<u8>,
    /// The request.
    pub request: Vec<u8>,
    /// How the answer begins.
    pub answer: Vec<u8>,
    /// How long it is, in bytes.
    pub answer_bytes: usize,
}

impl Exchange {
    /// A request over plain HTTP. It is sent once, to learn how long the answer is, head and body.
    ///
    /// # Errors
    /// When the answer is not a 200 with a Content-Length, or the connection fails.
    pub fn http(addr: SocketAddr, request: &[u8]) -> io::Result<Exchange> {
        let mut stream = connect(addr)?;
        stream.write_all(request)?;
        let (got, answer_bytes) = read_until(&mut stream, announced)?;
        io::copy(&mut stream.take(answer_bytes.saturating_sub(got.len()) as u64), &mut io::sink())?;
        Ok(Exchange { opening: Vec::new(), request: request.to_vec(), answer: OK.to_vec(), answer_bytes })
    }

    /// A text message of `bytes` and its echo, over a WebSocket at `path`.
    pub fn echo(path: &str, bytes: usize) -> Exchange {
        let payload: Vec<u8> = (b'a'..=b'z').cycle().take(bytes).collect();
        let answer = websocket::frame(&payload);
        let (opening, request) = (websocket::opening(path), websocket::masked(&payload));
        Exchange { opening, request, answer_bytes: answer.len(), answer }
    }

    /// A new connection, opened as far as requests can be sent.
    ///
    /// # Errors
    /// When the connection fails, or the opening is refused.
    pub fn open(&self, addr: SocketAddr) -> io::Result<TcpStream> {
        let mut stream = connect(addr)?;
        if !self.opening.is_empty() {
            stream.write_all(&self.opening)?;
            read_until(&mut stream, is_accepted)?;
        }
        Ok(stream)
    }

    /// A new connection on which one request has been answered.
    ///
    /// # Errors
    /// When the connection fails, or the answer is not the expected one.
    pub fn used(&self, addr: SocketAddr) -> io::Result<TcpStream> {
        let mut stream = self.open(addr)?;
        self.once(&mut stream)?;
        Ok(stream)
    }

    /// Sends the request and waits for its answer.
    ///
    /// # Errors
    /// When the connection fails, or the answer is not the expected one.
    pub fn once(&self, stream: &mut TcpStream) -> io::Result<()> {
        stream.write_all(&self.request)?;
        let mut answer = vec![0; self.answer_bytes];
        stream.read_exact(&mut answer)?;
        if answer.starts_with(&self.answer) { Ok(()) } else { Err(wrong(&answer)) }
    }
}

/// Reads from a WebSocket up to the pong with this payload; pings of the server's own may come before it.
///
/// # Errors
/// When the connection fails or ends, or brings anything else.
pub fn await_pong(stream: &mut impl Read, payload: &[u8]) -> io::Result<()> {
    loop {
        let mut header = [0; 2];
        stream.read_exact(&mut header)?;
        let mut got = vec![0; usize::from(header[1]).min(125)];
        stream.read_exact(&mut got)?;
        match header[0] {
            websocket::PONG if got == payload => return Ok(()),
            websocket::PING => {}
            _ => return Err(wrong(&[&header, &got[..]].concat())),
        }
    }
}

/// A new stream of Server-Sent Events from `path`, whose first event has come.
///
/// # Errors
/// When the connection fails or ends, or the answer is not a 200.
pub fn event_stream(addr: SocketAddr, path: &str) -> io::Result<TcpStream> {
    let mut stream = connect(addr)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")?;
    let has_event = |answer: &[u8]| {
        let has_event = answer.windows(2).any(|pair| pair == b"\n\n");
        if has_event && !answer.starts_with(OK) { Err(wrong(answer)) } else { Ok(has_event.then_some(())) }
    };
    read_until(&mut stream, has_event)?;
    Ok(stream)
}

/// Reads until `find` finds something in what has come, and returns both.
fn read_until<T>(stream: &mut TcpStream, find: impl Fn(&[u8]) -> io::Result<Option<T>>) -> io::Result<(Vec<u8>, T)> {
    let mut got = Vec::new();
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes)? {
            0 => return Err(wrong(&got)),
            read => got.extend_from_slice(&bytes[..read]),
        }
        if let Some(found) = find(&got)? {
            return Ok((got, found));
        }
    }
}

fn announced(answer: &[u8]) -> io::Result<Option<usize>> {
    let Some(head) = Head::read(answer, "content-length")? else { return Ok(None) };
    match (head.status, head.value.and_then(|text| text.parse::<usize>().ok())) {
        (200, Some(body_bytes)) => Ok(Some(head.bytes + body_bytes)),
        _ => Err(wrong(answer)),
    }
}

fn is_accepted(answer: &[u8]) -> io::Result<Option<()>> {
    match Head::read(answer, "sec-websocket-accept")? {
        None => Ok(None),
        // No server speaks before its client here: there is nothing behind the head.
        Some(Head { status: 101, value: Some(websocket::ACCEPT), bytes }) if bytes == answer.len() => Ok(Some(())),
        Some(_) => Err(wrong(answer)),
    }
}

struct Head<'a> {
    bytes: usize,
    status: u16,
    /// That of the header asked for.
    value: Option<&'a str>,
}

impl<'a> Head<'a> {
    fn read(answer: &'a [u8], name: &str) -> io::Result<Option<Head<'a>>> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        let Ok(status) = head.parse(answer) else { return Err(wrong(answer)) };
        let httparse::Status::Complete(bytes) = status else { return Ok(None) };
        let header = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        let value = header.and_then(|header| str::from_utf8(header.value).ok());
        Ok(Some(Head { bytes, status: head.code.unwrap_or(0), value }))
    }
}

fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(addr)?;
    stream.set_nodelay(true)?;
    // A server without threads or memory for a connection may leave it unanswered.
    stream.set_read_timeout(Some(STALL))?;
    Ok(stream)
}

/// The error that shows what came instead of the answer.
pub(crate) fn wrong(answer: &[u8]) -> io::Error {
    let text = String::from_utf8_lossy(&answer[..answer.len().min(200)]);
    io::Error::new(io::ErrorKind::InvalidData, format!("not the answer that was expected: {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::websocket::{PING, PONG};
    use std::io::Cursor;

    #[test]
    fn a_pong_is_found_behind_a_ping() {
        let come = [&[PING, 1, b'x'][..], &[PONG, 3], b"hop"].concat();
        await_pong(&mut Cursor::new(&come), b"hop").unwrap();
        assert!(await_pong(&mut Cursor::new(&come), b"top").is_err());
    }
}
