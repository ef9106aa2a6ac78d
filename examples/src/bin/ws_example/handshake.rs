//! What the echoes that speak WebSocket themselves answer the handshake with. `#[route]` does this, and checks more, by itself.

use hop::prelude::*;

/// The head that turns a hijacked connection into a WebSocket; 426 for a request that asks for none.
pub fn accept(headers: Headers<'_>, hijack: Response) -> Response {
    let asks = headers.get("upgrade").is_some_and(|name| name.eq_ignore_ascii_case("websocket"));
    let key = headers.bytes("sec-websocket-key").filter(|_| asks && headers.get("sec-websocket-version") == Some("13"));
    let Some(key) = key else {
        let refusal = Response::new(StatusCode::UPGRADE_REQUIRED).with_text("this is a WebSocket");
        return refusal.with_header("upgrade", "websocket").with_header("sec-websocket-version", "13");
    };
    let hijack = hijack.with_header("connection", "upgrade").with_header("upgrade", "websocket");
    hijack.with_header("sec-websocket-accept", hop::ws::accept_key(key))
}
