//! The requests that are sent, byte for byte, and the constant answer of the ceilings.

use memchr::memmem;

/// The smallest request that HTTP/1.1 allows.
pub const BARE: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// What a browser sends for a page, here Firefox: 715 bytes in 13 headers.
pub const BROWSER: &[u8] = b"GET / HTTP/1.1\r\n\
Host: localhost:8080\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n\
Accept-Encoding: gzip, deflate, br, zstd\r\n\
Referer: http://localhost:8080/articles/2026/11\r\n\
Connection: keep-alive\r\n\
Cookie: theme=dark; consent=2026-11-01; _visitor=4f1d8c2a.1764950400.7.1.1765000000.0; csrf=9b2e7d41c6a3; session=eyJpZCI6NDIsIm5hbWUiOiJob3AiLCJleHAiOjE3OTU0NTgyNDB9eyJpZCI6NDIsIm5hbWUiOiJob3AiLCJleHAiOjE3\r\n\
Upgrade-Insecure-Requests: 1\r\n\
Sec-Fetch-Dest: document\r\n\
Sec-Fetch-Mode: navigate\r\n\
Sec-Fetch-Site: same-origin\r\n\
Sec-Fetch-User: ?1\r\n\
\r\n";

const _: () = assert!(BROWSER.len() == 715);

/// A request with a number in its path.
pub const JSON: &[u8] = b"GET /users/42 HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n";

/// How many bytes [`post`] sends.
pub const POSTED_BYTES: usize = 16 * 1024;

/// A browser's request as the ancestor's benches had it: 520 bytes in 10 headers.
pub const FIXTURE: &[u8] = b"GET /articles/2026/11?page=2 HTTP/1.1\r\n\
Host: www.example.com\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n\
Accept-Encoding: gzip, deflate, br, zstd\r\n\
Referer: https://www.example.com/articles/2026/11\r\n\
Connection: keep-alive\r\n\
Cookie: theme=dark; consent=2026-11-01; session=0f3c2d9e7b1a\r\n\
Upgrade-Insecure-Requests: 1\r\n\
Cache-Control: max-age=0\r\n\
\r\n";

const _: () = assert!(FIXTURE.len() == 520);

/// What the ceilings answer to everything. Its date never moves, so it needs no clock; its length and headers are those
/// of the compared servers.
pub const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
content-type: text/plain; charset=utf-8\r\n\
content-length: 28\r\n\
date: Mon, 23 Nov 2026 18:24:00 GMT\r\n\
\r\n\
hello from http over polling";

/// Name and length of the file that the file workload fetches.
pub const FILE_NAME: &str = "one-mebibyte.bin";
/// 1 MiB.
pub const FILE_BYTES: usize = 1 << 20;

/// `GET /one-mebibyte.bin`.
pub fn file() -> Vec<u8> {
    format!("GET /{FILE_NAME} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// `POST /length` with 16 KiB of letters.
pub fn post() -> Vec<u8> {
    let head = format!(
        "POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n\
         Content-Length: {POSTED_BYTES}\r\n\r\n"
    );
    let letters = (b'a'..=b'z').cycle().take(POSTED_BYTES);
    head.into_bytes().into_iter().chain(letters).collect()
}

/// `bare`, `browser`, `json`, `post` or `file`.
pub fn by_name(name: &str) -> Option<Vec<u8>> {
    match name {
        "bare" => Some(BARE.to_vec()),
        "browser" => Some(BROWSER.to_vec()),
        "json" => Some(JSON.to_vec()),
        "post" => Some(post()),
        "file" => Some(file()),
        _ => None,
    }
}

/// How many request heads end in these bytes; the bodies of the benches have no empty lines.
pub fn count(input: &[u8], head_end: &memmem::Finder<'_>) -> usize {
    head_end.find_iter(input).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_whole_and_counted_once() {
        let head_end = memmem::Finder::new(b"\r\n\r\n");
        for request in [BARE, BROWSER, FIXTURE, JSON, &file()] {
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let parsed = httparse::Request::new(&mut headers).parse(request).unwrap();
            assert_eq!(parsed, httparse::Status::Complete(request.len()));
            assert_eq!(count(&request.repeat(16), &head_end), 16);
        }
    }

    #[test]
    fn the_answer_announces_its_own_length() {
        let body = hop_examples::BODY;
        assert!(ANSWER.ends_with(body.as_bytes()));
        let mut headers = [httparse::EMPTY_HEADER; 8];
        let mut parsed = httparse::Response::new(&mut headers);
        assert_eq!(parsed.parse(ANSWER).unwrap().unwrap(), ANSWER.len() - body.len());
    }
}
