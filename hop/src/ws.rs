//! The frames of WebSocket (RFC 6455 §5), for those who took over a connection and speak it themselves.
//!
//! [`parse`] reads a frame's header, [`unmask`] its payload; [`Header::encode`] writes a header, of servers and of clients.
//! [`accept_key`] answers a handshake, and [`close`] holds the codes that end a connection. Nothing here remembers anything: that
//! frames come in a legal order, that messages are whole and that text is UTF-8 is for the caller to see to. Handlers do not need
//! this: hop does all of it for them.
//!
//! An echo of whatever frames are in `input`, for as long as they are whole:
//!
//! ```
//! use hop::ws::{FrameError, Header, parse, unmask};
//!
//! /// Gives the bytes that were used.
//! fn echo(input: &mut [u8], out: &mut Vec<u8>) -> Result<usize, FrameError> {
//!     let mut at = 0;
//!     while let Some((used, header)) = parse(&input[at..])? {
//!         let Some(end) = usize::try_from(header.payload_bytes).ok().and_then(|bytes| bytes.checked_add(at + used)) else { break };
//!         let Some(payload) = input.get_mut(at + used..end) else { break };
//!         if let Some(key) = header.mask {
//!             unmask(payload, key, 0);
//!         }
//!         Header { mask: None, ..header }.encode(out);
//!         out.extend_from_slice(payload);
//!         at = end;
//!     }
//!     Ok(at)
//! }
//!
//! let mut input = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x81";
//! let mut out = Vec::new();
//! assert_eq!(echo(&mut input, &mut out), Ok(11));
//! assert_eq!(out, b"\x81\x05Hello");
//! ```

pub use crate::wire::frame::{CONTROL_BYTES_MAX, FrameError, HEADER_BYTES_MAX, Header, OpCode, parse};
pub use crate::wire::handshake::accept_key;
pub use crate::wire::mask::unmask;

/// Close codes (RFC 6455 §7.4).
pub mod close {
    pub use crate::wire::close::{
        AWAY, INTERNAL, INVALID, NORMAL, POLICY, PROTOCOL, RESTART, TOO_LARGE, TRY_LATER, UNSUPPORTED, may_be_sent,
    };
}
