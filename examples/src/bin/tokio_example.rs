//! The usual asynchronous server: hyper on a multi-threaded tokio runtime, one task per connection.

use bytes::Bytes;
use hop_examples::{BODY, BODY_TYPE, Options, listening, report_tasks};
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, header, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, io};
use tokio::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let options = Options::from_args("Answers every request with hyper on tokio.");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(options.workers).enable_io().build()?;
    runtime.block_on(async move {
        report_tasks()?;
        let listener = TcpListener::bind(&options.addr).await?;
        listening(listener.local_addr()?);
        // A task of its own: what runs inside block_on runs on this thread, beside the workers.
        tokio::spawn(accept(listener)).await.expect("the accept loop does not panic")
    })
}

async fn accept(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream));
    }
}

async fn serve(stream: TcpStream) {
    let served =
        http1::Builder::new().pipeline_flush(true).serve_connection(TokioIo::new(stream), service_fn(hello)).await;
    // A client that resets its connection is an ordinary end here.
    drop(served);
}

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(BODY.as_bytes())));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(BODY_TYPE));
    Ok(response)
}
