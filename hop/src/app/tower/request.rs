//! From hop's request to that of the `http` crate.

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, Version};

use crate::app::body::Body;
use crate::app::request::Request;

/// How much of the path a service sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// All of it.
    Whole,
    /// What the pattern's `{*rest}` stands for.
    Rest,
    /// Nothing but `/`: the service's prefix itself was asked for.
    Root,
}

/// The URI that the client has asked for, in the extensions of a request whose path was cut to what lies below a service's prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalUri(pub Uri);

/// The request as an owned value with the body to come. `None`: the `http` crate does not allow its target.
///
/// Target and header values are copied once, into one allocation that all of them share.
pub(crate) fn owned(request: &Request<'_>, path: Path) -> Option<http::Request<Body>> {
    let seen = Seen::of(request, path);
    let values: usize = request.headers().map(|(_, value)| value.len()).sum();
    let mut text = BytesMut::with_capacity(seen.len() + values);
    seen.write(&mut text);
    request.headers().for_each(|(_, value)| text.put_slice(value));
    let mut text = text.freeze();
    let uri = Uri::from_maybe_shared(text.split_to(seen.len())).ok()?;

    let mut owned = http::Request::new(body(request));
    *owned.method_mut() = request.method();
    *owned.version_mut() = if request.is_http10() { Version::HTTP_10 } else { Version::HTTP_11 };
    *owned.uri_mut() = uri;
    *owned.headers_mut() = headers(request, text)?;
    owned.extensions_mut().insert(request.peer());
    if path != Path::Whole {
        owned.extensions_mut().insert(OriginalUri(request.uri()?));
    }
    Some(owned)
}

/// The target as a service sees it.
enum Seen<'r> {
    Target(&'r str),
    Below(&'r str, Option<&'r str>),
}

impl<'r> Seen<'r> {
    fn of(request: &Request<'r>, path: Path) -> Seen<'r> {
        match path {
            Path::Whole => Seen::Target(request.target()),
            Path::Rest => Seen::Below(request.params.last_raw().unwrap_or_default(), request.query()),
            Path::Root => Seen::Below("", request.query()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Seen::Target(target) => target.len(),
            Seen::Below(path, query) => 1 + path.len() + query.map_or(0, |query| 1 + query.len()),
        }
    }

    fn write(&self, out: &mut BytesMut) {
        match self {
            Seen::Target(target) => out.put_slice(target.as_bytes()),
            Seen::Below(path, query) => {
                out.put_u8(b'/');
                out.put_slice(path.as_bytes());
                if let Some(query) = query {
                    out.put_u8(b'?');
                    out.put_slice(query.as_bytes());
                }
            }
        }
    }
}

/// `values` holds their values one after the other.
fn headers(request: &Request<'_>, mut values: Bytes) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(request.head.fields.len());
    for (name, value) in request.headers() {
        let value = HeaderValue::from_maybe_shared(values.split_to(value.len())).ok()?;
        headers.append(HeaderName::from_bytes(name.as_bytes()).ok()?, value);
    }
    Some(headers)
}

fn body(request: &Request<'_>) -> Body {
    let Some(body) = request.take_stream() else { return Body::empty() };
    let declared = request.header("content-length").and_then(|length| str::from_utf8(length).ok()?.parse().ok());
    body.of_length(declared)
}
