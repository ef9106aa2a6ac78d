//! Where a path leads that names a file or a directory in another way than it is to be asked for.
//!
//! Locations are relative: that holds behind a proxy that strips a prefix, and no path can make one lead to another host.

use http::StatusCode;
use http::header::{HeaderValue, LOCATION};

use super::name;
use crate::app::request::Request;
use crate::app::response::Response;

/// The path with a slash at its end, so that relative links within the directory lead where they should.
pub(super) fn to_directory(request: &Request<'_>) -> Response {
    let segment = request.path().rsplit('/').next().unwrap_or("");
    redirect(StatusCode::MOVED_PERMANENTLY, request, ["./", segment, "/"].concat().into_bytes())
}

/// The path whose end, `rest`, has nothing encoded that need not be. The router compares paths as they are written: so routes and groups
/// with hooks that are to answer for a name get all requests for it. `rest` was parsed as a name.
pub(super) fn to_plain(request: &Request<'_>, rest: &str) -> Response {
    redirect(StatusCode::PERMANENT_REDIRECT, request, from_last_segment(rest.as_bytes(), &name::plain(rest)))
}

/// How to come from the last segment of `path` to `other`: they have equally many segments.
fn from_last_segment(path: &[u8], other: &[u8]) -> Vec<u8> {
    let same = path.iter().zip(other).take_while(|(one, other)| one == other).count();
    let start = path[..same].iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
    let mut way = match path[start..].iter().filter(|&&byte| byte == b'/').count() {
        0 => b"./".to_vec(),
        up => b"../".repeat(up),
    };
    way.extend_from_slice(&other[start..]);
    way
}

/// To `way`, with the same query.
fn redirect(status: StatusCode, request: &Request<'_>, mut way: Vec<u8>) -> Response {
    if let Some(query) = request.query() {
        way.push(b'?');
        way.extend_from_slice(query.as_bytes());
    }
    let Ok(location) = HeaderValue::try_from(way) else { return Response::new(StatusCode::NOT_FOUND) };
    let mut response = Response::new(status);
    response.headers_mut().insert(LOCATION, location);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_begins_at_the_first_segment_that_differs() {
        let way = |path: &str| String::from_utf8(from_last_segment(path.as_bytes(), &name::plain(path))).unwrap();
        assert_eq!(way("%61"), "./a");
        assert_eq!(way("b%61"), "./ba");
        assert_eq!(way("b/%61"), "./a");
        assert_eq!(way("%61/b"), "../a/b");
        assert_eq!(way("b/%61/c/"), "../../a/c/");
        assert_eq!(way("%20b/x%61%20/c%2f"), "../xa%20/c%2f");
    }
}
