//! The callbacks that an `impl` block may define, by their names.
use proc_macro2::Ident;

use crate::errors::did_you_mean;

/// What a callback is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callback {
    Request,
    Open(Side),
    Message,
    Drain(Side),
    Pong,
    Tick(Side),
    Error,
    Close(Side),
}

/// What kind of connection a callback serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Socket,
    Stream,
}

/// All callbacks, in the order in which a connection meets them.
const CALLBACKS: [(&str, Callback); 12] = [
    ("on_request", Callback::Request),
    ("on_ws_open", Callback::Open(Side::Socket)),
    ("on_ws_message", Callback::Message),
    ("on_ws_drain", Callback::Drain(Side::Socket)),
    ("on_ws_pong", Callback::Pong),
    ("on_ws_tick", Callback::Tick(Side::Socket)),
    ("on_ws_error", Callback::Error),
    ("on_ws_close", Callback::Close(Side::Socket)),
    ("on_sse_open", Callback::Open(Side::Stream)),
    ("on_sse_tick", Callback::Tick(Side::Stream)),
    ("on_sse_drain", Callback::Drain(Side::Stream)),
    ("on_sse_close", Callback::Close(Side::Stream)),
];

/// Names that other servers have for these, and what to say instead.
const ELSEWHERE: [(&str, &str); 18] = [
    ("on_get", "expected `on_request`; the attribute names the methods"),
    ("on_post", "expected `on_request`; the attribute names the methods"),
    ("on_open", "expected `on_ws_open` or `on_sse_open`"),
    ("on_connect", "expected `on_ws_open` or `on_sse_open`"),
    ("on_ws_connect", "expected `on_ws_open`"),
    ("on_sse_connect", "expected `on_sse_open`"),
    ("on_text", "expected `on_ws_message`, which may take `&str`"),
    ("on_ws_text", "expected `on_ws_message`, which may take `&str`"),
    ("on_binary", "expected `on_ws_message`, which may take `&[u8]`"),
    ("on_ws_binary", "expected `on_ws_message`, which may take `&[u8]`"),
    ("on_ws_ping", "hop answers pings by itself, and tells `on_ws_pong` of the answers to its own"),
    ("on_sse_message", "an event stream goes one way: expected `on_ws_message`, or `on_sse_tick` to send"),
    ("on_sse_error", "an event stream has nothing to misread: expected `on_sse_close`"),
    ("on_tick", "expected `on_ws_tick` or `on_sse_tick`"),
    ("on_drain", "expected `on_ws_drain` or `on_sse_drain`"),
    ("on_close", "expected `on_ws_close` or `on_sse_close`"),
    ("on_disconnect", "expected `on_ws_close` or `on_sse_close`"),
    ("on_error", "expected `on_ws_error`, which is told of a message that does not fit"),
];

impl Callback {
    /// The callback of this name; otherwise what to say about it.
    pub(crate) fn named(name: &Ident) -> Result<Callback, String> {
        let name = name.to_string();
        let known = CALLBACKS.iter().find(|(known, _)| *known == name);
        known.map(|(_, callback)| *callback).ok_or_else(|| unknown(&name))
    }

    /// The kind of connection that it serves; none for plain requests.
    pub(crate) fn side(self) -> Option<Side> {
        match self {
            Callback::Request => None,
            Callback::Open(side) | Callback::Drain(side) | Callback::Tick(side) | Callback::Close(side) => Some(side),
            Callback::Message | Callback::Pong | Callback::Error => Some(Side::Socket),
        }
    }
}

impl Side {
    /// The type that is lent to the callbacks.
    pub(crate) fn port(self) -> &'static str {
        match self {
            Side::Socket => "WebSocket",
            Side::Stream => "EventStream",
        }
    }

    /// What stands between `on_` and `_open`.
    pub(crate) fn short(self) -> &'static str {
        match self {
            Side::Socket => "ws",
            Side::Stream => "sse",
        }
    }
}

/// Whether a method of this name must be a callback. The others in the block are the user's own.
pub(crate) fn is_reserved(name: &Ident) -> bool {
    name.to_string().starts_with("on_")
}

fn unknown(name: &str) -> String {
    if let Some((_, instead)) = ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == name) {
        return format!("`{name}` is not a callback: {instead}");
    }
    let names = CALLBACKS.map(|(name, _)| name);
    match did_you_mean(name, names) {
        none if none.is_empty() => {
            let all = names.join(", ");
            format!("`{name}` is not a callback: expected another name for a method of your own, or one of {all}")
        }
        near => format!("`{name}` is not a callback{near}"),
    }
}
