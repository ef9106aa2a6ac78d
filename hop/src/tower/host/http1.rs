//! Requests that ask for an upgrade: hyper answers them, and gives what follows to whoever has asked for it.

use std::cell::RefCell;
use std::sync::Arc;

use http::header::{CONNECTION, UPGRADE};
use http::{Request as HttpRequest, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;

use super::answer::Answer;
use super::conn::Hosted;
use crate::app::body::Body;
use crate::app::reply::{Replied, Reply};
use crate::app::request::Request;
use crate::app::tower::Mounted;

/// What hyper may buffer of a head, and of what it writes.
const BUFFER_BYTES: usize = 64 * 1024;
/// hop has read the head already, and found no more in it.
const HEADERS_MAX: usize = crate::app::limits::HEADERS_CEILING;

/// Whether a request asks to go on with another protocol (RFC 9110 §7.8). One that offers HTTP/2 alone does not: that is declined by
/// an answer as to any other request.
pub(in crate::tower) fn is_upgrade(request: &HttpRequest<Body>) -> bool {
    let Some(protocol) = request.headers().get(UPGRADE) else { return false };
    let asked = request.headers().get_all(CONNECTION).iter();
    let mut options = asked.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    request.version() == Version::HTTP_11
        && !protocol.as_bytes().eq_ignore_ascii_case(b"h2c")
        && options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
}

/// Has the request answered by hyper. `seen` is the request as the service is to see it, but for its body: hyper reads it again.
pub(in crate::tower) fn host(
    request: &Request<'_>,
    seen: HttpRequest<Body>,
    mounted: &Arc<Mounted>,
    reply: Reply<'_>,
) -> Replied {
    let head_bytes = request.head.fields.lines().len();
    let buffer_bytes = BUFFER_BYTES.max(2 * (head_bytes + request.target().len()));
    let (seen, _) = seen.into_parts();
    let (mounted, seen) = (Arc::clone(mounted), RefCell::new(Some((seen.uri, seen.extensions))));
    let service = service_fn(move |mut request: HttpRequest<Incoming>| {
        // There is but one request: the connection is closed after it.
        if let Some((uri, extensions)) = seen.take() {
            *request.uri_mut() = uri;
            request.extensions_mut().extend(extensions);
        }
        Answer::of(&mounted, request, true)
    });
    let serve = |io, _| {
        let mut builder = http1::Builder::new();
        builder.max_headers(HEADERS_MAX).max_buf_size(buffer_bytes);
        builder.serve_connection(io, service).with_upgrades()
    };
    let mut hosted = Hosted::new(serve, |conn| conn.graceful_shutdown(), None);
    reply.host(move |io| hosted.call(io))
}
