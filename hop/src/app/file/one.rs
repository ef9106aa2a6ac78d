//! The handler for one file.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::kind;
use super::open::{Patience, Root, Symlinks};
use super::options::Options;
use super::serve::{Answer, Search, WouldBlock, asked, refusal};
use crate::app::handler::EventHandler;
use crate::app::into_response::IntoResponse;
use crate::app::reply::{Replied, Reply};
use crate::app::request::Request;
use crate::app::response::Response;

/// One file as an answer: see [`StaticFile`].
///
/// ```
/// use hop::{Method, Routes};
///
/// let app = Routes::new().route("/favicon.ico", Method::GET, hop::file("public/favicon.ico")).build().unwrap();
/// ```
pub fn file(path: impl Into<PathBuf>) -> StaticFile {
    let path = path.into();
    let name = path.file_name().map_or(Vec::new(), |name| name.as_bytes().to_vec());
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    StaticFile(Arc::new(Inner {
        root: Arc::new(Root::new(folder.to_owned(), Symlinks::Anywhere)),
        content_type: kind::content_type(&name),
        name,
        options: Options::default(),
    }))
}

/// A handler that answers with one file, whatever path it is asked for under. Made by [`file()`].
///
/// It is a handler for [`Routes::file`](crate::Routes::file) and [`Routes::route`](crate::Routes::route), and other handlers can hand
/// requests on to its `on_request`, or call [`answer`](StaticFile::answer) where blocking is allowed. It is also an answer itself: see its
/// [`IntoResponse`].
///
/// What it does with ranges, conditions, HEAD and other methods is what [`StaticDir`](crate::StaticDir) does. The path is the program's
/// own: symbolic links in it are followed. The file is opened for each request, so it may be replaced at any time (by renaming a new one
/// over it, so that nobody gets half of it); while there is none, the answer is 404. The folder it lies in is looked for anew
/// once a second, as by [`StaticDir`](crate::StaticDir).
#[derive(Clone, Debug)]
pub struct StaticFile(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    root: Arc<Root>,
    name: Vec<u8>,
    content_type: HeaderValue,
    options: Options,
}

impl StaticFile {
    /// Sends this as `Content-Type` instead of what the name's ending suggests.
    ///
    /// # Panics
    ///
    /// When it is not a header value.
    pub fn content_type(mut self, media_type: &str) -> Self {
        let value = HeaderValue::from_str(media_type).expect("the program's own media type is a header value");
        Arc::make_mut(&mut self.0).content_type = value;
        self
    }

    /// Sends a `Cache-Control` field, for example `"public, max-age=3600"`. Without one, clients ask each time whether the file is still
    /// the same, or guess.
    ///
    /// # Panics
    ///
    /// When it is not a header value.
    pub fn cache_control(self, value: &str) -> Self {
        self.header(CACHE_CONTROL, value)
    }

    /// Sends this field with every answer about the file: see [`StaticDir::header`](crate::StaticDir::header).
    ///
    /// # Panics
    ///
    /// When HTTP does not allow the name or the value.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        Arc::make_mut(&mut self.0).options.set(name, value);
        self
    }

    /// Has browsers save the file under this name instead of showing it (RFC 6266).
    ///
    /// ```
    /// let report = hop::file("reports/2026-11.pdf").download_as("Übersicht.pdf");
    /// ```
    pub fn download_as(self, name: &str) -> Self {
        self.header(CONTENT_DISPOSITION, disposition(name))
    }

    /// Sends `name.br`, `name.zst` or `name.gz` instead where it lies beside the file and the client accepts it: see
    /// [`StaticDir::precompressed`](crate::StaticDir::precompressed).
    pub fn precompressed(mut self) -> Self {
        Arc::make_mut(&mut self.0).options.is_precompressed = true;
        self
    }

    /// The answer to a request. Opens the file, so it may block: for `blocking` routes.
    ///
    /// ```
    /// use hop::{Path, Request, Response, route};
    ///
    /// #[route("/reports/{year}", blocking)]
    /// fn report(request: &Request<'_>, Path(year): Path<u16>) -> Response {
    ///     hop::file(format!("reports/{year}.pdf")).answer(request)
    /// }
    /// ```
    pub fn answer(&self, request: &Request<'_>) -> Response {
        // With all patience nothing is left to wait for.
        self.look(request, Patience::Always).unwrap_or_else(|WouldBlock| Response::new(StatusCode::SERVICE_UNAVAILABLE))
    }

    fn look(&self, request: &Request<'_>, patience: Patience) -> Answer {
        if let Some(refusal) = refusal(request) {
            return Ok(refusal);
        }
        self.search(patience, Some(request.unix_seconds()))
            .answer(&self.0.name, &asked(request), || Response::new(StatusCode::NOT_FOUND))
    }

    /// The answer where something else was not found: with a status of its own it is nothing that conditions or ranges could be about.
    pub(super) fn instead(&self, status: StatusCode, request: &Request<'_>, patience: Patience) -> Answer {
        match status {
            StatusCode::OK => self.look(request, patience),
            _ => {
                let search = self.search(patience, Some(request.unix_seconds()));
                Ok(search.unasked(&self.0.name)?.with_status(status))
            }
        }
    }

    fn search(&self, patience: Patience, second: Option<u64>) -> Search<'_> {
        let Inner { root, content_type, options, .. } = &*self.0;
        Search { root, options, content_type, patience, second }
    }

    /// What is wrong with it before anybody asks for it.
    pub(super) fn fault(&self) -> Option<String> {
        let path = self.0.root.path().join(std::ffi::OsStr::from_bytes(&self.0.name));
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => None,
            Ok(_) => Some(format!("`{}` is not a file", path.display())),
            Err(error) => Some(format!("the file `{}` cannot be served: {error}", path.display())),
        }
    }
}

/// All of the file, without ranges and conditions, because the request is not at hand. The file is opened there and then, which may wait for a
/// disk: elsewhere than in `blocking` routes that is for files which are asked for often, such as the page of an error.
///
/// ```
/// use hop::{StaticFile, StatusCode, route};
///
/// #[route("/")]
/// fn lost() -> (StatusCode, StaticFile) {
///     (StatusCode::NOT_FOUND, hop::file("public/lost.html"))
/// }
/// ```
impl IntoResponse for StaticFile {
    fn into_response(self) -> Response {
        let answer = self.search(Patience::Always, None).unasked(&self.0.name);
        // With all patience nothing is left to wait for.
        answer.unwrap_or_else(|WouldBlock| Response::new(StatusCode::SERVICE_UNAVAILABLE))
    }
}

impl EventHandler for StaticFile {
    type Conn = ();

    /// Answers at once where the kernel has the file's directory entries cached, else from the blocking pool.
    fn on_request(&self, request: &Request<'_>, reply: Reply<'_>) -> Replied {
        match self.look(request, Patience::Never) {
            Ok(answer) => reply.send(answer),
            Err(WouldBlock) => {
                let this = self.clone();
                reply.blocking(move |request| this.answer(request))
            }
        }
    }
}

/// RFC 6266 §4.3: the name in ASCII for old clients, and as it is for the others.
fn disposition(name: &str) -> String {
    let is_plain = |character: &char| (' '..='~').contains(character) && !matches!(character, '"' | '\\' | '%');
    let ascii: String = name.chars().map(|character| if is_plain(&character) { character } else { '_' }).collect();
    if ascii == name {
        return format!("attachment; filename=\"{ascii}\"");
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", utf8_percent_encode(name, NOT_ATTR_CHAR))
}

/// All but RFC 8187's `attr-char`.
const NOT_ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_for_saving_are_quoted_and_encoded() {
        assert_eq!(disposition("a b.pdf"), "attachment; filename=\"a b.pdf\"");
        assert_eq!(disposition("ü\".pdf"), "attachment; filename=\"__.pdf\"; filename*=UTF-8''%C3%BC%22.pdf");
        assert_eq!(disposition("a\r\nb"), "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab");
    }
}
