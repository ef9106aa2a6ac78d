//! The handler for a directory.

use std::path::PathBuf;
use std::sync::Arc;

use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderName, HeaderValue};

use super::kind;
use super::name::{self, Name};
use super::one::StaticFile;
use super::open::{Patience, Root, Symlinks};
use super::options::Options;
use super::redirect::{to_directory, to_plain};
use super::serve::{Answer, Search, WouldBlock, asked, refusal};
use crate::app::handler::EventHandler;
use crate::app::reply::{Replied, Reply};
use crate::app::request::Request;
use crate::app::response::Response;

/// The files below a directory as answers: see [`StaticDir`].
///
/// ```
/// let public = hop::dir("public").cache_control("max-age=3600").precompressed();
/// ```
pub fn dir(root: impl Into<PathBuf>) -> StaticDir {
    let inner = Inner {
        root: Arc::new(Root::new(root.into(), Symlinks::default())),
        options: Options::default(),
        index: Some("index.html".into()),
        shows_hidden: false,
        missing: None,
    };
    StaticDir { inner: Arc::new(inner), place: Place::Rest }
}

/// A handler that answers with the files below a directory. Made by [`dir`], put among routes by [`Routes::dir`](crate::Routes::dir).
///
/// It can also be the handler of a route that ends in `{*rest}`, which then names the file, or a
/// [`fallback`](crate::Routes::fallback), where the whole path does.
///
/// * **Names** are percent-decoded once. `..`, encoded separators, backslashes, NUL and empty segments are not found; nor are hidden files
///   (whose name begins with a dot), but for `.well-known` at the top. Files are opened beneath the root by the kernel itself, so that links
///   do not lead out either ([`symlinks`](StaticDir::symlinks)). Only regular files are sent.
/// * **Plain paths**: routes are matched as paths are written, so a name in which something is encoded that may stand plainly (`%61` for
///   `a`; letters, digits and ``-._~!$&'()*+,;=:@``) is answered 308 to the plain path, which routes and groups below the directory's
///   prefix then see.
/// * **Directories**: with a slash at the end of the path, their index file; without one, 301 to the path with the slash. They are not
///   listed.
/// * **Conditions** (`If-Match`, `If-None-Match`, `If-Modified-Since`, `If-Unmodified-Since`, `If-Range`) in the order of RFC 9110 §13.2.2.
///   The entity tag is strong and made of length and modification time in nanoseconds, so equal copies on two servers agree where both
///   are.
/// * **Ranges** (RFC 9110 §14): one as 206, several as `multipart/byteranges`, none that exists as 416. Ranges that overlap or touch are
///   joined, and a request for more than 16 gets the whole file, so that no answer is longer than the file and its framing.
/// * **Methods**: GET, HEAD and OPTIONS; others get 405.
/// * **Cost**: files are sent by the kernel (`sendfile`) and never held in memory. On Linux a file is opened on the worker when that cannot
///   wait for a disk (`RESOLVE_CACHED`, on a local file system); in all other cases the blocking pool opens it. A file that gets shorter
///   while it is sent ends the connection, because what was promised cannot be sent.
///
/// * **Deploys**: the directory is kept open. Within a second its path may name another one, by a symbolic link that is swapped or a directory
///   that is moved there, and that is served from then on. While the path names nothing, the old one is served.
#[derive(Clone, Debug)]
pub struct StaticDir {
    inner: Arc<Inner>,
    place: Place,
}

#[derive(Clone, Debug)]
struct Inner {
    root: Arc<Root>,
    options: Options,
    /// What is sent for a directory.
    index: Option<String>,
    shows_hidden: bool,
    /// What is sent where nothing is found.
    missing: Option<(StatusCode, StaticFile)>,
}

/// Which part of a request's path names the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The last parameter; all of the path where there is none.
    Rest,
    /// None of it: the path is that of the root, with or without the slash at its end.
    Root,
}

impl StaticDir {
    /// Sends this file for a directory, where there is one; default `index.html`.
    pub fn index(mut self, name: impl Into<String>) -> Self {
        self.inner().index = Some(name.into());
        self
    }

    /// Answers 404 for directories.
    pub fn without_index(mut self) -> Self {
        self.inner().index = None;
        self
    }

    /// Sends this file, with this status, where there is no file of the name: a page that says so with 404, or with 200 the page of an app
    /// that has paths of its own.
    ///
    /// ```
    /// use hop::StatusCode;
    ///
    /// let app = hop::dir("app").missing(StatusCode::OK, "app/index.html");
    /// let site = hop::dir("site").missing(StatusCode::NOT_FOUND, hop::file("site/lost.html").cache_control("no-store"));
    /// ```
    pub fn missing(mut self, status: StatusCode, file: impl Into<StaticFile>) -> Self {
        self.inner().missing = Some((status, file.into()));
        self
    }

    /// Sends files and enters directories whose name begins with a dot, too. Default: they are not found.
    pub fn hidden_files(mut self) -> Self {
        self.inner().shows_hidden = true;
        self
    }

    /// Which symbolic links are followed; default [`Symlinks::Below`].
    pub fn symlinks(mut self, symlinks: Symlinks) -> Self {
        let inner = self.inner();
        inner.root = Arc::new(Root::new(inner.root.path().to_owned(), symlinks));
        self
    }

    /// Sends `app.js.br`, `app.js.zst` or `app.js.gz` for `app.js` where it exists and the client accepts it (RFC 9110 §12.5.3): what the
    /// client weighs highest, else the first of these. The siblings are taken to be up to date. Answers say `Vary: accept-encoding`,
    /// beside what [`header`](StaticDir::header) says.
    /// Default: off.
    pub fn precompressed(mut self) -> Self {
        self.inner().options.is_precompressed = true;
        self
    }

    /// Sends a `Cache-Control` field, for example `"public, max-age=31536000, immutable"` for files whose names change with their content.
    /// Without one, clients ask each time whether a file is still the same, or guess.
    ///
    /// # Panics
    ///
    /// When it is not a header value.
    pub fn cache_control(self, value: &str) -> Self {
        self.header(CACHE_CONTROL, value)
    }

    /// Sends this field with every answer about a file that exists: 206, 304, 412 and 416 included. 412 and 416, which no cache is to keep,
    /// go without `Cache-Control` and `Expires`.
    ///
    /// # Panics
    ///
    /// When HTTP does not allow the name or the value.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        self.inner().options.set(name, value);
        self
    }

    /// The answer to a request. Opens files, so it may block: for `blocking` routes.
    pub fn answer(&self, request: &Request<'_>) -> Response {
        // With all patience nothing is left to wait for.
        self.look(request, Patience::Always).unwrap_or_else(|WouldBlock| Response::new(StatusCode::SERVICE_UNAVAILABLE))
    }

    fn inner(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.inner)
    }

    /// The same files, for the path of the root itself.
    pub(super) fn at_root(&self) -> StaticDir {
        StaticDir { inner: Arc::clone(&self.inner), place: Place::Root }
    }

    fn look(&self, request: &Request<'_>, patience: Patience) -> Answer {
        let answer = self.find(request, patience)?;
        match &self.inner.missing {
            Some((status, file)) if answer.status() == StatusCode::NOT_FOUND => {
                file.instead(*status, request, patience)
            }
            _ => Ok(answer),
        }
    }

    fn find(&self, request: &Request<'_>, patience: Patience) -> Answer {
        if let Some(refusal) = refusal(request) {
            return Ok(refusal);
        }
        let Some(rest) = self.place.rest(request) else { return Ok(to_directory(request)) };
        let Inner { root, options, index, shows_hidden, .. } = &*self.inner;
        let Name { path, is_directory, is_overencoded } = match name::parse(rest, *shows_hidden) {
            Ok(name) => name,
            Err(status) => return Ok(Response::new(status)),
        };
        let name = match (is_directory, index) {
            (false, _) => path,
            (true, Some(index)) => below(path, index),
            (true, None) => return Ok(Response::new(StatusCode::NOT_FOUND)),
        };
        if is_overencoded {
            return Ok(to_plain(request, rest));
        }
        let (content_type, second) = (&kind::content_type(&name), Some(request.unix_seconds()));
        let search = Search { root, options, content_type, patience, second };
        search.answer(&name, &asked(request), || match is_directory {
            false => to_directory(request),
            true => Response::new(StatusCode::NOT_FOUND),
        })
    }

    /// What is wrong with it before anybody asks for a file.
    pub(super) fn fault(&self) -> Option<String> {
        let path = self.inner.root.path();
        let error = std::fs::read_dir(path).err()?;
        Some(format!("the directory `{}` cannot be served: {error}", path.display()))
    }
}

impl EventHandler for StaticDir {
    type Conn = ();

    /// Answers at once where the kernel has the way to the file cached, else from the blocking pool.
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

impl Place {
    /// The raw rest of the path that names the file; `None` for a root that was asked for without its slash.
    fn rest<'r>(self, request: &Request<'r>) -> Option<&'r str> {
        let path = request.path();
        match (self, request.params.last_raw()) {
            (Place::Rest, Some(rest)) => Some(rest),
            (Place::Rest, None) => Some(path.strip_prefix('/').unwrap_or(path)),
            (Place::Root, _) => path.ends_with('/').then_some(""),
        }
    }
}

fn below(mut directory: Vec<u8>, name: &str) -> Vec<u8> {
    if !directory.is_empty() {
        directory.push(b'/');
    }
    directory.extend_from_slice(name.as_bytes());
    directory
}
