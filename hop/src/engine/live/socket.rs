//! Frames of a WebSocket, and what they make its handler do.

use super::super::drive::Step;
use crate::app::live::closing::CloseReason;
use crate::app::live::message::Message;
use crate::app::live::socket::WebSocket;
use crate::buf::out::Out;
use crate::conn::{Proto, Timer};
use crate::engine::Focus;
use crate::proto::ws::{Event, WsError};
use crate::wire::close;

impl Focus<'_> {
    /// Reads a frame, or what is there of one, of which `known` bytes were there before.
    #[inline(never)]
    pub(crate) fn frame(&mut self, input: &mut [u8], known: usize) -> Step {
        if known == input.len() {
            // Looked at again for another reason: nothing has come, and this is no sign of life.
            return Step::Partial;
        }
        let (unsent, output_bytes) = (self.unsent_bytes(), self.app.limits.output_bytes);
        let Proto::Ws(ws, live) = &mut self.conn.proto else { return Step::Wait };
        let mut message_bytes_max = 0;
        if let Some(live) = live {
            if unsent > output_bytes.min(live.endpoint.live.queue_bytes) || live.kept.paused {
                return Step::Wait;
            }
            live.kept.active_at = self.outside.now.ticks;
            if std::mem::take(&mut live.kept.pinged) {
                // The next ping is due before the end of patience that is waited for.
                self.conn.timer = Timer::Off;
            }
            message_bytes_max = live.message_bytes_max();
        }
        let Some(whole) = ws.whole_at(input, message_bytes_max) else {
            return self.any_frame(input, message_bytes_max);
        };
        let used = whole.end;
        match ws.unmask(whole, input) {
            Ok((kind, data)) => self.message(Message { kind, data }),
            Err(error) => return self.violated(error),
        }
        Step::Used(used)
    }

    /// Reads any frame, or any part of one.
    #[inline(never)]
    fn any_frame(&mut self, input: &mut [u8], message_bytes_max: usize) -> Step {
        let Proto::Ws(ws, _) = &mut self.conn.proto else { return Step::Wait };
        let Some(mut unpacker) = self.common.unpacker.take() else { return Step::Wait };
        let step = match ws.step(input, message_bytes_max, &mut unpacker) {
            Ok((0, Event::None)) => Step::Partial,
            Ok((used, Event::Message { kind, data })) => {
                self.message(Message { kind, data });
                Step::Used(used)
            }
            Ok((used, event)) => {
                self.control(event);
                Step::Used(used)
            }
            Err(error) => self.violated(error),
        };
        unpacker.trim();
        self.common.unpacker = Some(unpacker);
        step
    }

    /// Whether the client does not take what is sent: nothing more of what it says is looked at then.
    pub(crate) fn output_lags(&self) -> bool {
        self.unsent_bytes() > self.app.limits.output_bytes
    }

    /// Bytes of output that are held for this connection.
    #[inline]
    pub(super) fn unsent_bytes(&self) -> usize {
        match &self.conn.queue {
            None => self.common.cork.len(),
            Some(queue) => queue.memory_bytes(),
        }
    }

    #[inline(always)]
    fn message(&mut self, message: Message<'_>) {
        self.common.counts.received += 1;
        self.with_live(|handler, conn, port| handler.on_ws_message(&mut WebSocket::new(port), conn, message));
    }

    #[inline(never)]
    fn control(&mut self, event: Event<'_>) {
        match event {
            Event::Ping(payload) => self.pong(payload),
            Event::Pong(payload) => {
                self.with_live(|handler, conn, port| handler.on_ws_pong(&mut WebSocket::new(port), conn, payload));
            }
            Event::Close { code, reason } => self.closed_by_client(code, reason),
            Event::None | Event::Progress | Event::Message { .. } => {}
        }
    }

    fn pong(&mut self, payload: &[u8]) {
        let Focus { conn, common, .. } = self;
        let mut out = Out { cork: &mut common.cork, queue: &mut conn.queue };
        if let Proto::Ws(ws, _) = &mut conn.proto {
            out.write(|out| ws.pong(out, payload));
        }
    }

    /// RFC 6455 §5.5.1: answered by a close frame with the same code.
    fn closed_by_client(&mut self, code: Option<u16>, reason: &str) {
        let Focus { conn, common, .. } = self;
        let mut out = Out { cork: &mut common.cork, queue: &mut conn.queue };
        if let Proto::Ws(ws, _) = &mut conn.proto {
            out.write(|out| ws.close(out, code, ""));
        }
        self.lose_live(CloseReason::Client { code: code.unwrap_or(close::NONE), reason: reason.to_owned() });
    }

    #[cold]
    fn violated(&mut self, error: WsError) -> Step {
        let Focus { conn, common, .. } = self;
        let mut out = Out { cork: &mut common.cork, queue: &mut conn.queue };
        if let Proto::Ws(ws, _) = &mut conn.proto {
            out.write(|out| ws.fail(out, error));
        }
        self.lose_live(CloseReason::Violation { code: error.close_code(), what: error.what() });
        Step::Used(0)
    }
}
