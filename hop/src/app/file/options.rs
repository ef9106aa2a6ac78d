//! What can be chosen for a file and for a directory alike.

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// See [`StaticDir`](super::StaticDir), whose methods set these.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    /// On every answer about a file that exists.
    pub(super) fields: HeaderMap,
    /// Whether `app.js.br` may be sent for `app.js`.
    pub(super) is_precompressed: bool,
}

impl Options {
    /// Sets a field.
    ///
    /// # Panics
    ///
    /// When HTTP does not allow the name or the value: both are the program's own.
    pub(super) fn set<N, V>(&mut self, name: N, value: V)
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        let (Ok(name), Ok(value)) = (name.try_into(), value.try_into()) else {
            panic!("a header name or value for static files is not one that HTTP allows")
        };
        self.fields.insert(name, value);
    }
}
