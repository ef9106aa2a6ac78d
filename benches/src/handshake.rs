//! The handshake as the WebSocket ceilings do it: a correct accept key, and nothing checked.

use tungstenite::handshake::derive_accept_key;

const KEY: &str = "\r\nsec-websocket-key:";

/// The 101 to a request head; `None` when it has no key.
pub fn accept(head: &[u8]) -> Option<Vec<u8>> {
    let head = str::from_utf8(head).ok()?;
    let at = head.to_ascii_lowercase().find(KEY)? + KEY.len();
    let key = head[at..].lines().next()?.trim();
    let accept = derive_accept_key(key.as_bytes());
    let answer =
        "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ";
    Some(format!("{answer}{accept}\r\n\r\n").into_bytes())
}
