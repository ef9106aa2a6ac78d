//! One call of an app: the future of its answer, and the answer's body.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};

use super::message::{self, Framing, Upload};
use super::reading::{self, BodyReader, Head};
use crate::app::peer::Peer;
use crate::app::tower::BoxError;
use crate::server::embed::{Client, Inbox};

/// The answer of an [`AppService`](super::AppService), to come. Dropped, the client has left.
#[must_use = "futures do nothing unless they are polled"]
pub struct Answering {
    /// `None`: the app cannot be reached, or has answered.
    call: Option<Call>,
}

struct Call {
    client: Client,
    upload: Upload,
    to_head: bool,
}

impl Answering {
    pub(super) fn new<B>(inbox: &Arc<Inbox>, request: http::Request<B>) -> Answering
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let framing = Framing::of(&body);
        let peer = parts.extensions.get::<Peer>().cloned().unwrap_or(Peer::Unknown);
        let client = Client::open(inbox, peer, message::head(&parts, framing));
        let upload = Upload::new(body, framing, parts.headers.contains_key(header::EXPECT));
        Answering { call: Some(Call { client, upload, to_head: parts.method == Method::HEAD }) }
    }

    /// Answers 503.
    pub(super) fn unavailable() -> Answering {
        Answering { call: None }
    }
}

impl Future for Answering {
    type Output = Result<Response<AppBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let head = match &mut self.call {
            Some(call) => ready!(call.poll_head(cx)),
            None => return Poll::Ready(Ok(answer(StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new(), AppBody::EMPTY))),
        };
        let call = self.call.take();
        Poll::Ready(Ok(match head {
            Some((status, headers, reader)) => answer(status, headers, AppBody { call, reader }),
            None => answer(StatusCode::INTERNAL_SERVER_ERROR, HeaderMap::new(), AppBody::EMPTY),
        }))
    }
}

impl Call {
    /// The head of the answer. `None`: the app has closed instead, as it does for a body that never came whole.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Option<(StatusCode, HeaderMap, BodyReader)>> {
        loop {
            self.upload.pump(&self.client, cx);
            match ready!(self.client.poll(cx, |output, ended| reading::head(output, ended, self.to_head))) {
                Head::Interim => self.upload.waits = false,
                Head::Final(status, headers, reader) => return Poll::Ready(Some((status, headers, reader))),
                Head::Missing => return Poll::Ready(None),
            }
        }
    }
}

fn answer(status: StatusCode, headers: HeaderMap, body: AppBody) -> Response<AppBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The body of an app's answer: pulled from it no faster than it is polled. Dropped before its end, the client has left.
pub struct AppBody {
    call: Option<Call>,
    reader: BodyReader,
}

impl AppBody {
    const EMPTY: AppBody = AppBody { call: None, reader: BodyReader::Done };
}

impl Body for AppBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let AppBody { call: Some(call), reader } = &mut *self else { return Poll::Ready(None) };
        call.upload.pump(&call.client, cx);
        call.client.poll(cx, |output, ended| reader.next(output, ended))
    }

    fn is_end_stream(&self) -> bool {
        self.reader.left_bytes() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.reader.left_bytes().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl std::fmt::Debug for Answering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answering")
    }
}

impl std::fmt::Debug for AppBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AppBody").field(&self.reader).finish()
    }
}
