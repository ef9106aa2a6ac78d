//! From hop's request to that of the `http` crate.

use bytes::{BufMut, Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, Uri, Version};

use crate::app::body::Body;
use crate::app::request::Request;
use crate::wire::head::Fields;

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
/// Target and header fields are copied once, into one allocation that all values share.
pub(crate) fn owned(request: &Request<'_>, path: Path) -> Option<http::Request<Body>> {
    let seen = Seen::of(request, path);
    let fields = &request.head.fields;
    let mut text = BytesMut::with_capacity(seen.len() + fields.lines().len());
    seen.write(&mut text);
    text.put_slice(fields.lines());
    let mut text = text.freeze();
    let uri = Uri::from_maybe_shared(text.split_to(seen.len())).ok()?;
    let headers = headers(fields, &text)?;

    let mut owned = http::Request::new(body(request, &headers));
    *owned.method_mut() = request.method();
    *owned.version_mut() = if request.is_http10() { Version::HTTP_10 } else { Version::HTTP_11 };
    *owned.uri_mut() = uri;
    *owned.headers_mut() = headers;
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

/// `lines` is a copy of those of `fields`.
fn headers(fields: &Fields<'_>, lines: &Bytes) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(fields.len());
    for (name, value) in fields.in_copy(lines).raw() {
        let value = HeaderValue::from_maybe_shared(lines.slice_ref(value)).ok()?;
        headers.append(HeaderName::from_bytes(name).ok()?, value);
    }
    Some(headers)
}

fn body(request: &Request<'_>, headers: &HeaderMap) -> Body {
    let Some(body) = request.take_stream() else { return Body::empty() };
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    body.of_length(declared)
}
