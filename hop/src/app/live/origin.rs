//! Which pages may open a WebSocket: browsers send a page's origin with the handshake, and cookies whoever the page belongs to.

use super::options::OriginPolicy;

/// Whether a client that names this origin, or none, may open a WebSocket at `host` (the request's `Host`).
pub(crate) fn is_allowed(policy: &OriginPolicy, origin: Option<&[u8]>, host: Option<&[u8]>) -> bool {
    // Only browsers name one, and they always do (RFC 6455 §10.2).
    let Some(origin) = origin else { return true };
    match policy {
        OriginPolicy::Any => true,
        OriginPolicy::Same => is_same(origin, host),
        OriginPolicy::Listed(listed) => {
            listed.iter().any(|listed| listed.as_bytes().eq_ignore_ascii_case(origin)) || is_same(origin, host)
        }
    }
}

/// Whether the origin is on the request's host and port. Its scheme does not count: behind a proxy hop does not know its own.
fn is_same(origin: &[u8], host: Option<&[u8]>) -> bool {
    let (Ok(origin), Some(Ok(host))) = (str::from_utf8(origin), host.map(str::from_utf8)) else { return false };
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let bare = |authority: &str| authority.strip_suffix(default_port).unwrap_or(authority).to_ascii_lowercase();
    bare(authority) == bare(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(origin: &str, host: &str) -> bool {
        is_allowed(&OriginPolicy::Same, Some(origin.as_bytes()), Some(host.as_bytes()))
    }

    #[test]
    fn a_page_of_the_same_host_and_port_may() {
        assert!(same("http://example.com", "example.com"));
        assert!(same("https://example.com", "example.com:443"));
        assert!(same("http://Example.com:80", "example.com"));
        assert!(same("http://127.0.0.1:8080", "127.0.0.1:8080"));
        assert!(same("http://[::1]:8080", "[::1]:8080"));
    }

    #[test]
    fn any_other_page_may_not() {
        for origin in
            ["http://evil.com", "http://example.com:81", "http://example.com.evil.com", "null", "", "ftp://example.com"]
        {
            assert!(!same(origin, "example.com"), "{origin}");
        }
        assert!(!is_allowed(&OriginPolicy::Same, Some(b"http://a"), None));
    }

    #[test]
    fn who_names_no_origin_is_no_browser() {
        assert!(is_allowed(&OriginPolicy::Same, None, Some(b"a")));
    }

    #[test]
    fn listed_origins_may_and_any_may_if_so_chosen() {
        let listed = OriginPolicy::Listed(vec!["https://app.example".to_owned()]);
        assert!(is_allowed(&listed, Some(b"https://app.example"), Some(b"api.example")));
        assert!(is_allowed(&listed, Some(b"http://api.example"), Some(b"api.example")));
        assert!(!is_allowed(&listed, Some(b"https://evil.example"), Some(b"api.example")));
        assert!(is_allowed(&OriginPolicy::Any, Some(b"null"), None));
    }
}
