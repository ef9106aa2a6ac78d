//! Handlers without their types: what a router holds.

use std::sync::Arc;

use super::handler::{Callbacks, EventHandler};
use super::live::closing::CloseReason;
use super::live::dispatch;
use super::live::message::Message;
use super::live::setup::AnyConn;
use super::live::socket::WebSocket;
use super::live::stream::EventStream;
use super::reply::{Replied, Reply};
use super::request::Request;

/// An [`EventHandler`] without its type. Each method is the callback of the same name; `conn` is what the handler's own opening made.
pub(crate) trait AnyHandler: Send + Sync {
    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied;
    fn on_ws_message(&self, ws: &mut WebSocket<'_>, conn: &mut AnyConn, message: Message<'_>);
    fn on_ws_pong(&self, ws: &mut WebSocket<'_>, conn: &mut AnyConn, payload: &[u8]);
    fn on_ws_tick(&self, ws: &mut WebSocket<'_>, conn: &mut AnyConn);
    fn on_ws_drain(&self, ws: &mut WebSocket<'_>, conn: &mut AnyConn);
    fn on_ws_close(&self, conn: AnyConn, why: CloseReason);
    fn on_sse_tick(&self, stream: &mut EventStream<'_>, conn: &mut AnyConn);
    fn on_sse_drain(&self, stream: &mut EventStream<'_>, conn: &mut AnyConn);
    fn on_sse_close(&self, conn: AnyConn, why: CloseReason);
}

/// The one implementation of [`AnyHandler`].
#[derive(Debug)]
pub(crate) struct Shared<H>(pub Arc<H>);

/// A handler without its type.
pub(crate) fn erased(handler: impl EventHandler) -> Box<dyn AnyHandler> {
    Box::new(Shared(Arc::new(handler)))
}

impl<H: EventHandler> Shared<H> {
    #[inline]
    fn conn(conn: &mut AnyConn) -> &mut H::Conn {
        (**conn).downcast_mut().expect("a connection is given to the handler that opened it")
    }

    fn owned(conn: AnyConn) -> H::Conn {
        *conn.downcast().expect("a connection is given to the handler that opened it")
    }
}

impl<H: EventHandler> AnyHandler for Shared<H> {
    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied {
        if H::CALLBACKS == Callbacks::REQUEST {
            return H::on_request_shared(&self.0, request, reply);
        }
        dispatch::dispatch(&self.0, request, reply)
    }

    fn on_ws_message(&self, ws: &mut WebSocket<'_>, conn: &mut AnyConn, message: Message<'_>) {
        self.0.on_ws_message(ws, Self::conn(conn), message);
    }

    fn on_ws_pong(&self, ws: &mut WebSocket<'_>, conn: &mut AnyConn, payload: &[u8]) {
        self.0.on_ws_pong(ws, Self::conn(conn), payload);
    }

    fn on_ws_tick(&self, ws: &mut WebSocket<'_>, conn: &mut AnyConn) {
        self.0.on_ws_tick(ws, Self::conn(conn));
    }

    fn on_ws_drain(&self, ws: &mut WebSocket<'_>, conn: &mut AnyConn) {
        self.0.on_ws_drain(ws, Self::conn(conn));
    }

    fn on_ws_close(&self, conn: AnyConn, why: CloseReason) {
        self.0.on_ws_close(Self::owned(conn), why);
    }

    fn on_sse_tick(&self, stream: &mut EventStream<'_>, conn: &mut AnyConn) {
        self.0.on_sse_tick(stream, Self::conn(conn));
    }

    fn on_sse_drain(&self, stream: &mut EventStream<'_>, conn: &mut AnyConn) {
        self.0.on_sse_drain(stream, Self::conn(conn));
    }

    fn on_sse_close(&self, conn: AnyConn, why: CloseReason) {
        self.0.on_sse_close(Self::owned(conn), why);
    }
}
