//! From a name below a root to an answer.

use http::StatusCode;
use http::header::{ALLOW, HeaderValue, RETRY_AFTER};

use super::answer::Representation;
use super::asked::Asked;
use super::coding::{self, Coding};
use super::open::{Found, Missed, Opened, Patience, Root};
use super::options::Options;
use crate::app::request::Request;
use crate::app::response::Response;

/// The answer, or the word that finding it could block.
pub(super) type Answer = Result<Response, WouldBlock>;

/// Only the blocking pool may look further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WouldBlock;

/// One search for one name.
pub(super) struct Search<'a> {
    pub(super) root: &'a Root,
    pub(super) options: &'a Options,
    pub(super) content_type: &'a HeaderValue,
    pub(super) patience: Patience,
    /// The time in seconds since 1970, where it is known.
    pub(super) second: Option<u64>,
}

impl Search<'_> {
    /// Answers with the file of this name, or with the best of its precompressed siblings. `directory` answers when there is a directory.
    pub(super) fn answer(&self, name: &[u8], asked: &Asked<'_>, directory: impl FnOnce() -> Response) -> Answer {
        match self.sibling(name, asked).and_then(|sibling| self.or_plain(sibling, name)) {
            Ok((Found::File(opened), coding)) => Ok(self.represent(opened, coding).answer(asked)),
            Ok((Found::Directory, _)) => Ok(directory()),
            Err(missed) => self.missed(missed, name),
        }
    }

    /// Answers with the file of this name, whole, whatever was asked for.
    pub(super) fn unasked(&self, name: &[u8]) -> Answer {
        match self.open(name) {
            Ok(Found::File(opened)) => Ok(self.represent(opened, None).unasked()),
            Ok(Found::Directory) => self.missed(Missed::NotFound, name),
            Err(missed) => self.missed(missed, name),
        }
    }

    /// The sibling that the client likes best, if there is one that it likes.
    fn sibling(&self, name: &[u8], asked: &Asked<'_>) -> Result<Option<(Found, Option<Coding>)>, Missed> {
        if !self.options.is_precompressed {
            return Ok(None);
        }
        for coding in coding::accepted(&asked.accept_encoding) {
            let sibling = [name, coding.suffix().as_bytes()].concat();
            match self.open(&sibling) {
                Ok(Found::File(opened)) => return Ok(Some((Found::File(opened), Some(coding)))),
                Err(Missed::WouldBlock) => return Err(Missed::WouldBlock),
                // What cannot be read is no reason to refuse the original.
                Ok(Found::Directory) | Err(_) => {}
            }
        }
        Ok(None)
    }

    fn or_plain(
        &self,
        sibling: Option<(Found, Option<Coding>)>,
        name: &[u8],
    ) -> Result<(Found, Option<Coding>), Missed> {
        match sibling {
            Some(sibling) => Ok(sibling),
            None => Ok((self.open(name)?, None)),
        }
    }

    fn open(&self, name: &[u8]) -> Result<Found, Missed> {
        self.root.open(name, self.patience, self.second)
    }

    fn represent(&self, opened: Opened, coding: Option<Coding>) -> Representation<'_> {
        Representation {
            opened,
            content_type: self.content_type,
            coding,
            is_negotiated: self.options.is_precompressed,
            fields: &self.options.fields,
        }
    }

    fn missed(&self, missed: Missed, name: &[u8]) -> Answer {
        match missed {
            Missed::WouldBlock => return Err(WouldBlock),
            Missed::NotFound => {}
            Missed::Forbidden => return Ok(Response::new(StatusCode::FORBIDDEN)),
            Missed::Busy => return Ok(busy()),
            Missed::Failed(error) => {
                let (root, name) = (self.root.path().display(), String::from_utf8_lossy(name));
                log::error!("{name} in {root} cannot be opened: {error}");
                return Ok(Response::new(StatusCode::INTERNAL_SERVER_ERROR));
            }
        }
        Ok(Response::new(StatusCode::NOT_FOUND))
    }
}

fn busy() -> Response {
    let mut response = Response::new(StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The answer to a request that does not read: 405, or what OPTIONS wants to know. For handlers that get all methods, such as fallbacks.
pub(super) fn refusal(request: &Request<'_>) -> Option<Response> {
    let status = match request.method_str() {
        "GET" | "HEAD" => return None,
        "OPTIONS" => StatusCode::NO_CONTENT,
        _ => StatusCode::METHOD_NOT_ALLOWED,
    };
    let mut response = Response::new(status);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    Some(response)
}

/// What a request asks of a file.
pub(super) fn asked<'r>(request: &Request<'r>) -> Asked<'r> {
    Asked::new(request.method_str() == "HEAD", request.headers(), request.unix_seconds())
}
