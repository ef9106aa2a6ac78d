//! Files over real sockets: what only a kernel can show, which is sendfile, slow readers, and files that change while they are sent.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use hop::{Handle, Report, Routes, Server};
use hop_tests::peer::{self, Response};

/// A directory, served by one worker on a thread of its own until this is dropped.
struct Site {
    root: PathBuf,
    addr: SocketAddr,
    handle: Handle,
    thread: Option<JoinHandle<hop::Result<Report>>>,
}

impl Site {
    fn new(name: &str) -> Site {
        Site::on(name, false)
    }

    fn on(name: &str, portable: bool) -> Site {
        let root = std::env::temp_dir().join(format!("hop-site-{}-{name}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let routes = Routes::new().dir("/", hop::dir(&root));
        let server = Server::builder().routes(routes).workers(1).signals(false).portable(portable);
        let server = server.bind("127.0.0.1:0").unwrap();
        let (handle, addr) = (server.handle(), server.local_addr().tcp().unwrap());
        Site { root, addr, handle, thread: Some(thread::spawn(move || server.run())) }
    }

    fn file(&self, name: &str, content: &[u8]) {
        fs::write(self.root.join(name), content).unwrap();
    }

    /// A file of zeros that takes no room on the disk.
    fn sparse(&self, name: &str, length_bytes: u64) -> fs::File {
        let file = fs::File::create(self.root.join(name)).unwrap();
        file.set_len(length_bytes).unwrap();
        file
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).unwrap()
    }

    /// All that comes as an answer to these requests, of which the last closes.
    fn exchange(&self, requests: &str) -> Vec<Response> {
        let mut client = self.connect();
        client.write_all(requests.as_bytes()).unwrap();
        let mut arrived = Vec::new();
        client.read_to_end(&mut arrived).unwrap();
        peer::read(&arrived, &[], true).unwrap().finals
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.handle.cut();
        let ended = self.thread.take().expect("only this takes it").join();
        fs::remove_dir_all(&self.root).unwrap();
        if !thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}

fn pattern(length_bytes: usize) -> Vec<u8> {
    (0..length_bytes).map(|at| (at / 3 % 251) as u8).collect()
}

/// Reads a head; returns it as text.
fn read_head(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn pipelined_files_arrive_whole_and_in_order() {
    for portable in [false, true] {
        let site = Site::on(&format!("pipelined-{portable}"), portable);
        let large = pattern(3 << 20);
        site.file("large", &large);
        site.file("small", b"small");
        let request = |name: &str| format!("GET /{name} HTTP/1.1\r\nHost: a\r\n\r\n");
        let last = "GET /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let answers =
            site.exchange(&[&request("large"), &request("small"), &request("none"), &request("large"), last].concat());
        let bodies: Vec<(u16, &[u8])> = answers.iter().map(|answer| (answer.status, &*answer.body)).collect();
        let expected: [(u16, &[u8]); 5] = [(200, &large), (200, b"small"), (404, b""), (200, &large), (200, b"small")];
        assert!(
            bodies == expected,
            "{:?}",
            answers.iter().map(|answer| (answer.status, answer.body.len())).collect::<Vec<_>>()
        );
        assert!(answers.iter().all(|answer| answer.complete));
    }
}

#[test]
fn several_ranges_of_a_large_file_arrive_between_their_framing() {
    let site = Site::new("ranges");
    let large = pattern(5 << 20);
    site.file("large", &large);
    let ranges = "bytes=0-1999999,3000000-4999999,-1";
    let answers =
        site.exchange(&format!("GET /large HTTP/1.1\r\nHost: a\r\nRange: {ranges}\r\nConnection: close\r\n\r\n"));
    let [answer] = &answers[..] else { panic!("{} answers", answers.len()) };
    let content_type = String::from_utf8_lossy(answer.header("content-type").unwrap()).into_owned();
    let boundary = content_type.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let mut expected = Vec::new();
    let length = large.len();
    for (start, end) in [(0, 2_000_000), (3_000_000, 5_000_000), (length - 1, length)] {
        let range = format!("bytes {start}-{}/{length}", end - 1);
        let head =
            format!("\r\n--{boundary}\r\ncontent-type: application/octet-stream\r\ncontent-range: {range}\r\n\r\n");
        expected.extend_from_slice(head.as_bytes());
        expected.extend_from_slice(&large[start..end]);
    }
    expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    assert!(answer.status == 206 && answer.complete && answer.body == expected);
}

#[test]
fn a_file_that_shrinks_while_it_is_sent_ends_the_connection() {
    let site = Site::new("shrinks");
    // More than the buffers of both sockets take, so that the server is still sending when the file is cut.
    let file = site.sparse("large", 256 << 20);
    let mut client = site.connect();
    client.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET /large HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert!(read_head(&mut client).contains("content-length: 268435456\r\n"));
    file.set_len(1).unwrap();
    let mut arrived = 0_u64;
    let mut buffer = vec![0; 1 << 16];
    // The end, or a reset: not another answer in place of the missing bytes.
    while let Ok(n @ 1..) = client.read(&mut buffer) {
        assert!(buffer[..n].iter().all(|&byte| byte == 0), "bytes that are not the file's");
        arrived += n as u64;
    }
    assert!(arrived < 256 << 20, "{arrived} bytes");
    // Others are still served.
    site.file("small", b"small");
    assert_eq!(site.exchange("GET /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")[0].body, b"small");
}

#[test]
fn a_file_that_is_replaced_while_it_is_sent_arrives_as_it_was() {
    let site = Site::new("replaced");
    let before = pattern(24 << 20);
    site.file("large", &before);
    let mut client = site.connect();
    client.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    read_head(&mut client);
    site.file("next", b"after");
    fs::rename(site.root.join("next"), site.root.join("large")).unwrap();
    let mut arrived = Vec::new();
    client.read_to_end(&mut arrived).unwrap();
    assert!(arrived == before, "{} bytes", arrived.len());
    assert_eq!(site.exchange("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")[0].body, b"after");
}

#[test]
fn a_client_that_leaves_in_the_middle_takes_nobody_with_it() {
    let site = Site::new("leaves");
    site.sparse("large", 64 << 20);
    for _ in 0..10 {
        let mut client = site.connect();
        client.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        read_head(&mut client);
    }
    site.file("small", b"small");
    assert_eq!(site.exchange("GET /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")[0].body, b"small");
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_file_takes_no_memory() {
    let site = Site::new("memory");
    site.sparse("large", 512 << 20);
    let peak_before = peak_kib();
    let mut client = site.connect();
    client.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    read_head(&mut client);
    let arrived = std::io::copy(&mut client, &mut std::io::sink()).unwrap();
    assert_eq!(arrived, 512 << 20);
    // The other tests of this process hold less than 150 MiB.
    let grown = peak_kib() - peak_before;
    assert!(grown < 256 << 10, "the peak grew by {grown} KiB");
}

/// The most memory that this process ever held.
#[cfg(target_os = "linux")]
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}
