//! Writing frames.

use super::{Gathering, Kind, Packer, Reading, Ws, WsError, encode};
use crate::wire::close::{REASON_BYTES_MAX, fitting, may_be_sent};
use crate::wire::frame::{CONTROL_BYTES_MAX, OpCode, frame};

/// Writing: each says whether it wrote, which it does not after a close.
impl Ws {
    /// Appends a message as one frame, compressed where that was agreed on and pays.
    #[inline]
    pub fn message(&mut self, out: &mut Vec<u8>, kind: Kind, data: &[u8], packer: &mut Packer) -> bool {
        if self.close_sent {
            return false;
        }
        if self.deflate_bits > 0 && data.len() >= self.deflate_bytes_min as usize {
            self.compressed(out, kind, data, packer);
        } else {
            encode(out, kind, data);
        }
        true
    }

    fn compressed(&mut self, out: &mut Vec<u8>, kind: Kind, data: &[u8], packer: &mut Packer) {
        #[cfg(feature = "deflate")]
        if let Some(own) = self.contexts.as_mut().and_then(|contexts| contexts.deflater.as_mut()) {
            // Sent even where it is longer: both windows have to hold it.
            packer.deflate(Some(own), data, self.deflate_bits);
            frame(out, OpCode::of(kind), true, &packer.payload);
            return packer.trim();
        }
        packer.encode(out, kind, data, self.deflate_bits);
    }

    /// Appends a ping. What of `data` is beyond 125 bytes is left out.
    pub fn ping(&mut self, out: &mut Vec<u8>, data: &[u8]) -> bool {
        self.send(out, OpCode::Ping, data)
    }

    /// Appends a pong: the answer to a ping with the same `data`. What is beyond 125 bytes is left out.
    pub fn pong(&mut self, out: &mut Vec<u8>, data: &[u8]) -> bool {
        self.send(out, OpCode::Pong, data)
    }

    fn send(&mut self, out: &mut Vec<u8>, opcode: OpCode, data: &[u8]) -> bool {
        if !self.close_sent {
            frame(out, opcode, false, &data[..data.len().min(CONTROL_BYTES_MAX)]);
        }
        !self.close_sent
    }

    /// Appends the close; only the first one is written. A `code` that may not be sent is left out, and without a code there is no
    /// reason. A reason is cut to 123 bytes.
    ///
    /// What was gathered of a message is given up: what still comes is dropped.
    pub fn close(&mut self, out: &mut Vec<u8>, code: Option<u16>, reason: &str) -> bool {
        if self.close_sent {
            return false;
        }
        self.close_sent = true;
        if self.reading == Reading::Open {
            self.reading = Reading::Dropping;
        }
        let left = self.gathering.take().map_or(0, |gathering| gathering.frame_left);
        self.gathering = (left > 0).then(|| Box::new(Gathering::dropped(left)));
        let mut payload = [0; CONTROL_BYTES_MAX];
        let mut len = 0;
        if let Some(code) = code.filter(|code| may_be_sent(*code)) {
            let reason = fitting(reason, REASON_BYTES_MAX).as_bytes();
            len = 2 + reason.len();
            payload[..2].copy_from_slice(&code.to_be_bytes());
            payload[2..len].copy_from_slice(reason);
        }
        frame(out, OpCode::Close, false, &payload[..len]);
        true
    }

    /// Appends the close that tells the peer its error. Nothing is read any more.
    pub fn fail(&mut self, out: &mut Vec<u8>, error: WsError) -> bool {
        self.stop();
        self.close(out, Some(error.close_code()), error.what())
    }
}
