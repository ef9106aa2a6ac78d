//! The answer for an open file: conditions, ranges, header fields, and which parts of the file are sent.

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, EXPIRES, HeaderName,
    HeaderValue, LAST_MODIFIED, VARY,
};
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

use super::asked::Asked;
use super::coding::Coding;
use super::conditional;
use super::multipart;
use super::open::Opened;
use super::range::{self, Range, Wanted, content_range};
use super::validator::Validators;
use crate::app::response::{Body, FilePart, Response};
use crate::buf::out::FileRange;

/// An open file as one representation of what was asked for.
pub(super) struct Representation<'a> {
    pub(super) opened: Opened,
    /// The media type of the decoded content.
    pub(super) content_type: &'a HeaderValue,
    pub(super) coding: Option<Coding>,
    /// Whether another client could get another coding under the same name.
    pub(super) is_negotiated: bool,
    /// Fields that every answer about this file carries.
    pub(super) fields: &'a HeaderMap,
}

impl Representation<'_> {
    /// Answers with all of it, parts of it, or without it, as the request wants.
    pub(super) fn answer(self, asked: &Asked<'_>) -> Response {
        let token = self.coding.map_or("", Coding::token);
        let validators = Validators::new(self.opened.length_bytes, self.opened.modified, token, asked.unix_seconds);
        if let Some(status) = conditional::refusal(asked, &validators) {
            return self.bare(status, &validators);
        }
        let wanted = match conditional::range(asked, &validators) {
            Some(field) => range::wanted(field, self.opened.length_bytes),
            None => Wanted::Whole,
        };
        match wanted {
            Wanted::Whole => self.whole(&validators),
            Wanted::Nothing => self.unsatisfiable(),
            Wanted::Parts(parts) => match &parts[..] {
                [part] => self.part(part.clone(), &validators),
                _ => self.parts(&parts, &validators),
            },
        }
    }

    /// Answers with all of it to a request that nobody can see: so it does not promise that conditions and ranges would be heeded.
    pub(super) fn unasked(self) -> Response {
        let mut response = Response::new(StatusCode::OK);
        response.headers_mut().extend(self.own_fields());
        response.headers_mut().insert(CONTENT_TYPE, self.content_type.clone());
        let all = 0..self.opened.length_bytes;
        response.body = Body::File(vec![FilePart { before: Bytes::new(), range: Some(self.range(all)) }]);
        response
    }

    fn whole(self, validators: &Validators) -> Response {
        let all = 0..self.opened.length_bytes;
        let mut response = self.described(StatusCode::OK, validators);
        response.headers_mut().insert(CONTENT_TYPE, self.content_type.clone());
        response.body = Body::File(vec![FilePart { before: Bytes::new(), range: Some(self.range(all)) }]);
        response
    }

    fn part(self, part: Range, validators: &Validators) -> Response {
        let mut response = self.described(StatusCode::PARTIAL_CONTENT, validators);
        response.headers_mut().insert(CONTENT_TYPE, self.content_type.clone());
        response.headers_mut().insert(CONTENT_RANGE, text(content_range(&part, self.opened.length_bytes)));
        response.body = Body::File(vec![FilePart { before: Bytes::new(), range: Some(self.range(part)) }]);
        response
    }

    fn parts(self, parts: &[Range], validators: &Validators) -> Response {
        let length_bytes = self.opened.length_bytes;
        let mut response = self.described(StatusCode::PARTIAL_CONTENT, validators);
        let framed = multipart::frame(parts, length_bytes, self.content_type);
        response.headers_mut().insert(CONTENT_TYPE, text(framed.content_type));
        let file = Arc::new(self.opened.file);
        let mut body: Vec<FilePart> = Vec::with_capacity(parts.len() + 1);
        for (part, before) in parts.iter().zip(framed.before) {
            let range = FileRange { file: Arc::clone(&file), offset: part.start, len: part.end - part.start };
            body.push(FilePart { before: before.into(), range: Some(range) });
        }
        body.push(FilePart { before: framed.after.into(), range: None });
        response.body = Body::File(body);
        response
    }

    /// RFC 9110 §15.5.17.
    fn unsatisfiable(self) -> Response {
        let mut response = self.refused(StatusCode::RANGE_NOT_SATISFIABLE);
        response.headers_mut().insert(CONTENT_RANGE, text(format!("bytes */{}", self.opened.length_bytes)));
        response
    }

    /// 304 or 412: what a cache needs to know, and nothing about a content that is not sent (RFC 9110 §15.4.5).
    fn bare(self, status: StatusCode, validators: &Validators) -> Response {
        if status != StatusCode::NOT_MODIFIED {
            return self.refused(status);
        }
        let mut response = Response::new(status);
        self.tell_caches(&mut response, validators);
        response
    }

    /// What is wrong is the request, which caches do not look at: they must not keep the answer.
    fn refused(&self, status: StatusCode) -> Response {
        let mut response = Response::new(status);
        let headers = response.headers_mut();
        headers.extend(self.own_fields());
        headers.remove(CACHE_CONTROL);
        headers.remove(EXPIRES);
        response
    }

    fn own_fields(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        self.fields.iter().map(|(name, value)| (name.clone(), value.clone()))
    }

    fn described(&self, status: StatusCode, validators: &Validators) -> Response {
        let mut response = Response::new(status);
        self.tell_caches(&mut response, validators);
        let headers = response.headers_mut();
        headers.insert(LAST_MODIFIED, text(validators.last_modified()));
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if let Some(coding) = self.coding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.token()));
        }
        response
    }

    fn tell_caches(&self, response: &mut Response, validators: &Validators) {
        let headers = response.headers_mut();
        headers.reserve(OWN_FIELDS_MAX + self.fields.len());
        headers.extend(self.own_fields());
        headers.insert(ETAG, text(validators.etag.clone()));
        if self.is_negotiated && !names_coding(headers.get(VARY)) {
            headers.append(VARY, HeaderValue::from_static("accept-encoding"));
        }
    }

    fn range(self, part: Range) -> FileRange {
        FileRange { file: Arc::new(self.opened.file), offset: part.start, len: part.end - part.start }
    }
}

/// ETag, Vary, Last-Modified, Accept-Ranges, Content-Encoding, Content-Type, Content-Range.
const OWN_FIELDS_MAX: usize = 7;

/// Whether a `Vary` says already that the coding is negotiated (RFC 9110 §12.5.5).
fn names_coding(vary: Option<&HeaderValue>) -> bool {
    let names = |vary: &HeaderValue| {
        let mut names = vary.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        names.any(|name| name == b"*" || name.eq_ignore_ascii_case(b"accept-encoding"))
    };
    vary.is_some_and(names)
}

fn text(value: String) -> HeaderValue {
    HeaderValue::try_from(value).expect("numbers, dates, tags and boundaries are visible ASCII")
}
