//! A peer: tokio-tungstenite as its users run it, a task per connection.

use futures_util::{SinkExt, StreamExt};
use std::io;
use tokio::net::TcpStream;
use tungstenite::Error;

fn main() -> io::Result<()> {
    hop_benches::tokio_server::serve("Echoes WebSocket messages by tokio-tungstenite.", serve)
}

async fn serve(stream: TcpStream) {
    // A client that resets its connection is an ordinary end here.
    drop(echo(stream).await);
}

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}
