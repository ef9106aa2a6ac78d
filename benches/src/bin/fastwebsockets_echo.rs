//! A peer: the echo server of fastwebsockets' own example, on hyper and tokio.

use fastwebsockets::{FragmentCollector, OpCode, WebSocketError, upgrade};
use http_body_util::Empty;
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::io;
use tokio::net::TcpStream;

fn main() -> io::Result<()> {
    hop_benches::tokio_server::serve("Echoes WebSocket messages by fastwebsockets.", serve)
}

async fn serve(stream: TcpStream) {
    let upgraded =
        http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(accept)).with_upgrades().await;
    // A client that resets its connection is an ordinary end here, as it is below.
    drop(upgraded);
}

async fn accept(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, upgraded) = upgrade::upgrade(&mut request)?;
    tokio::spawn(async move { drop(tokio::task::unconstrained(echo(upgraded)).await) });
    Ok(response)
}

async fn echo(upgraded: upgrade::UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(upgraded.await?);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}
