//! One axum app, served by hop or by axum itself: `--serve` picks the server, and nothing else changes.
//!
//! | path | what it shows |
//! |---|---|
//! | `GET /` | the answer of all compared servers, without any layer |
//! | `GET /hello/{name}` | a path parameter |
//! | `GET /notes`, `POST /notes` | JSON and state |
//! | `GET /events` | server-sent events, one each second |
//! | `GET /report` | a long text, compressed for those who accept it |
//! | `GET /ws` | a WebSocket of axum's own, which says what it is told |

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use futures_util::{Stream, stream};
use hop_examples::{BODY, Flag, Options, listening, report_tasks};
use serde::{Deserialize, Serialize};
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

const SERVE: Flag = Flag::new("--serve", "hop|axum", "hop", "which server serves the app");

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

fn main() -> Result {
    let options = Options::with("Serves one axum app by hop or by axum itself.", &[SERVE]);
    match options.flags.text("--serve") {
        "hop" => by_hop(&options),
        "axum" => by_axum(&options),
        other => Err(format!("--serve {other}: hop or axum").into()),
    }
}

/// hop's poll loops. With the feature `tokio` a runtime runs beside them, for timers and what is spawned: a small one of hop's own,
/// where there is none (this one is here so that its tasks can be counted). With `hyper` axum's
/// WebSockets work, and HTTP/2.
fn by_hop(options: &Options) -> Result {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let _entered = runtime.enter();
    report_tasks()?;
    let server = hop::tower::service(app());
    let server = hop::Builder::from(server).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}

/// axum's server: hyper on tokio, one task per connection.
fn by_axum(options: &Options) -> Result {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(options.workers).enable_all().build()?;
    runtime.block_on(async {
        report_tasks()?;
        let listener = tokio::net::TcpListener::bind(&options.addr).await?;
        listening(listener.local_addr()?);
        // hop sets TCP_NODELAY, which hyper leaves to whoever accepts.
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap_or_default());
        axum::serve(listener, app()).with_graceful_shutdown(interrupted()).await?;
        Ok(())
    })
}

async fn interrupted() {
    tokio::signal::ctrl_c().await.expect("the signal can be waited for");
}

/// The app: it knows nothing of the server.
fn app() -> Router {
    let layers = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(CorsLayer::permissive())
        .layer(CompressionLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(10)))
        .layer(RequestBodyLimitLayer::new(64 * 1024));
    Router::new()
        .route("/hello/{name}", get(hello))
        .route("/notes", get(notes).post(add_note))
        .route("/events", get(events))
        .route("/report", get(async || "all is well. ".repeat(1000)))
        .layer(layers)
        .route("/", get(async || BODY))
        .route("/ws", get(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo)))
        .with_state(Notes::default())
}

#[derive(Clone, Deserialize, Serialize)]
struct Note {
    text: String,
}

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<Note>>>);

async fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!")
}

async fn notes(State(notes): State<Notes>) -> Json<Vec<Note>> {
    Json(notes.0.lock().expect("no holder panics").clone())
}

async fn add_note(State(notes): State<Notes>, Json(note): Json<Note>) -> (StatusCode, Json<Note>) {
    notes.0.lock().expect("no holder panics").push(note.clone());
    (StatusCode::CREATED, Json(note))
}

/// Runs as a task of the runtime, on either server.
async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let answered = matches!(message, Message::Text(_) | Message::Binary(_));
        if answered && socket.send(message).await.is_err() {
            return;
        }
    }
}

/// An event at once, then one each second.
async fn events() -> Sse<impl Stream<Item = std::result::Result<Event, Infallible>>> {
    let events = stream::unfold(0_u64, async |count| {
        if count > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Some((Ok(Event::default().data(format!("event {count}"))), count + 1))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}
