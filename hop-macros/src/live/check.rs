//! Every rule for routes of WebSockets and event streams. Each broken one is reported on the token that broke it.
use syn::Type;

use crate::args::{Args, Methods};
use crate::callback::{Callback, Side};
use crate::check_extracted;
use crate::errors::Errors;
use crate::item::{Block, Method};
use crate::live::kinds::{Form, Kinds, ticks};
use crate::live::role::{self, Role};
use crate::live::{check_open, rules};
use crate::types;

/// Checks a function that is `form`, which is not the one for plain requests.
pub(crate) fn function(function: &Method, form: Form, args: &Args, errors: &mut Errors) {
    let side = if form == Form::Message { Side::Socket } else { Side::Stream };
    let roles = role::of_function(function, form);
    rules::is_plain(function, side, errors);
    if let Some(blocking) = args.blocking {
        errors.at(
            blocking,
            "a callback of an open connection runs on its worker: expected no `blocking`; hand long work to a thread, with a handle to answer by",
        );
    }
    rules::port(&roles, side, errors);
    for role in &roles {
        function_argument(role, form, errors);
    }
    match form {
        Form::Message => {
            rules::returns_nothing(function, side, errors);
            if let Some(every) = args.every() {
                errors.on(
                    every,
                    "a WebSocket ticks in `on_ws_tick`: expected `every` on an `impl` block with that callback",
                );
            }
        }
        _ => tick_output(function, &roles, errors),
    }
    check_extracted::path_parameters(function, args, errors);
}

fn function_argument(role: &Role<'_>, form: Form, errors: &mut Errors) {
    match role {
        Role::Extractor(ty) => {
            if let Some(borrow) = types::borrow(ty) {
                errors.at(borrow, "this is kept from the open, when the request has gone: expected an owned type, such as `Path<String>`");
            }
        }
        Role::Stray(ty) => errors.on(ty, stray_in_function(form)),
        _ => {}
    }
}

fn stray_in_function(form: Form) -> String {
    let taken = match form {
        Form::Message => "the WebSocket, one message, and of extractors",
        _ => "the event stream, and of extractors",
    };
    let short = if form == Form::Message { "ws" } else { "sse" };
    format!(
        "this function takes {taken} only `State` and `Path` (kept from the open): expected an `impl` block with `on_{short}_open` to extract anything else"
    )
}

/// Either it sends, or what it returns is sent.
fn tick_output(function: &Method, roles: &[Role<'_>], errors: &mut Errors) {
    let has_stream = roles.iter().any(|role| matches!(role, Role::Port(_)));
    match function.output() {
        Some(output) if has_stream => {
            errors.on(output, "a function that takes the event stream sends by itself: expected no return type, or no `&mut EventStream`");
        }
        None if !has_stream => errors.on(
            &function.sig.ident,
            "`every` makes this an event stream, and nothing is sent: expected to return `Event` or `Option<Event>`, or to take `stream: &mut EventStream<'_>`",
        ),
        _ => {}
    }
}

/// Checks one callback of a block, which is not the one for plain requests.
pub(crate) fn callback(callback: Callback, method: &Method, block: &Block, args: &Args, errors: &mut Errors) {
    let Some(side) = callback.side() else { return };
    let conn = block.state();
    let roles = role::of_callback(method, callback, &conn);
    if let Callback::Open(side) = callback {
        return check_open::open(side, method, &roles, args, errors);
    }
    rules::is_plain(method, side, errors);
    rules::returns_nothing(method, side, errors);
    rules::one_conn(&roles, errors);
    if let Callback::Close(_) = callback {
        closing(&roles, errors);
    } else {
        rules::port(&roles, side, errors);
    }
    for role in &roles {
        if let Role::Stray(ty) = role {
            errors.on(ty, stray(callback, ty, block));
        }
    }
    if let (Callback::Tick(_), None) = (callback, args.every()) {
        errors
            .on(&method.sig.ident, "this is never called without a period: expected `every = \"1s\"` in the attribute");
    }
}

/// When a connection has ended, its state is given away.
fn closing(roles: &[Role<'_>], errors: &mut Errors) {
    for role in roles {
        match role {
            Role::Port(ty) => errors.on(ty, "the connection has ended: expected only its state and `CloseReason`"),
            Role::Conn(ty) if types::as_reference(ty).is_some() => {
                errors.on(ty, "the state of a connection that has ended is given away: expected it by value");
            }
            _ => {}
        }
    }
}

fn stray(callback: Callback, ty: &Type, block: &Block) -> String {
    let conn = block.conn().map(types::written);
    let port = callback.side().map_or("WebSocket", Side::port);
    if types::is_mutable(ty) {
        return match conn {
            Some(conn) => format!(
                "expected `&mut {port}<'_>` or `&mut {conn}`: they are told by these names, as they are written here"
            ),
            None => "expected a `type Conn = …;` in this block whose state this is; a WebSocket or an event stream is told by its own name, which an import must not change".to_owned(),
        };
    }
    let conn = conn.unwrap_or_else(|| "Conn".to_owned());
    let taken = match callback {
        Callback::Message => format!("`&mut {port}<'_>`, `&mut {conn}` and one message"),
        Callback::Pong => format!("`&mut {port}<'_>`, `&mut {conn}` and the payload as `&[u8]`"),
        Callback::Error => format!("`&mut {port}<'_>`, `&mut {conn}` and `&MessageError`"),
        Callback::Close(_) => {
            return format!("this callback takes `{conn}` and `CloseReason`: expected no other argument");
        }
        _ => format!("`&mut {port}<'_>` and `&mut {conn}`"),
    };
    format!(
        "this callback takes {taken}: expected anything else to be extracted when the connection opens, and kept in `Conn`"
    )
}

/// Whether every key fits what the block is.
pub(crate) fn block_keys(block: &Block, args: &Args, errors: &mut Errors) {
    let kinds = Kinds::of_block(block);
    keys(kinds, args, errors);
    if let Some(every) = args.every()
        && !ticks(block)
    {
        errors.on(every, "nothing here ticks: expected `on_ws_tick` or `on_sse_tick` in the block");
    }
    let opens = block.callbacks().any(|(callback, _)| matches!(callback, Callback::Request | Callback::Open(_)));
    if let Some(blocking) = args.blocking
        && !opens
    {
        errors.at(blocking, "callbacks of open connections run on their worker: expected `on_request`, `on_ws_open` or `on_sse_open`, which may block");
    }
}

/// Whether every key fits a route of these kinds.
pub(crate) fn keys(kinds: Kinds, args: &Args, errors: &mut Errors) {
    for key in args.live.iter().filter(|setting| setting.change.is_some()).map(|setting| &setting.key) {
        let (fits, what) = match key.to_string().as_str() {
            "every" => (true, ""),
            "keep_alive" => (kinds.stream, "event streams"),
            "queue" | "overflow" => (kinds.socket || kinds.stream, "WebSockets and event streams"),
            _ => (kinds.socket, "WebSockets"),
        };
        if !fits {
            errors.on(key, format!("`{key}` is about {what}, and this route opens none: expected {}", instead(what)));
        }
    }
    if !kinds.socket {
        return;
    }
    if let Some(limit) = args.limit
        && !kinds.request
        && !kinds.stream
    {
        errors.at(
            limit,
            "`limit` bounds the body of a request, and a WebSocket's handshake has none: expected `max_message`",
        );
    }
    if let Methods::Named(methods) = &args.methods
        && !methods.iter().any(|method| method == "GET")
    {
        errors.on(&methods[0], "a WebSocket is opened by GET: expected it among the methods");
    }
}

fn instead(what: &str) -> &'static str {
    match what {
        "WebSockets" => "a function that takes `&mut WebSocket<'_>`, or a block with `on_ws_…` callbacks",
        "event streams" => "a function with `every`, or a block with `on_sse_…` callbacks",
        _ => "`&mut WebSocket<'_>` or `every` on a function, or a block with `on_ws_…` or `on_sse_…` callbacks",
    }
}
