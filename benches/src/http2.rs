//! The HTTP/2 client: `GET /` with prior knowledge, some requests under way at once on each of some connections, by hyper.

use crate::{
    exchange::STALL,
    load::{End, Outcome, Stop},
};
use futures_util::future::try_join_all;
use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, StatusCode, Uri,
    body::Bytes,
    client::conn::http2::{SendRequest, handshake},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{cell::Cell, io, net::SocketAddr, time::Instant};
use tokio::{
    net::TcpStream,
    runtime::{Builder, Runtime},
    time::timeout,
};

type Connection = SendRequest<Empty<Bytes>>;

/// The open connections to a server, on which requests can be sent again and again.
pub struct Http2 {
    runtime: Runtime,
    uri: Uri,
    connections: Vec<Connection>,
    streams: usize,
    body_bytes: usize,
}

/// How far a run has come.
struct Progress {
    sent: Cell<u64>,
    end: End,
}

impl Http2 {
    /// Opens the connections. Each is to have so many requests under way at once, and each answer a body so long.
    ///
    /// # Errors
    /// When the server cannot be reached or does not speak HTTP/2.
    pub fn open(addr: SocketAddr, connections: usize, streams: usize, body_bytes: usize) -> io::Result<Http2> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let opened = (0..connections).map(|_| runtime.block_on(connect(addr))).collect::<io::Result<_>>()?;
        let uri = format!("http://{addr}/").parse().map_err(io::Error::other)?;
        Ok(Http2 { runtime, uri, connections: opened, streams, body_bytes })
    }

    /// Sends requests until told to stop, and waits for all answers; the connections stay open.
    ///
    /// # Errors
    /// When a connection fails, when an answer is not a 200 or has another length, and when one does not come for 30 seconds.
    pub fn run(&mut self, stop: Stop) -> io::Result<Outcome> {
        let started = Instant::now();
        let progress = Progress { sent: Cell::new(0), end: stop.begin() };
        let streams = self.connections.iter().flat_map(|connection| std::iter::repeat_n(connection, self.streams));
        self.runtime.block_on(try_join_all(streams.map(|connection| self.send(connection.clone(), &progress))))?;
        Ok(Outcome { requests: progress.sent.get(), elapsed: started.elapsed() })
    }

    async fn send(&self, mut connection: Connection, progress: &Progress) -> io::Result<()> {
        while !progress.end.has_come(progress.sent.get()) {
            progress.sent.set(progress.sent.get() + 1);
            timeout(STALL, self.once(&mut connection)).await??;
        }
        Ok(())
    }

    async fn once(&self, connection: &mut Connection) -> io::Result<()> {
        let request = Request::get(self.uri.clone()).body(Empty::new()).map_err(io::Error::other)?;
        let answer = connection.send_request(request).await.map_err(io::Error::other)?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
        if status == StatusCode::OK && body.len() == self.body_bytes {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("{status} with {} bytes was not expected", body.len())))
    }
}

async fn connect(addr: SocketAddr) -> io::Result<Connection> {
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // How it ends, its requests tell as well.
    tokio::spawn(async { drop(connection.await) });
    Ok(sender)
}
