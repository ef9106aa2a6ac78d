//! The rules for one callback of a connection, whether it is a function or a method of a block.
use syn::Type;

use crate::callback::Side;
use crate::errors::Errors;
use crate::item::Method;
use crate::live::role::Role;
use crate::types;

/// A callback of an open connection is called, and has returned when it returns.
pub(crate) fn is_plain(method: &Method, side: Side, errors: &mut Errors) {
    if let Some(asyncness) = method.sig.asyncness {
        let (handle, short) = (handle(side), side.short());
        errors.on(
            asyncness,
            format!("a callback of an open connection must not wait: expected a plain `fn`, which may keep `{handle}` to act later; only `on_request` and `on_{short}_open` can be `async`"),
        );
    }
}

pub(crate) fn returns_nothing(method: &Method, side: Side, errors: &mut Errors) {
    if let Some(output) = method.output() {
        let port = port_name(side);
        errors.on(output, format!("nobody takes what this returns: expected no return type; send through `{port}`"));
    }
}

/// The WebSocket or the event stream is lent, is of the right kind, and is there once.
pub(crate) fn port(roles: &[Role<'_>], side: Side, errors: &mut Errors) {
    let mut ports = roles.iter().filter_map(|role| match role {
        Role::Port(ty) => Some(*ty),
        _ => None,
    });
    if let Some(first) = ports.next() {
        lent(first, side, errors);
    }
    for second in ports {
        errors.on(second, "a second connection: expected one; reach others by topics, or by their handles");
    }
}

fn lent(ty: &Type, side: Side, errors: &mut Errors) {
    let (expected, handle) = (side.port(), handle(side));
    if !types::is_or_lends(ty, expected) {
        let short = side.short();
        errors.on(
            ty,
            format!("`on_{short}_…` callbacks are lent another kind of connection: expected `&mut {expected}<'_>`"),
        );
    } else if !types::is_mutable(ty) {
        errors.on(
            ty,
            format!("the connection is lent to the callback: expected `&mut {expected}<'_>`; `{handle}` can be kept"),
        );
    }
}

/// The state is there once.
pub(crate) fn one_conn(roles: &[Role<'_>], errors: &mut Errors) {
    let conns = roles.iter().filter(|role| matches!(role, Role::Conn(_)));
    for second in conns.skip(1) {
        errors.on(second.ty(), "the state of the connection for a second time: expected it once");
    }
}

/// What of the connection can be kept.
fn handle(side: Side) -> &'static str {
    match side {
        Side::Socket => "ws.handle()",
        Side::Stream => "stream.handle()",
    }
}

fn port_name(side: Side) -> &'static str {
    match side {
        Side::Socket => "ws: &mut WebSocket<'_>",
        Side::Stream => "stream: &mut EventStream<'_>",
    }
}
