//! Which callback a request is for, on a route that has more than `on_request`.

use std::sync::Arc;

use http::{HeaderValue, StatusCode, header};

use super::link::Link;
use super::opening::Opener;
use super::origin;
use super::setup::{Kind, Setup};
use super::upgrade::Upgrade;
use crate::app::handler::{Callbacks, EventHandler};
use crate::app::reply::{Replied, Reply};
use crate::app::request::Request;
use crate::app::response::{Body, Response};
use crate::wire::ascii::list;
use crate::wire::handshake::{self, HandshakeError};
use crate::wire::offer;

/// `Upgrade: websocket` is for the WebSocket callbacks, `Accept: text/event-stream` for those of event streams; a route with event
/// streams alone opens one for whoever accepts anything.
pub(crate) fn dispatch<H: EventHandler>(handler: &Arc<H>, request: &Request<'_>, reply: Reply<'_>) -> Replied {
    let has = |callbacks| H::CALLBACKS.has(callbacks);
    if has(Callbacks::WEB_SOCKET) && asks_for_socket(request) {
        return open_socket(handler, request, reply);
    }
    let accepts = accepts_events(request);
    if has(Callbacks::EVENT_STREAM)
        && (accepts == Accepts::Events || accepts == Accepts::Anything && !has(Callbacks::REQUEST))
    {
        return open_stream(handler, request, reply);
    }
    if has(Callbacks::REQUEST) {
        return H::on_request_shared(handler, request, reply);
    }
    if has(Callbacks::EVENT_STREAM) {
        let what = "this is an event stream: it is sent to those who accept text/event-stream";
        return reply.send((StatusCode::NOT_ACCEPTABLE, what));
    }
    reply.send(refusal(HandshakeError::Upgrade))
}

fn asks_for_socket(request: &Request<'_>) -> bool {
    let upgrades = request.head.fields.named("upgrade").flat_map(list);
    upgrades.into_iter().any(|token| token.eq_ignore_ascii_case(b"websocket"))
}

fn open_socket<H: EventHandler>(handler: &Arc<H>, request: &Request<'_>, mut reply: Reply<'_>) -> Replied {
    match socket_setup(request, &mut reply) {
        Ok(setup) => H::on_ws_opening(handler, request, Opener::new(reply, setup)),
        Err(refusal) => reply.send(refusal),
    }
}

fn socket_setup(request: &Request<'_>, reply: &mut Reply<'_>) -> Result<Setup, Response> {
    let key = handshake::key(request.head).map_err(refusal)?;
    let live = request.live;
    if !origin::is_allowed(&live.origin, request.header("origin"), request.header("host")) {
        let what = "pages of this origin may not open a WebSocket here";
        return Err(Response::new(StatusCode::FORBIDDEN).with_text(what));
    }
    let announces = |name| request.header(name).is_some_and(|value| value != b"0");
    if announces("content-length") || announces("transfer-encoding") {
        return Err(Response::new(StatusCode::BAD_REQUEST).with_text("a WebSocket's handshake has no body"));
    }
    let offered = handshake::protocols(request.head).map_err(refusal)?;
    let offers = offer::offers(request.head).map_err(refusal)?;
    let upgrade = Upgrade::new(handshake::accept_key(key), &offers, live);
    let mut setup = Setup::new(Kind::Socket(upgrade), link(request, reply), request.peer());
    setup.offered = offered.into_iter().map(str::to_owned).collect();
    Ok(setup)
}

fn refusal(error: HandshakeError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = Response::new(status).with_text(error.what());
    if status == StatusCode::UPGRADE_REQUIRED {
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}

fn open_stream<H: EventHandler>(handler: &Arc<H>, request: &Request<'_>, mut reply: Reply<'_>) -> Replied {
    if request.method_str() == "HEAD" {
        // What GET would say, without opening anything; how long it would be nobody knows (RFC 9110 §8.6).
        let mut response = super::opening::stream_head();
        response.body = Body::Unsent;
        return reply.send(response);
    }
    let mut setup = Setup::new(Kind::Stream, link(request, &mut reply), request.peer());
    let last = request.header("last-event-id").and_then(|id| str::from_utf8(id).ok());
    setup.last_event_id = last.filter(|id| !id.is_empty()).map(str::to_owned);
    H::on_sse_opening(handler, request, Opener::new(reply, setup))
}

fn link(request: &Request<'_>, reply: &mut Reply<'_>) -> Arc<Link> {
    let (conn, number, mailbox) = reply.opening();
    Link::new(conn, number, mailbox, request.live.queue_bytes)
}

/// What a client takes for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepts {
    /// Events, by name.
    Events,
    /// Events among everything else.
    Anything,
    /// No events.
    Other,
}

/// RFC 9110 §12.5.1; weights do not count, but 0 means never.
fn accepts_events(request: &Request<'_>) -> Accepts {
    let mut accepts = if request.header("accept").is_none() { Accepts::Anything } else { Accepts::Other };
    for range in request.head.fields.named("accept").flat_map(list) {
        let Ok(range) = str::from_utf8(range) else { continue };
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let never = parts.any(|part| part.replace(' ', "").strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
        match kind.to_ascii_lowercase().as_str() {
            "text/event-stream" => return if never { Accepts::Other } else { Accepts::Events },
            "*/*" | "text/*" if !never => accepts = Accepts::Anything,
            _ => {}
        }
    }
    accepts
}
