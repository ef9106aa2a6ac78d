//! WebSockets that axum and warp speak themselves, on hop.

use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::get;
use hop_tests::served::Served;
use tungstenite::Message as Said;

/// An answer is waited for this long, then the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends back what it is told, and tells how it ended.
async fn echo(mut socket: WebSocket, ended: Sender<String>) {
    let mut closed = false;
    let why = loop {
        match socket.recv().await {
            Some(Ok(Message::Close(_))) => closed = true,
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                if let Err(error) = socket.send(message).await {
                    break error.to_string();
                }
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => break error.to_string(),
            None => break if closed { "closed" } else { "gone" }.to_owned(),
        }
    };
    let _ = ended.send(why);
}

/// An app whose `/ws` echoes, and what its connections end with.
fn app() -> (Router, Receiver<String>) {
    let (ended, ends) = channel();
    let upgrade = async move |upgrade: WebSocketUpgrade| {
        let ended = ended.clone();
        upgrade.on_upgrade(move |socket| echo(socket, ended))
    };
    (Router::new().route("/ws", get(upgrade)).route("/", get(async || "plain")), ends)
}

fn served() -> (Served, Receiver<String>) {
    let (app, ends) = app();
    (Served::new(hop::tower::service(app)), ends)
}

type Client = tungstenite::WebSocket<TcpStream>;

fn connect(address: SocketAddr, path: &str) -> Client {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    tungstenite::client(format!("ws://{address}{path}"), stream).expect("the handshake succeeds").0
}

fn told(ends: &Receiver<String>) -> String {
    ends.recv_timeout(PATIENCE).expect("the handler has ended")
}

#[test]
fn what_is_said_comes_back() {
    let (server, ends) = served();
    let mut client = connect(server.address, "/ws");
    for text in ["hello", "", "again"] {
        client.send(Said::text(text)).unwrap();
        assert_eq!(client.read().unwrap(), Said::text(text));
    }
    client.send(Said::binary(vec![7; 3])).unwrap();
    assert_eq!(client.read().unwrap(), Said::binary(vec![7; 3]));
    client.close(None).unwrap();
    assert!(matches!(client.read().unwrap(), Said::Close(_)));
    assert!(client.read().is_err(), "the server closes");
    assert_eq!(told(&ends), "closed");
}
