//! What is tried on a framework's own server and on hop alike, whichever the framework is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use hop_tests::dial::{Dial, Seen, ask, request};
use hop_tests::served::Served;
use tokio::runtime::Builder;
use tokio::sync::Notify;

use super::{Reference, same};

pub const JSON: &str = "Content-Type: application/json";
pub const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

/// First line, further lines, body, and the status that both servers give.
pub type Case = (&'static str, &'static [&'static str], &'static str, u16);

/// Every request is answered the same, and with the status that is expected.
#[track_caller]
pub fn answers(reference: Reference, hop: Served, cases: &[Case]) {
    let answers: Vec<Seen> = same(reference, hop, |address| {
        cases.iter().map(|(line, headers, body, _)| ask(address, &request(line, headers, body))).collect()
    });
    for ((line, _, body, status), answer) in cases.iter().zip(answers) {
        assert_eq!((answer.status, answer.complete), (*status, true), "{line} {body}: {answer:?}");
    }
}

/// What comes to `/echo` is answered while it still comes.
pub fn streams(address: SocketAddr) {
    let mut client = Dial::to(address);
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for piece in ["first", "second", "third"] {
        client.send(format!("{:x}\r\n{piece}\r\n", piece.len()));
        client.until(&format!("{piece}\r\n"));
    }
    client.send("0\r\n\r\n");
    client.until("0\r\n\r\n");
}

/// What a handler of `/work` waits for.
#[derive(Clone, Default)]
pub struct Work {
    asked: Arc<Notify>,
    go: Arc<Notify>,
}

impl Work {
    /// Says that it was asked; answers when it is told.
    pub async fn finished(self) -> &'static str {
        self.asked.notify_one();
        self.go.notified().await;
        "finished"
    }

    /// Asks, waits until the handler works, has the server told to stop, lets the handler go on; checks the answer and that nothing
    /// follows it.
    fn is_finished(&self, address: SocketAddr, stop: impl FnOnce()) {
        let mut client = Dial::to(address);
        client.send(request("GET /work", &[], ""));
        Builder::new_current_thread().build().unwrap().block_on(self.asked.notified());
        stop();
        self.go.notify_one();
        assert_eq!((client.answer("GET").body.as_slice(), client.rest().as_slice()), (&b"finished"[..], &b""[..]));
    }
}

/// A request in flight is finished when the server is told to stop, and then the connection ends.
pub fn stopping(reference: impl Fn(Work) -> Reference, hop: impl Fn(Work) -> Served) {
    let work = Work::default();
    let mut reference = reference(work.clone());
    work.is_finished(reference.address, || reference.order_to_stop());
    reference.stop();

    let hop = hop(work.clone());
    let handle = hop.handle.clone();
    work.is_finished(hop.address, || handle.shutdown());
    assert_eq!(hop.stop().cut, 0);
}

/// Says that it was dropped.
pub struct Guard(Sender<&'static str>, &'static str);

impl Guard {
    /// Says that its handler has begun, and will say `last` when it is dropped.
    pub fn new(told: &Sender<&'static str>, last: &'static str) -> Guard {
        told.send("begun").unwrap();
        Guard(told.clone(), last)
    }

    /// Is kept by a future that never ends.
    pub async fn keep(self) -> &'static str {
        std::future::pending().await
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send(self.1);
    }
}

/// Asks, waits until the handler has begun, leaves, and waits until `last` is heard.
pub fn leave(address: SocketAddr, sent: &str, heard: &Receiver<&'static str>, last: &str) {
    let mut client = Dial::to(address);
    client.send(sent);
    let hear = || heard.recv_timeout(Duration::from_secs(20)).expect("something is said");
    assert_eq!(hear(), "begun");
    client.reset();
    while hear() != last {}
}
