//! The four forms of a request target (RFC 9112 §3.2).

use super::host;

/// What a request asks for. Everything is as it came: nothing is decoded or normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'b> {
    /// `/path?query`: nearly always.
    Origin {
        /// Begins with a slash.
        path: &'b str,
        /// What follows the first question mark.
        query: Option<&'b str>,
    },
    /// `http://authority/path?query`: to proxies, but every server must take it (RFC 9112 §3.2.2).
    Absolute {
        /// Host and perhaps port, valid and not empty. It stands in for the Host field, which is to be ignored.
        authority: &'b str,
        /// Begins with a slash: an empty path is `/` (RFC 9110 §4.2.3).
        path: &'b str,
        /// What follows the first question mark.
        query: Option<&'b str>,
    },
    /// `host:port`: of CONNECT, always and only.
    Authority(&'b str),
    /// `*`: of OPTIONS only; it asks about the server as a whole.
    Asterisk,
}

/// Why a target is refused, with status 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// It holds a byte that is not visible ASCII, or a `#`.
    Character,
    /// It is none of the forms that its method allows.
    Form,
    /// Its authority is not a valid host with an optional port: empty, with user information, or malformed.
    Authority,
}

impl<'b> Target<'b> {
    /// The path to route by: `*` for the asterisk, empty for CONNECT.
    #[inline]
    pub fn path(&self) -> &'b str {
        match self {
            Target::Origin { path, .. } | Target::Absolute { path, .. } => path,
            Target::Authority(_) => "",
            Target::Asterisk => "*",
        }
    }

    /// What follows the question mark.
    #[inline]
    pub fn query(&self) -> Option<&'b str> {
        match self {
            Target::Origin { query, .. } | Target::Absolute { query, .. } => *query,
            Target::Authority(_) | Target::Asterisk => None,
        }
    }

    /// The authority that the target itself names; it wins over the Host field (RFC 9112 §3.3).
    pub fn authority(&self) -> Option<&'b str> {
        match self {
            Target::Absolute { authority, .. } | Target::Authority(authority) => Some(authority),
            Target::Origin { .. } | Target::Asterisk => None,
        }
    }
}

impl TargetError {
    /// What was wrong, for people.
    pub fn what(&self) -> &'static str {
        match self {
            TargetError::Character => "the request target holds a character that no URI may have",
            TargetError::Form => "the request target is of no form that its method allows",
            TargetError::Authority => "the authority of the request target is not a host with an optional port",
        }
    }
}

/// Sorts the target of a request by its form and checks it.
///
/// Of paths and queries every visible ASCII character but `#` is taken: RFC 3986 allows fewer, but browsers send some of the
/// others unencoded. Bytes from 0x80 are refused although httparse lets UTF-8 pass.
#[inline]
pub fn target<'b>(method: &str, text: &'b str) -> Result<Target<'b>, TargetError> {
    if !text.starts_with('/') || method == "CONNECT" {
        return rare(method, text);
    }
    let (path, query) = path_and_query(text)?;
    Ok(Target::Origin { path, query })
}

#[cold]
fn rare<'b>(method: &str, text: &'b str) -> Result<Target<'b>, TargetError> {
    match (method, text) {
        // RFC 9110 §9.3.6: a server MUST reject a CONNECT to an empty or invalid port.
        ("CONNECT", text) if host::is_connect_authority(text.as_bytes()) => Ok(Target::Authority(text)),
        ("CONNECT", _) => Err(TargetError::Authority),
        ("OPTIONS", "*") => Ok(Target::Asterisk),
        _ => absolute(text),
    }
}

/// `scheme "://" authority path-abempty [ "?" query ]`; a URI without an authority cannot be served.
fn absolute(text: &str) -> Result<Target<'_>, TargetError> {
    let (scheme, rest) = text.split_once("://").ok_or(TargetError::Form)?;
    if !is_scheme(scheme.as_bytes()) {
        return Err(TargetError::Form);
    }
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if !host::is_authority(authority.as_bytes()) {
        return Err(TargetError::Authority);
    }
    let (path, query) = path_and_query(rest)?;
    Ok(Target::Absolute { authority, path: if path.is_empty() { "/" } else { path }, query })
}

/// `ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )` (RFC 3986 §3.1)
fn is_scheme(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphabetic)
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// One look at every byte: for the first `?`, for `#` and for bytes from 0x80. httparse has refused control characters.
#[inline]
fn path_and_query(text: &str) -> Result<(&str, Option<&str>), TargetError> {
    let mut question = text.len();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'?' if question == text.len() => question = at,
            b'#' | 0x80.. => return Err(TargetError::Character),
            _ => {}
        }
    }
    Ok((&text[..question], text.get(question + 1..)))
}
