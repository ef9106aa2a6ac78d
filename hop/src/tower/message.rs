//! A request as bytes of HTTP/1.1: its head, and its body as it comes.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Method, header};
use http_body::{Body, Frame};

use crate::app::tower::BoxError;
use crate::server::embed::Client;
use crate::wire::encode;

/// How a body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    None,
    /// Bytes that are left to send.
    Counted(u64),
    Chunked,
}

impl Framing {
    pub(super) fn of(body: &impl Body) -> Framing {
        match body.size_hint().exact() {
            _ if body.is_end_stream() => Framing::None,
            Some(0) => Framing::None,
            Some(bytes) => Framing::Counted(bytes),
            None => Framing::Chunked,
        }
    }
}

/// The head as bytes. What only concerns the connection on which the request came is left out.
pub(super) fn head(parts: &Parts, framing: Framing) -> Bytes {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(parts.method.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(target(parts).as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    if !parts.headers.contains_key(header::HOST) {
        let host = parts.uri.authority().map_or("localhost", |authority| authority.as_str());
        encode::header(&mut out, "host", host.as_bytes());
    }
    for (name, value) in parts.headers.iter().filter(|(name, _)| !is_of_connection(name)) {
        encode::header(&mut out, name.as_str(), value.as_bytes());
    }
    match framing {
        Framing::None => {}
        Framing::Counted(bytes) => encode::content_length(&mut out, bytes),
        Framing::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
    }
    out.extend_from_slice(b"\r\n");
    out.into()
}

fn target(parts: &Parts) -> &str {
    let path = || parts.uri.path_and_query().map_or("/", |path| path.as_str());
    match parts.uri.authority() {
        Some(authority) if parts.method == Method::CONNECT => authority.as_str(),
        _ => path(),
    }
}

/// RFC 9110 §7.6.1, and the framing, which is made anew.
fn is_of_connection(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::CONNECTION | header::CONTENT_LENGTH | header::TE | header::TRANSFER_ENCODING | header::UPGRADE
    ) || matches!(name.as_str(), "keep-alive" | "proxy-connection")
}

/// A body of any type.
trait Frames: Send {
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>>;
}

impl<B> Frames for B
where
    B: Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.poll_frame(cx).map_err(Into::into)
    }
}

/// A request's body on its way to the app.
pub(super) struct Upload {
    /// `None`: all of it was sent, or nobody wants more.
    body: Option<Pin<Box<dyn Frames>>>,
    framing: Framing,
    /// The client sends nothing before it is asked, by `100 Continue`.
    pub(super) waits: bool,
}

impl Upload {
    pub(super) fn new<B>(body: B, framing: Framing, waits: bool) -> Upload
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let body = (framing != Framing::None).then(|| Box::pin(body) as Pin<Box<dyn Frames>>);
        Upload { body, framing, waits }
    }

    /// Sends what has come, as far as the app takes it.
    pub(super) fn pump(&mut self, client: &Client, cx: &mut Context<'_>) {
        while let Some(body) = self.body.as_mut().filter(|_| !self.waits)
            && client.has_room(cx)
        {
            let Poll::Ready(frame) = body.as_mut().poll_next(cx) else { return };
            if matches!(&frame, Some(Ok(frame)) if frame.data_ref().is_some_and(Bytes::is_empty)) {
                // A body that gives empty frames for ever must not keep the task for ever.
                return cx.waker().wake_by_ref();
            }
            let sent = match frame {
                Some(Ok(frame)) => self.frame(client, frame),
                None => self.end(client, None),
                Some(Err(error)) => Err(error.to_string()),
            };
            if let Err(error) = sent {
                log::debug!("a request's body failed: {error}");
                self.body = None;
                client.leave();
            }
        }
    }

    fn frame(&mut self, client: &Client, frame: Frame<Bytes>) -> Result<(), String> {
        match frame.into_data() {
            Ok(data) => self.data(client, data),
            Err(frame) => frame.into_trailers().map_or(Ok(()), |trailers| self.end(client, Some(&trailers))),
        }
    }

    fn data(&mut self, client: &Client, data: Bytes) -> Result<(), String> {
        match &mut self.framing {
            Framing::Counted(left) => {
                *left = left.checked_sub(data.len() as u64).ok_or("it is longer than it said")?;
                client.send(data);
            }
            _ => {
                let mut chunk = Vec::with_capacity(data.len() + 24);
                encode::chunk(&mut chunk, &data);
                client.send(chunk.into());
            }
        }
        Ok(())
    }

    fn end(&mut self, client: &Client, trailers: Option<&http::HeaderMap>) -> Result<(), String> {
        self.body = None;
        match self.framing {
            Framing::Counted(1..) => return Err("it is shorter than it said".to_owned()),
            Framing::Chunked => {
                let mut last = Vec::new();
                encode::last_chunk(&mut last, trailers);
                client.send(last.into());
            }
            _ => {}
        }
        Ok(())
    }
}
