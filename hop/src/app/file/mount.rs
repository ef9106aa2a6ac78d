//! Files among the routes of an app.

use http::Method;

use super::dir::{StaticDir, dir};
use super::one::{StaticFile, file};
use crate::app::erased::erased;
use crate::app::routes::{Entry, Routes};

impl From<&str> for StaticDir {
    fn from(root: &str) -> Self {
        dir(root)
    }
}

impl From<&str> for StaticFile {
    fn from(path: &str) -> Self {
        file(path)
    }
}

impl Routes {
    /// Answers below `prefix` with the files below a directory: a path, or a [`StaticDir`] with choices of its own.
    /// [`build`](Routes::build) tells when the directory cannot be read.
    ///
    /// `/static/a/b.css` is `a/b.css` in the directory, `/static/` its index file, `/static` leads to `/static/`. Other routes may lie below
    /// the prefix and win. For a whole site, `prefix` is `/`.
    ///
    /// ```no_run
    /// use hop::{Routes, Symlinks};
    ///
    /// let assets = hop::dir("public").precompressed().symlinks(Symlinks::Refused);
    /// let app = Routes::new().dir("/assets", assets).dir("/", "public").build().unwrap();
    /// ```
    #[track_caller]
    pub fn dir(mut self, prefix: &str, dir: impl Into<StaticDir>) -> Self {
        let dir = dir.into();
        let (fault, root) = (dir.fault(), Some(erased(dir.at_root())));
        let pattern = format!("{}/{{*path}}", prefix.trim_end_matches('/'));
        self.entries.push(Entry { fault, root, ..Entry::new(pattern, Method::GET.into(), dir) });
        self
    }

    /// Answers GET and HEAD on `pattern` with one file: a path, or a [`StaticFile`] with choices of its own. [`build`](Routes::build) tells
    /// when there is no such file; for one that comes later, use [`route`](Routes::route).
    ///
    /// ```
    /// use hop::Routes;
    ///
    /// let app = Routes::new().file("/manifest", hop::file("Cargo.toml").content_type("text/plain")).build().unwrap();
    /// ```
    #[track_caller]
    pub fn file(mut self, pattern: impl Into<String>, file: impl Into<StaticFile>) -> Self {
        let file = file.into();
        let fault = file.fault();
        self.entries.push(Entry { fault, ..Entry::new(pattern.into(), Method::GET.into(), file) });
        self
    }
}
