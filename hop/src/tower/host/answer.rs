//! A service's answer on its way to hyper.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use http::{Request, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tower_service::Service;

use super::upload::Upload;
use crate::app::reply::AnswerFuture;
use crate::app::response::{Body as AnswerBody, Response};
use crate::app::stream::{Part, Source};
use crate::app::tower::Mounted;
use crate::tower::call::{Answering, AppBody};
use crate::tower::service::AppService;

/// A service that was called.
pub(super) struct Called {
    future: AnswerFuture,
    upload: Option<Upload>,
    /// The connection is not used again, unless it is upgraded.
    closes: bool,
}

/// The answer to come.
pub(super) enum Answer {
    /// Of a service.
    Service(Called),
    /// Of hop's own routes.
    Own(Answering),
}

impl Answer {
    /// Calls a service, with the request as it is to see it.
    pub(super) fn of(mounted: &Mounted, request: Request<Incoming>, closes: bool) -> Answer {
        let (head, body) = request.into_parts();
        let (body, upload) = Upload::of(body);
        let future = mounted.answer(Request::from_parts(head, body));
        Answer::Service(Called { future, upload, closes })
    }

    /// Asks hop's own routes.
    pub(super) fn own(service: &AppService, request: Request<Incoming>) -> Answer {
        Answer::Own(service.clone().call(request))
    }
}

impl Future for Answer {
    type Output = Result<http::Response<HostedBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Answer::Own(answer) => {
                let answer = match ready!(Pin::new(answer).poll(cx)) {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                };
                Poll::Ready(Ok(answer.map(HostedBody::own)))
            }
            Answer::Service(Called { future, upload, closes }) => {
                move_body(upload, cx);
                let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
                let answer = ready!(polled.unwrap_or_else(|_| {
                    log::error!("a service panicked; answering 500");
                    Poll::Ready(Response::new(StatusCode::INTERNAL_SERVER_ERROR))
                }));
                let mut response = response(answer, upload.take());
                if *closes && response.status() != StatusCode::SWITCHING_PROTOCOLS {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Poll::Ready(Ok(response))
            }
        }
    }
}

fn move_body(upload: &mut Option<Upload>, cx: &mut Context<'_>) {
    if let Some(upload) = upload {
        upload.poll(cx);
    }
}

fn response(answer: Response, upload: Option<Upload>) -> http::Response<HostedBody> {
    let Response { head, body } = answer;
    let content = match body {
        AnswerBody::Bytes(bytes) if !bytes.is_empty() => Content::Bytes(bytes),
        AnswerBody::Stream(source) => Content::Source(source),
        // A service makes no other.
        _ => Content::Empty,
    };
    let mut response = http::Response::new(HostedBody { content, upload });
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    if let Some(content_type) = head.content_type {
        response.headers_mut().entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
    }
    response
}

/// The body of an answer. The rest of the request's body is moved while it is polled: it may be what the answer is made of.
pub(super) struct HostedBody {
    content: Content,
    upload: Option<Upload>,
}

enum Content {
    Empty,
    Bytes(Bytes),
    Source(Box<dyn Source>),
    Own(AppBody),
}

impl HostedBody {
    fn own(body: AppBody) -> HostedBody {
        HostedBody { content: Content::Own(body), upload: None }
    }
}

impl Body for HostedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        move_body(&mut self.upload, cx);
        match &mut self.content {
            Content::Empty => Poll::Ready(None),
            Content::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                self.content = Content::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Content::Source(source) => {
                let polled = catch_unwind(AssertUnwindSafe(|| source.poll_part(cx)));
                let part = ready!(polled.unwrap_or_else(|_| {
                    log::error!("the body of a service's answer panicked; ending it");
                    Poll::Ready(Some(Err(io::Error::other("it panicked"))))
                }));
                Poll::Ready(part.map(|part| {
                    part.map(|part| match part {
                        Part::Data(data) => Frame::data(data),
                        Part::Trailers(trailers) => Frame::trailers(trailers),
                    })
                }))
            }
            Content::Own(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Empty => true,
            Content::Own(body) => body.is_end_stream(),
            Content::Bytes(_) | Content::Source(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Empty => SizeHint::with_exact(0),
            Content::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Source(source) => source.exact_bytes().map_or_else(SizeHint::default, SizeHint::with_exact),
            Content::Own(body) => body.size_hint(),
        }
    }
}
