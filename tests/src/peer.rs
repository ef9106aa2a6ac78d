//! A client's reading of what a server sent: strict, so that a sloppy answer fails a test.

use std::ops::Range;

/// The complete and begun messages in a server's output, in order.
#[derive(Debug, Default, PartialEq)]
pub struct Output {
    /// The statuses of interim (1xx) responses.
    pub interim: Vec<u16>,
    /// The final responses.
    pub finals: Vec<Response>,
    /// Bytes at the end that begin a response head but do not finish it.
    pub unfinished_head: Vec<u8>,
}

/// One final response.
#[derive(Debug, Default, PartialEq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case and values without the space around them, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body without its framing, as far as it came.
    pub body: Vec<u8>,
    /// The trailer fields of a chunked body, like `headers`.
    pub trailers: Vec<(String, Vec<u8>)>,
    /// Whether the body came whole.
    pub complete: bool,
    /// Where the response stands in the output.
    pub bytes: Range<usize>,
}

impl Response {
    /// The value of the first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_slice())
    }

    /// Whether `Connection` holds this token (in lower case).
    pub fn connection_says(&self, token: &str) -> bool {
        let values = self.headers.iter().filter(|(name, _)| name == "connection");
        values
            .flat_map(|(_, value)| value.split(|&byte| byte == b','))
            .any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    }
}

/// Reads `output` as the responses to requests with these methods (further ones count as GET); `ended` says that the
/// server has closed its side, which is what ends a body without a length.
///
/// # Errors
/// What is not HTTP/1.1 as a server must write it, with the offset.
pub fn read(output: &[u8], methods: &[&str], ended: bool) -> Result<Output, String> {
    let mut read = Output::default();
    let mut at = 0;
    while at < output.len() {
        let method = methods.get(read.finals.len()).copied().unwrap_or("GET");
        match next(&output[at..], method, ended).map_err(|what| format!("at {at}: {what}"))? {
            None => {
                read.unfinished_head = output[at..].to_vec();
                break;
            }
            Some((used, Message::Interim(status))) => {
                read.interim.push(status);
                at += used;
            }
            Some((used, Message::Final(mut response))) => {
                response.bytes = at..at + used;
                at += used;
                read.finals.push(response);
            }
        }
    }
    Ok(read)
}

/// One message of a server.
#[derive(Debug, PartialEq)]
pub enum Message {
    /// An interim (1xx) response.
    Interim(u16),
    /// A final response, perhaps not complete.
    Final(Response),
}

/// Reads the first message of `output`, and how many bytes it takes; one whose body is not complete takes all. `None`: its head
/// is not complete.
///
/// # Errors
/// As for [`read`].
pub fn next(output: &[u8], method: &str, ended: bool) -> Result<Option<(usize, Message)>, String> {
    let Some(head_len) = end_of_head(output) else { return check_begun_head(output).map(|()| None) };
    let (status, headers) = read_head(&output[..head_len])?;
    if (100..200).contains(&status) && status != 101 {
        return Ok(Some((head_len, Message::Interim(status))));
    }
    let mut response = Response { status, headers, ..Response::default() };
    let used = head_len + read_body(&mut response, method, &output[head_len..], ended)?;
    response.bytes = 0..used;
    Ok(Some((used, Message::Final(response))))
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn check_begun_head(bytes: &[u8]) -> Result<(), String> {
    let start = &b"HTTP/1."[..bytes.len().min(7)];
    if bytes.starts_with(start) { Ok(()) } else { Err(format!("not HTTP: {}", excerpt(bytes))) }
}

type Headers = Vec<(String, Vec<u8>)>;

fn read_head(head: &[u8]) -> Result<(u16, Headers), String> {
    let mut lines = lines(&head[..head.len() - 2]);
    let status_line = lines.next().unwrap_or_default();
    let status = status_line.strip_prefix(b"HTTP/1.1 ").or_else(|| status_line.strip_prefix(b"HTTP/1.0 "));
    let status = status.filter(|rest| rest.len() >= 4 && rest[3] == b' ' && rest[..3].iter().all(u8::is_ascii_digit));
    let status = status.ok_or_else(|| format!("bad status line {}", excerpt(status_line)))?;
    let code = status[..3].iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    Ok((code, read_fields(lines)?))
}

/// The lines of `bytes`, each of which ends with CRLF, without their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let line = &rest[..end];
        rest = &rest[end + 2..];
        Some(line)
    })
}

fn read_fields<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Result<Headers, String> {
    let field = |line: &[u8]| {
        let colon = line.iter().position(|&byte| byte == b':');
        let (name, value) = line.split_at(colon.ok_or_else(|| format!("a field without colon {}", excerpt(line)))?);
        let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        if name.is_empty() || !name.iter().all(token) {
            return Err(format!("a field name that is no token {}", excerpt(line)));
        }
        if value.iter().any(|byte| b"\r\n\0".contains(byte)) {
            return Err(format!("a field value with a control octet {}", excerpt(line)));
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        Ok((name, value[1..].trim_ascii().to_vec()))
    };
    lines.map(field).collect()
}

/// Fills in the body and returns how many bytes of `rest` belong to it.
fn read_body(response: &mut Response, method: &str, rest: &[u8], ended: bool) -> Result<usize, String> {
    let length = declared_length(response)?;
    let chunked = response.header("transfer-encoding").map(<[u8]>::to_ascii_lowercase);
    if chunked.is_some() && length.is_some() {
        return Err("Content-Length beside Transfer-Encoding".into());
    }
    if method == "CONNECT" && response.status < 300 || response.status == 101 {
        response.complete = true;
        return Ok(rest.len());
    }
    if method == "HEAD" || matches!(response.status, 204 | 304) {
        response.complete = true;
        return Ok(0);
    }
    match (chunked.as_deref(), length) {
        (Some(b"chunked"), _) => read_chunks(response, rest),
        (Some(other), _) => Err(format!("a transfer coding nobody asked for {}", excerpt(other))),
        (None, Some(length)) => Ok(read_counted(response, rest, length)),
        (None, None) => {
            response.body = rest.to_vec();
            response.complete = ended;
            Ok(rest.len())
        }
    }
}

fn declared_length(response: &Response) -> Result<Option<usize>, String> {
    let mut values = response.headers.iter().filter(|(name, _)| name == "content-length");
    let Some((_, value)) = values.next() else { return Ok(None) };
    let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match (digits.and_then(|text| text.parse().ok()), values.next()) {
        (Some(length), None) => Ok(Some(length)),
        _ => Err(format!("a bad or repeated Content-Length {}", excerpt(value))),
    }
}

fn read_counted(response: &mut Response, rest: &[u8], length: usize) -> usize {
    let came = rest.len().min(length);
    response.body = rest[..came].to_vec();
    response.complete = came == length;
    came
}

fn read_chunks(response: &mut Response, rest: &[u8]) -> Result<usize, String> {
    let mut at = 0;
    loop {
        let Some(line) = lines(&rest[at..]).next() else { return Ok(rest.len()) };
        let digits = std::str::from_utf8(line)
            .ok()
            .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let size = digits.and_then(|text| usize::from_str_radix(text, 16).ok());
        let size = size.ok_or_else(|| format!("a bad chunk size {}", excerpt(line)))?;
        at += line.len() + 2;
        if size == 0 {
            return read_trailers(response, rest, at);
        }
        let came = size.min(rest.len() - at);
        response.body.extend_from_slice(&rest[at..at + came]);
        match rest.get(at + size..at + size + 2) {
            None => return Ok(rest.len()),
            Some(b"\r\n") => at += size + 2,
            Some(end) => return Err(format!("a chunk that ends with {}", excerpt(end))),
        }
    }
}

fn read_trailers(response: &mut Response, rest: &[u8], start: usize) -> Result<usize, String> {
    let mut at = start;
    for line in lines(&rest[start..]) {
        at += line.len() + 2;
        if line.is_empty() {
            response.trailers = read_fields(lines(&rest[start..at - 2]))?;
            response.complete = true;
            return Ok(at);
        }
    }
    Ok(rest.len())
}

fn excerpt(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes[..bytes.len().min(60)].escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finals(output: &[u8], methods: &[&str], ended: bool) -> Vec<(u16, Vec<u8>, bool)> {
        let read = read(output, methods, ended).expect("well-formed");
        read.finals.into_iter().map(|response| (response.status, response.body, response.complete)).collect()
    }

    #[test]
    fn responses_of_every_framing_follow_each_other() {
        let output = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi\
            HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: v\r\n\r\n\
            HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest";
        let read = read(output, &["GET", "GET", "HEAD", "GET", "GET"], true).expect("well-formed");
        assert_eq!(read.interim, [100]);
        let bodies: Vec<&[u8]> = read.finals.iter().map(|response| response.body.as_slice()).collect();
        assert_eq!(bodies, [&b"hi"[..], b"abc", b"", b"", b"rest"]);
        assert!(read.finals.iter().all(|response| response.complete));
        assert_eq!(read.finals[1].trailers, [("x-t".to_string(), b"v".to_vec())]);
    }

    #[test]
    fn what_is_cut_is_not_complete() {
        assert_eq!(
            finals(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", &[], true),
            [(200, b"hi".to_vec(), false)]
        );
        assert_eq!(finals(b"HTTP/1.1 200 OK\r\n\r\nhi", &[], false), [(200, b"hi".to_vec(), false)]);
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunked = [&head[..], b"2\r\nhi\r\n0\r\n\r\n"].concat();
        let complete = |len: usize| finals(&chunked[..len], &[], true)[0].2;
        assert!(complete(chunked.len()) && !(head.len()..chunked.len()).any(complete));
        assert_eq!(read(b"HTTP/1", &[], false).expect("a beginning").unfinished_head, b"HTTP/1");
    }

    #[test]
    fn sloppy_answers_are_errors() {
        let sloppy: [&[u8]; 9] = [
            b"hello",
            b"HTTP/1.1 20 OK\r\n\r\n",
            b"HTTP/2.0 200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
            b"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\n",
        ];
        sloppy.iter().for_each(|output| assert!(read(output, &[], true).is_err(), "{}", output.escape_ascii()));
    }
}
