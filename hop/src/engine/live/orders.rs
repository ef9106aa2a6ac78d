//! What handles ask for: orders that come by mail.

use std::sync::Arc;

use super::super::{Engine, Focus, Outside};
use crate::app::live::link::{Link, Order};
use crate::app::live::port::Port;
use crate::buf::slab::ConnId;
use crate::conn::Proto;

impl Engine {
    /// Does what a handle asks for; names the connection, if it is still there.
    pub(crate) fn order(&mut self, link: &Arc<Link>, order: Order, outside: &Outside<'_>) -> Option<ConnId> {
        link.taken(order.bytes());
        let (mut focus, _) = self.focus(link.conn, outside)?;
        if focus.conn.request != link.request {
            // It was refused, and this is what its connection was used for then.
            return None;
        }
        match (&focus.conn.proto, &mut focus.conn.flight) {
            // It is still opening.
            (Proto::H1(_), Some(flight)) => flight.orders.push(order),
            _ => {
                focus.obey(order);
                focus.settle();
            }
        }
        Some(link.conn)
    }
}

impl Focus<'_> {
    pub(super) fn obey(&mut self, order: Order) {
        self.with_live(|_, _, port| match &order {
            Order::Message(message) => _ = port.message(message.borrow()),
            Order::Event(event) => _ = port.event(event),
            Order::Ping(payload) => port.ping(payload),
            Order::Close { code, reason } => port.close(*code, reason),
            Order::Subscribe(topic) => port.subscribe(topic, None),
            Order::Unsubscribe(topic) => port.unsubscribe(topic),
            Order::Pause(paused) => port.pause(*paused),
        });
    }
}
