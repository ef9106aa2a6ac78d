//! The compared app by axum, with its WebSockets, a topic by tokio's broadcast channel, and a folder of files.

use axum::{
    Json, Router,
    extract::{
        DefaultBodyLimit, Path, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
    routing::{any, get, post},
    serve::ListenerExt,
};
use hop_benches::app::{BODY_BYTES_MAX, User};
use hop_examples::{BODY, Flag, Options, listening, report_tasks};
use hyper::body::Bytes;
use std::io;
use tokio::{
    net::TcpListener,
    runtime::Builder,
    sync::broadcast::{self, Sender},
};
use tower_http::services::ServeDir;

/// So many publications wait for a subscriber that is slow.
const WAITING_MAX: usize = 64;
const ROOT: Flag = Flag::new("--root", "DIR", ".", "the folder to serve");

fn main() -> io::Result<()> {
    let options = Options::with("Serves the compared app with axum.", &[ROOT]);
    let runtime = match options.workers {
        // Its fastest for one.
        1 => Builder::new_current_thread().enable_all().build()?,
        workers => Builder::new_multi_thread().worker_threads(workers).enable_all().build()?,
    };
    runtime.block_on(async move {
        report_tasks()?;
        let listener = TcpListener::bind(&options.addr).await?;
        listening(listener.local_addr()?);
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap_or_default());
        axum::serve(listener, app(options.flags.text("--root"))).await
    })
}

fn app(root: &str) -> Router {
    Router::new()
        .route("/", get(|| async { BODY }))
        .route("/users/{id}", get(user))
        .route("/length", post(length))
        .route("/ws-high", any(|upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(echo) }))
        .route("/ws-topic", any(subscribe))
        .route("/publish", post(publish))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(broadcast::channel(WAITING_MAX).0)
        .fallback_service(ServeDir::new(root))
}

async fn user(Path(id): Path<u32>) -> Json<User> {
    Json(User::of(id))
}

async fn length(body: Bytes) -> String {
    body.len().to_string()
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Text(_) | Message::Binary(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn subscribe(upgrade: WebSocketUpgrade, State(topic): State<Sender<Message>>) -> Response {
    let mut news = topic.subscribe();
    upgrade.on_upgrade(async move |mut socket| {
        loop {
            tokio::select! {
                received = socket.recv() => if !matches!(received, Some(Ok(_))) { return },
                published = news.recv() => {
                    let Ok(message) = published else { return };
                    if socket.send(message).await.is_err() { return }
                }
            }
        }
    })
}

async fn publish(State(topic): State<Sender<Message>>, text: String) -> &'static str {
    // Nobody may listen.
    drop(topic.send(Message::Text(text.into())));
    "published\n"
}
