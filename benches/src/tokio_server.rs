//! What the peers on tokio share: their runtime and their accept loop, a task per connection.

use hop_examples::{Options, listening, report_tasks};
use std::{future::Future, io};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
};

/// Serves each connection by a task that runs `serve`. One worker means tokio's single-threaded runtime, which is its
/// fastest there.
///
/// # Errors
/// When the address cannot be listened on.
pub fn serve<F>(about: &str, serve: fn(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let options = Options::from_args(about);
    let mut runtime = match options.workers {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime = runtime.worker_threads(options.workers).enable_io().build()?;
    runtime.block_on(async move {
        report_tasks()?;
        let listener = TcpListener::bind(&options.addr).await?;
        listening(listener.local_addr()?);
        // A task of its own: with several workers, what runs inside block_on runs beside them.
        tokio::spawn(accept(listener, serve)).await.expect("the accept loop does not panic")
    })
}

async fn accept<F>(listener: TcpListener, serve: fn(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream));
    }
}
