//! The compared app by actix-web, with the WebSockets of actix-ws.

use actix_web::{
    App, Error, HttpRequest, HttpResponse, HttpServer, Responder, get, post,
    web::{self, Bytes, Json, Path, Payload},
};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, Session};
use futures_util::StreamExt;
use hop_benches::app::{BODY_BYTES_MAX, User};
use hop_examples::{BODY, Options, listening};
use std::{io, time::Duration};

/// As hop's, so that idle connections stay.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
const MESSAGE_BYTES_MAX: usize = 1 << 20;

#[actix_web::main]
async fn main() -> io::Result<()> {
    let options = Options::from_args("Serves the compared app with actix-web.");
    let app = || {
        let limit = web::PayloadConfig::new(BODY_BYTES_MAX);
        App::new().app_data(limit).service(root).service(user).service(length).route("/ws-high", web::get().to(echo))
    };
    let server = HttpServer::new(app).workers(options.workers).backlog(4096).keep_alive(KEEP_ALIVE);
    let server = server.bind(&options.addr)?;
    listening(server.addrs()[0]);
    server.run().await
}

#[get("/")]
async fn root() -> impl Responder {
    BODY
}

#[get("/users/{id}")]
async fn user(id: Path<u32>) -> Json<User> {
    Json(User::of(*id))
}

#[post("/length")]
async fn length(body: Bytes) -> String {
    body.len().to_string()
}

async fn echo(request: HttpRequest, body: Payload) -> Result<HttpResponse, Error> {
    let (response, session, messages) = actix_ws::handle(&request, body)?;
    let messages = messages.max_frame_size(MESSAGE_BYTES_MAX).aggregate_continuations();
    actix_web::rt::spawn(echo_all(session, messages.max_continuation_size(MESSAGE_BYTES_MAX)));
    Ok(response)
}

async fn echo_all(mut session: Session, mut messages: AggregatedMessageStream) {
    while let Some(Ok(message)) = messages.next().await {
        let sent = match message {
            AggregatedMessage::Text(text) => session.text(text).await,
            AggregatedMessage::Binary(bytes) => session.binary(bytes).await,
            AggregatedMessage::Ping(payload) => session.pong(&payload).await,
            AggregatedMessage::Close(reason) => return drop(session.close(reason).await),
            AggregatedMessage::Pong(_) => Ok(()),
        };
        if sent.is_err() {
            return;
        }
    }
}
