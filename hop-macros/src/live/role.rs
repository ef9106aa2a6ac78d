//! What each argument of a WebSocket's or an event stream's callback is, told by its type as written.
use syn::Type;

use crate::callback::{Callback, Side};
use crate::item::Method;
use crate::live::kinds::Form;
use crate::types;

/// An argument.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role<'i> {
    /// The WebSocket or the event stream.
    Port(&'i Type),
    /// The connection before it is open.
    Opening(&'i Type),
    /// The state of the connection.
    Conn(&'i Type),
    /// What the callback is told: a message, a payload, an error, a reason.
    Given(&'i Type),
    /// Taken from the request: when the connection opens.
    Extractor(&'i Type),
    /// Nothing of these.
    Stray(&'i Type),
}

/// Extractors that a message argument cannot be, to tell which of two is the message.
const EXTRACTORS: [&str; 15] = [
    "Query",
    "Form",
    "Header",
    "Headers",
    "HeaderMap",
    "Method",
    "Uri",
    "Peer",
    "StateRef",
    "Request",
    "Responder",
    "Opening",
    "EventStream",
    "CloseReason",
    "MessageError",
];

/// What most message arguments are.
const MESSAGES: [&str; 5] = ["Message", "Json", "String", "Bytes", "str"];

/// The arguments of a function that is `form`, which is not the one for plain requests.
pub(crate) fn of_function(function: &Method, form: Form) -> Vec<Role<'_>> {
    let port = if form == Form::Message { Side::Socket } else { Side::Stream }.port();
    let role = |ty| match () {
        () if types::is_or_lends(ty, port) => Role::Port(ty),
        () if is_kept(ty) => Role::Extractor(ty),
        () if form == Form::Message && may_be_message(ty) => Role::Given(ty),
        () => Role::Stray(ty),
    };
    one_message(function.types().map(role).collect())
}

/// The arguments of a callback in a block whose connections have the state `conn`.
pub(crate) fn of_callback<'i>(method: &'i Method, callback: Callback, conn: &Type) -> Vec<Role<'i>> {
    let role = |ty| match callback {
        _ if is_port(ty) => Role::Port(ty),
        Callback::Open(_) if types::is_or_lends(ty, "Opening") => Role::Opening(ty),
        Callback::Open(_) if types::is_mutable(ty) => Role::Stray(ty),
        Callback::Open(_) => Role::Extractor(ty),
        _ if lends(ty, conn) => Role::Conn(ty),
        Callback::Close(_) if is_same(ty, conn) => Role::Conn(ty),
        _ if is_given(ty, callback) => Role::Given(ty),
        _ => Role::Stray(ty),
    };
    one_message(method.types().map(role).collect())
}

/// Whether a function may keep it from the open.
fn is_kept(ty: &Type) -> bool {
    let extractor = types::extractor(ty);
    types::is_named(extractor, "State") || types::is_named(extractor, "Path")
}

fn is_port(ty: &Type) -> bool {
    types::is_or_lends(ty, Side::Socket.port()) || types::is_or_lends(ty, Side::Stream.port())
}

fn lends(ty: &Type, conn: &Type) -> bool {
    types::as_reference(ty).is_some_and(|reference| is_same(&reference.elem, conn))
}

fn is_same(ty: &Type, conn: &Type) -> bool {
    types::open(ty) == types::open(conn)
}

/// Whether it can be what the callback is told.
fn is_given(ty: &Type, callback: Callback) -> bool {
    match callback {
        Callback::Message => may_be_message(ty),
        Callback::Pong => types::is_bytes(ty),
        Callback::Error => types::lends(ty, "MessageError"),
        Callback::Close(_) => types::is_named(ty, "CloseReason"),
        _ => false,
    }
}

fn may_be_message(ty: &Type) -> bool {
    let is_extractor = EXTRACTORS.iter().any(|name| types::is_or_lends(ty, name));
    !types::is_mutable(ty) && !is_kept(ty) && !is_extractor
}

/// Of several that could be the message, the one whose type is usual is it, or else the first.
fn one_message(mut roles: Vec<Role<'_>>) -> Vec<Role<'_>> {
    let is_given = |role: &Role<'_>| matches!(role, Role::Given(_));
    let is_usual = |role: &Role<'_>| matches!(role, Role::Given(ty) if is_usual(ty));
    let message = roles.iter().position(is_usual).or_else(|| roles.iter().position(is_given));
    for (index, role) in roles.iter_mut().enumerate() {
        match *role {
            Role::Given(ty) if Some(index) != message => *role = Role::Stray(ty),
            _ => {}
        }
    }
    roles
}

fn is_usual(ty: &Type) -> bool {
    types::is_bytes(ty) || MESSAGES.iter().any(|name| types::is_or_lends(ty, name))
}

impl<'i> Role<'i> {
    pub(crate) fn ty(&self) -> &'i Type {
        match self {
            Role::Port(ty)
            | Role::Opening(ty)
            | Role::Conn(ty)
            | Role::Given(ty)
            | Role::Extractor(ty)
            | Role::Stray(ty) => ty,
        }
    }
}
