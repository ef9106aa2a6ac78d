//! The WebSocket side of the load: the handshake and the frames, byte for byte. The key is the one of RFC 6455 §1.3, so
//! that the accept key is a constant as well.

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// What a server must answer to [`opening`] as its accept key.
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
/// A whole text message.
const TEXT: u8 = 0x81;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

/// The request that opens a WebSocket at `path`.
pub fn opening(path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    )
    .into_bytes()
}

/// A ping as a client sends it, with `payload` of at most 125 bytes.
pub fn ping(payload: &[u8]) -> Vec<u8> {
    let text = masked(payload);
    [&[PING], &text[1..]].concat()
}

/// A text message as a server sends it.
pub fn frame(payload: &[u8]) -> Vec<u8> {
    [&header(payload.len(), 0), payload].concat()
}

/// A text message as a client sends it.
pub fn masked(payload: &[u8]) -> Vec<u8> {
    let key = MASK.into_iter().cycle();
    let payload: Vec<u8> = payload.iter().zip(key).map(|(byte, key)| byte ^ key).collect();
    [&header(payload.len(), 0x80), &MASK[..], &payload].concat()
}

fn header(payload_bytes: usize, mask_bit: u8) -> Vec<u8> {
    let length = payload_bytes.to_be_bytes();
    match payload_bytes {
        0..126 => vec![TEXT, mask_bit | length[7]],
        126..65_536 => [&[TEXT, mask_bit | 126], &length[6..]].concat(),
        _ => [&[TEXT, mask_bit | 127], &length[..]].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use tungstenite::protocol::frame::FrameHeader;

    #[test]
    fn the_accept_key_belongs_to_the_key() {
        assert_eq!(tungstenite::handshake::derive_accept_key(KEY.as_bytes()), ACCEPT);
    }

    #[test]
    fn a_ping_says_that_it_is_masked() {
        assert_eq!(ping(b"hop")[..2], [0x89, 0x83]);
    }

    #[test]
    fn frames_are_read_by_tungstenite() {
        for bytes in [0, 20, 125, 126, 1024, 65_535, 65_536] {
            let payload = vec![b'a'; bytes];
            let (header, length) = FrameHeader::parse(&mut Cursor::new(masked(&payload))).unwrap().unwrap();
            assert_eq!((header.mask, length), (Some(MASK), bytes as u64));
            let (header, length) = FrameHeader::parse(&mut Cursor::new(frame(&payload))).unwrap().unwrap();
            assert_eq!((header.mask, length), (None, bytes as u64));
        }
    }
}
