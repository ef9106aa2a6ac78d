//! The callbacks that an `impl` block may define, by their names. One that is to be built changes its line here, gets its rules in
//! `check` and its body in `expand`.
use proc_macro2::Ident;

use crate::errors::did_you_mean;

/// The callback of plain requests.
pub(crate) const ON_REQUEST: &str = "on_request";

/// A callback by name, and whether the expansion knows it; the others are announced, and refused until then.
type Callback = (&'static str, bool);

/// All callbacks, in the order in which a connection meets them.
const CALLBACKS: [Callback; 12] = [
    (ON_REQUEST, true),
    ("on_ws_open", false),
    ("on_ws_message", false),
    ("on_ws_drain", false),
    ("on_ws_pong", false),
    ("on_ws_tick", false),
    ("on_ws_error", false),
    ("on_ws_close", false),
    ("on_sse_open", false),
    ("on_sse_tick", false),
    ("on_sse_drain", false),
    ("on_sse_close", false),
];

/// Whether a method of this name must be a callback. The others in the block are the user's own.
pub(crate) fn is_reserved(name: &Ident) -> bool {
    name.to_string().starts_with("on_")
}

/// `Ok` for a callback that is built; otherwise what to say about the name.
pub(crate) fn known(name: &Ident) -> Result<(), String> {
    let name = name.to_string();
    match CALLBACKS.iter().find(|(known, _)| *known == name) {
        Some((_, true)) => Ok(()),
        Some(_) => Err(format!("`{name}` is not built yet: only `on_request` is called in this version")),
        None => Err(unknown(&name)),
    }
}

fn unknown(name: &str) -> String {
    let names = CALLBACKS.map(|(name, _)| name);
    match did_you_mean(name, names) {
        none if none.is_empty() => {
            let all = names.join(", ");
            format!("`{name}` is not a callback: expected another name for a method of your own, or one of {all}")
        }
        near => format!("`{name}` is not a callback{near}"),
    }
}
