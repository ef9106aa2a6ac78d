//! WebSockets that axum and warp speak themselves, on hop.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::get;
use axum::{Extension, Router};
use hop::{Peer, Routes, StatusCode, Uri};
use hop_tests::dial::{Dial, Seen, ask, request};
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

#[test]
fn pings_are_answered() {
    let (server, _ends) = served();
    let mut client = connect(server.address, "/ws");
    client.send(Said::Ping("are you there".into())).unwrap();
    assert_eq!(client.read().unwrap(), Said::Pong("are you there".into()));
}

#[test]
fn frames_that_come_with_the_handshake_are_read() {
    let (server, _ends) = served();
    let mut client = Dial::to(server.address);
    client.send([handshake("/ws").as_bytes(), &b"\x81\x82\0\0\0\0hi\x81\x83\0\0\0\0you"[..]].concat());
    client.until("\r\n\r\n");
    // A close frame, so that the connection ends.
    client.send(b"\x88\x80\0\0\0\0");
    assert_eq!(client.rest(), b"\x81\x02hi\x81\x03you\x88\0");
}

#[test]
fn a_client_that_ends_its_side_is_still_answered() {
    let (server, ends) = served();
    let mut client = TcpStream::connect(server.address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(&[handshake("/ws").as_bytes(), b"\x81\x82\0\0\0\0hi"].concat()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut said = Vec::new();
    client.read_to_end(&mut said).unwrap();
    assert!(said.ends_with(b"\r\n\r\n\x81\x02hi"), "{}", said.escape_ascii());
    assert_ne!(told(&ends), "closed");
}

#[test]
fn large_messages_come_back() {
    let (server, _ends) = served();
    let mut client = connect(server.address, "/ws");
    let message: Vec<u8> = (0..1 << 20).map(|index| index as u8).collect();
    for _ in 0..3 {
        client.send(Said::binary(message.clone())).unwrap();
        assert!(client.read().unwrap() == Said::binary(message.clone()), "it came back as it was");
    }
}

#[test]
fn the_handler_sees_that_its_client_has_left() {
    let (server, ends) = served();
    for reset in [false, true] {
        let mut client = connect(server.address, "/ws");
        client.send(Said::text("hello")).unwrap();
        client.read().unwrap();
        if reset {
            rustix::net::sockopt::set_socket_linger(client.get_ref(), Some(Duration::ZERO)).unwrap();
        }
        drop(client);
        assert_ne!(told(&ends), "closed");
    }
}

#[test]
fn the_handler_sees_that_the_server_stops() {
    let (server, ends) = served();
    let mut client = connect(server.address, "/ws");
    client.send(Said::text("hello")).unwrap();
    client.read().unwrap();
    let report = server.stop();
    assert_eq!(report.cut, 0, "it has ended by itself");
    assert_ne!(told(&ends), "closed");
    assert!(client.read().is_err(), "the connection has ended");
}

#[test]
fn hundreds_are_served_at_once() {
    let (server, ends) = served();
    let mut clients: Vec<Client> = (0..200).map(|_| connect(server.address, "/ws")).collect();
    for round in 0..2 {
        clients.iter_mut().for_each(|client| client.send(Said::text(round.to_string())).unwrap());
        for client in &mut clients {
            assert_eq!(client.read().unwrap(), Said::text(round.to_string()));
        }
    }
    drop(clients);
    (0..200).for_each(|_| drop(told(&ends)));
}

fn handshake(path: &str) -> String {
    let fields = [
        "Connection: keep-alive, Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    request(&format!("GET {path}"), &fields, "")
}

#[test]
fn an_upgrade_that_is_refused_is_an_answer_as_any_other_and_the_last() {
    let (server, _ends) = served();
    for (path, status, body) in [("/", 200, "plain"), ("/missing", 404, "")] {
        let mut client = Dial::to(server.address);
        let answer: Seen = client.send(handshake(path)).answer("GET").into();
        assert_eq!((answer.status, &*answer.body, answer.header("connection")), (status, body, Some("close")));
        assert!(client.rest().is_empty());
    }
}

#[test]
fn an_offer_of_http2_is_declined_and_the_connection_is_used_again() {
    let (server, _ends) = served();
    let mut client = Dial::to(server.address);
    let offer = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"];
    for _ in 0..2 {
        let answer: Seen = client.send(request("GET /", &offer, "")).answer("GET").into();
        assert_eq!((answer.status, &*answer.body, answer.header("connection")), (200, "plain", None));
    }
}

#[test]
fn a_service_that_panics_is_answered_500_and_others_are_undisturbed() {
    let panics = async |_: WebSocketUpgrade| -> &'static str { panic!("as it should") };
    let (app, _ends) = app();
    let server = Served::new(hop::tower::service(app.route("/panics", get(panics))));
    let mut other = connect(server.address, "/ws");
    assert_eq!(ask(server.address, &handshake("/panics")).status, 500);
    other.send(Said::text("undisturbed")).unwrap();
    assert_eq!(other.read().unwrap(), Said::text("undisturbed"));
}

#[test]
fn a_hook_may_refuse_and_the_service_sees_peer_and_path() {
    let seen = async |uri: Uri, Extension(peer): Extension<Peer>, upgrade: WebSocketUpgrade| {
        upgrade.on_upgrade(async move |mut socket| {
            let _ = socket.send(Message::Text(format!("{uri} {peer}").into())).await;
            while let Some(Ok(_)) = socket.recv().await {}
        })
    };
    let guarded = |request: &hop::Request<'_>| match request.query() {
        Some(_) => None,
        None => Some(hop::Response::new(StatusCode::UNAUTHORIZED)),
    };
    let routes = Routes::new().tower("/old", Router::new().route("/ws", get(seen))).before(guarded);
    let server = Served::new(routes);
    let mut client = connect(server.address, "/old/ws?a");
    let local = client.get_ref().local_addr().unwrap();
    assert_eq!(client.read().unwrap(), Said::text(format!("/ws?a {local}")));
    assert_eq!(ask(server.address, &handshake("/old/ws")).status, 401);
}

#[test]
fn a_slow_client_bounds_what_the_handler_can_send() {
    const MESSAGES: usize = 1024;
    const MESSAGE_BYTES: usize = 64 * 1024;
    let (lead_tell, lead) = channel();
    let read = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&read);
    let floods = async move |upgrade: WebSocketUpgrade| {
        upgrade.on_upgrade(async move |mut socket| {
            let mut lead = 0;
            for sent in 0..MESSAGES {
                socket.send(Message::Binary(vec![0; MESSAGE_BYTES].into())).await.unwrap();
                lead = lead.max((sent + 1).saturating_sub(seen.load(Ordering::Relaxed)));
            }
            lead_tell.send(lead).unwrap();
            while let Some(Ok(_)) = socket.recv().await {}
        })
    };
    let server = Served::new(hop::tower::service(Router::new().route("/", get(floods))));
    let mut client = connect(server.address, "/");
    for _ in 0..MESSAGES {
        assert_eq!(client.read().unwrap().len(), MESSAGE_BYTES);
        read.fetch_add(1, Ordering::Relaxed);
    }
    // The system's own buffers hold up to ten megabytes.
    let lead_bytes = lead.recv_timeout(PATIENCE).unwrap() * MESSAGE_BYTES;
    assert!(lead_bytes < 12 << 20, "{lead_bytes} bytes were under way");
}

#[test]
fn warps_own_websocket_works() {
    use futures_util::{SinkExt, StreamExt};
    use warp::Filter;

    let echo = warp::path("ws").and(warp::ws()).map(|ws: warp::ws::Ws| {
        ws.on_upgrade(async |socket| {
            let (mut send, mut receive) = socket.split();
            while let Some(Ok(message)) = receive.next().await {
                if message.is_text() {
                    let _ = send.send(message).await;
                }
            }
        })
    });
    let server = Served::new(hop::tower::service(warp::service(echo)));
    let mut client = connect(server.address, "/ws");
    client.send(Said::text("warp")).unwrap();
    assert_eq!(client.read().unwrap(), Said::text("warp"));
    client.close(None).unwrap();
    assert!(matches!(client.read().unwrap(), Said::Close(_)));
}
