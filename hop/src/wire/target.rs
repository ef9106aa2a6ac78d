//! The four forms of a request target (RFC 9112 §3.2).

use super::ascii::{PATH, QUERY, all, span};
use super::host;

/// What a request asks for. Everything is as it came: nothing is decoded or normalised.
///
/// Bytes, which have been checked to be ASCII, and where the path lies among them: what is asked for becomes text when it is
/// asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'b> {
    text: &'b [u8],
    form: Form,
    path_at: usize,
    path_bytes: usize,
}

/// The form of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `/path?query`: nearly always.
    Origin,
    /// `http://authority/path?query`: to proxies, but every server must take it (RFC 9112 §3.2.2).
    Absolute,
    /// `host:port`: of CONNECT, always and only.
    Authority,
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
    /// All of it, as it came.
    pub fn text(&self) -> &'b str {
        ascii(self.text)
    }

    /// Its form.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The path to route by: begins with a slash (an empty one in the absolute form is `/`, RFC 9110 §4.2.3); `*` for the
    /// asterisk, empty for CONNECT.
    pub fn path(&self) -> &'b str {
        ascii(self.path_as_bytes())
    }

    /// As [`Target::path`], not looked at again.
    #[inline(always)]
    pub fn path_as_bytes(&self) -> &'b [u8] {
        if self.path_bytes == 0 && self.form == Form::Absolute {
            return b"/";
        }
        &self.text[self.path_at..][..self.path_bytes]
    }

    /// What follows the first question mark.
    pub fn query(&self) -> Option<&'b str> {
        self.text[self.path_at + self.path_bytes..].strip_prefix(b"?").map(ascii)
    }

    /// The authority that the target itself names: a valid host, perhaps with a port, not empty. It wins over the Host field, which
    /// is to be ignored then (RFC 9112 §3.2.2).
    pub fn authority(&self) -> Option<&'b str> {
        match self.form {
            Form::Origin | Form::Asterisk => None,
            Form::Authority => Some(self.text()),
            Form::Absolute => ascii(&self.text[..self.path_at]).split_once("://").map(|(_, authority)| authority),
        }
    }
}

fn ascii(text: &[u8]) -> &str {
    str::from_utf8(text).expect("the characters of a target are checked when it is read")
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
/// others unencoded. Bytes from 0x80 are refused, UTF-8 or not.
#[inline(always)]
pub fn target<'b>(method: &str, text: &'b [u8]) -> Result<Target<'b>, TargetError> {
    let (form, path_at, path_bytes) = if text.starts_with(b"/") && method != "CONNECT" {
        (Form::Origin, 0, path_bytes(text)?)
    } else {
        other(method, text)?
    };
    Ok(Target { text, form, path_at, path_bytes })
}

/// A target's form, and where its path lies.
type Parts = (Form, usize, usize);

/// Those that are not of the origin form.
#[cold]
fn other(method: &str, text: &[u8]) -> Result<Parts, TargetError> {
    match (method, text) {
        // RFC 9110 §9.3.6: a server MUST reject a CONNECT to an empty or invalid port.
        ("CONNECT", text) if host::is_connect_authority(text) => Ok((Form::Authority, text.len(), 0)),
        ("CONNECT", _) => Err(TargetError::Authority),
        ("OPTIONS", b"*") => Ok((Form::Asterisk, 0, 1)),
        _ => absolute(text),
    }
}

/// `scheme "://" authority path-abempty [ "?" query ]`; a URI without an authority cannot be served.
fn absolute(text: &[u8]) -> Result<Parts, TargetError> {
    const SEPARATOR: &[u8] = b"://";
    let scheme_bytes = memchr::memmem::find(text, SEPARATOR).ok_or(TargetError::Form)?;
    if !is_scheme(&text[..scheme_bytes]) {
        return Err(TargetError::Form);
    }
    let rest = &text[scheme_bytes + SEPARATOR.len()..];
    let authority_bytes = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    if !host::is_authority(&rest[..authority_bytes]) {
        return Err(TargetError::Authority);
    }
    let path_bytes = path_bytes(&rest[authority_bytes..])?;
    let path_at = scheme_bytes + SEPARATOR.len() + authority_bytes;
    Ok((Form::Absolute, path_at, path_bytes))
}

/// `ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )` (RFC 3986 §3.1)
fn is_scheme(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphabetic)
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// How many bytes of `text` are path, up to its end or to the first `?`, behind which a query follows.
#[inline(always)]
fn path_bytes(text: &[u8]) -> Result<usize, TargetError> {
    let path_bytes = span(PATH, text);
    match &text[path_bytes..] {
        [] => Ok(path_bytes),
        [b'?', query @ ..] if all(QUERY, query) => Ok(path_bytes),
        _ => Err(TargetError::Character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, text: &str, form: Form, path: &str, query: Option<&str>, authority: Option<&str>) {
        let target = target(method, text.as_bytes()).unwrap_or_else(|error| panic!("{method} {text}: {error:?}"));
        let found = (target.text(), target.form(), target.path(), target.query(), target.authority());
        assert_eq!(found, (text, form, path, query, authority), "{method} {text}");
    }

    #[track_caller]
    fn refuses(error: TargetError, method: &str, targets: &[&str]) {
        for text in targets {
            assert_eq!(target(method, text.as_bytes()), Err(error), "{method} {text}");
        }
    }

    #[test]
    fn the_origin_form_is_a_path_and_perhaps_a_query() {
        // RFC 9112 §3.2.1
        check("GET", "/", Form::Origin, "/", None, None);
        check("GET", "/?", Form::Origin, "/", Some(""), None);
        check("GET", "/a/b;c=1?d=e?f/&g", Form::Origin, "/a/b;c=1", Some("d=e?f/&g"), None);
        check("OPTIONS", "//a/b", Form::Origin, "//a/b", None, None);
        check("GET", "/:a@b!$&'()*+,;=~-._%00", Form::Origin, "/:a@b!$&'()*+,;=~-._%00", None, None);
    }

    #[test]
    fn the_absolute_form_brings_its_authority() {
        // RFC 9112 §3.2.2; RFC 9110 §4.2.3
        check("GET", "http://a/x?y", Form::Absolute, "/x", Some("y"), Some("a"));
        check("GET", "HTTPS://a:8?x=1", Form::Absolute, "/", Some("x=1"), Some("a:8"));
        check("OPTIONS", "http://[::1]:80", Form::Absolute, "/", None, Some("[::1]:80"));
        check("GET", "ws+unix.1-2://a//", Form::Absolute, "//", None, Some("a"));
    }

    #[test]
    fn an_absolute_form_needs_a_valid_authority() {
        // RFC 9110 §4.2.1, §4.2.4
        refuses(
            TargetError::Authority,
            "GET",
            &["http:///x", "http://u:p@a/x", "http://?x", "http://a:x/", "http://a\\b/", "http://#"],
        );
    }

    #[test]
    fn the_asterisk_is_for_options_only() {
        // RFC 9112 §3.2.4
        check("OPTIONS", "*", Form::Asterisk, "*", None, None);
        refuses(TargetError::Form, "GET", &["*"]);
        refuses(TargetError::Form, "OPTIONS", &["*a", "**"]);
        refuses(TargetError::Authority, "CONNECT", &["*"]);
    }

    #[test]
    fn connect_takes_an_authority_with_a_port_and_nothing_else() {
        // RFC 9112 §3.2.3
        check("CONNECT", "a:443", Form::Authority, "", None, Some("a:443"));
        refuses(TargetError::Authority, "CONNECT", &["a", "/", "http://a:443/", "a:0", "u@a:443", "a:443/"]);
    }

    #[test]
    fn other_forms_are_refused() {
        refuses(
            TargetError::Form,
            "GET",
            &["a", "a/b", "a:80", "?x", "http:/a", "http:a", "1http://a/", "://a/", "ht tp://a/", ""],
        );
    }

    #[test]
    fn fragments_and_bytes_beyond_ascii_are_refused() {
        // RFC 3986 §2, §3.5: a fragment is never sent.
        let refused =
            ["/a#b", "/#", "/?a#b", "/\u{e4}", "/a?\u{e4}", "http://a/#b", "http://a/?\u{e4}", "/a b", "/a\u{7f}"];
        refuses(TargetError::Character, "GET", &refused);
    }

    #[test]
    fn what_browsers_send_unencoded_is_taken() {
        check("GET", "/a|b\\^{}[]`\"<>?|^{}[]`\"<>\\", Form::Origin, "/a|b\\^{}[]`\"<>", Some("|^{}[]`\"<>\\"), None);
    }
}
