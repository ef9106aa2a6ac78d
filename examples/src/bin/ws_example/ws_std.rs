//! `/ws-std`: the classic loop. The connection leaves the poll loop for a thread of its own, on which tungstenite blocks.

use std::thread;

use hop::prelude::*;
use hop::{RawConn, RawStream};
use tungstenite::WebSocket;
use tungstenite::protocol::{Role, WebSocketConfig};

use super::handshake;

/// 16 MiB a message, as on the other paths.
pub fn config() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(16 << 20)).max_frame_size(Some(16 << 20))
}

#[route("/ws-std")]
pub fn upgrade(headers: Headers<'_>) -> Response {
    handshake::accept(headers, Response::hijack(start))
}

fn start(conn: RawConn) {
    let started =
        conn.into_stream().and_then(|stream| thread::Builder::new().name("ws-std".into()).spawn(|| echo(stream)));
    if let Err(error) = started {
        eprintln!("/ws-std: {error}");
    }
}

fn echo(stream: RawStream) {
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, Some(config()));
    // An error is the end, a regular one included.
    while let Ok(message) = socket.read() {
        if (message.is_text() || message.is_binary()) && socket.send(message).is_err() {
            return;
        }
    }
}
