//! hyper's own path of a request, from its bytes to the bytes of the answer, over memory instead of a socket.

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    rt::{Read, ReadBufCursor, Write},
    server::conn::http1::{Builder, Connection},
    service::{HttpService, service_fn},
};
use std::{
    cell::RefCell,
    convert::Infallible,
    future::Future,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// A connection whose client takes everything at once.
pub(crate) struct Driver {
    wire: Rc<RefCell<Wire>>,
    connection: Pin<Box<dyn Future<Output = hyper::Result<()>>>>,
}

/// What lies between a client and the connection.
#[derive(Default)]
struct Wire {
    input: Vec<u8>,
    sent_bytes: usize,
}

impl Driver {
    pub(crate) fn new() -> Driver {
        let wire = Rc::<RefCell<Wire>>::default();
        let connection = serve(Rc::clone(&wire));
        Driver { wire, connection }
    }

    /// How many bytes the connection sends when these arrive.
    pub(crate) fn send(&mut self, input: &[u8]) -> usize {
        self.wire.borrow_mut().input.extend_from_slice(input);
        let polled = self.connection.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending(), "the connection has ended");
        std::mem::take(&mut self.wire.borrow_mut().sent_bytes)
    }
}

fn serve(wire: Rc<RefCell<Wire>>) -> Pin<Box<Connection<End, impl HttpService<Incoming, ResBody = Full<Bytes>>>>> {
    Box::pin(Builder::new().pipeline_flush(true).serve_connection(End(wire), service_fn(hello)))
}

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(Bytes::from_static(hop_examples::BODY.as_bytes()))))
}

/// The server's end of a wire.
struct End(Rc<RefCell<Wire>>);

impl Read for End {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, mut into: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let input = &mut self.0.borrow_mut().input;
        if input.is_empty() {
            return Poll::Pending;
        }
        let taken = input.len().min(into.remaining());
        into.put_slice(&input[..taken]);
        input.drain(..taken);
        Poll::Ready(Ok(()))
    }
}

impl Write for End {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().sent_bytes += bytes.len();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
