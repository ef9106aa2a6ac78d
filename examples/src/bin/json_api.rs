//! A small JSON API: state shared by all workers, path parameters, checked bodies, errors with a status of their own.
//!
//! ```text
//! cargo run --release -p hop-examples --bin json_api
//! curl -d '{"title":"learn hop"}' -H 'content-type: application/json' http://127.0.0.1:8080/tasks
//! curl http://127.0.0.1:8080/tasks
//! curl -X DELETE http://127.0.0.1:8080/tasks/1
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use hop::prelude::*;
use hop::{IntoResponse, Response};
use hop_examples::{Options, listening};
use serde::{Deserialize, Serialize};

#[derive(Clone, Deserialize, Serialize)]
struct Task {
    title: String,
    #[serde(default)]
    done: bool,
}

/// What goes wrong here, and how it is answered.
enum Problem {
    NoSuchTask(u32),
    EmptyTitle,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self {
            Problem::NoSuchTask(id) => (StatusCode::NOT_FOUND, format!("there is no task {id}\n")).into_response(),
            Problem::EmptyTitle => (StatusCode::UNPROCESSABLE_ENTITY, "a task needs a title\n").into_response(),
        }
    }
}

/// The tasks by their number. A handler holds the lock for moments only: a worker must not wait.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<BTreeMap<u32, Task>>>);

impl Tasks {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Task>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[route("/tasks")]
fn list(State(tasks): State<Tasks>) -> Json<BTreeMap<u32, Task>> {
    Json(tasks.lock().clone())
}

#[route(POST, "/tasks", limit = "16KB")]
fn add(State(tasks): State<Tasks>, Json(task): Json<Task>) -> Result<(StatusCode, Json<u32>), Problem> {
    if task.title.trim().is_empty() {
        return Err(Problem::EmptyTitle);
    }
    let mut tasks = tasks.lock();
    let id = tasks.keys().next_back().map_or(1, |last| last + 1);
    tasks.insert(id, task);
    Ok((StatusCode::CREATED, Json(id)))
}

#[route("/tasks/{id}")]
fn show(Path(id): Path<u32>, State(tasks): State<Tasks>) -> Result<Json<Task>, Problem> {
    tasks.lock().get(&id).cloned().map(Json).ok_or(Problem::NoSuchTask(id))
}

#[route(PUT, "/tasks/{id}", limit = "16KB")]
fn replace(Path(id): Path<u32>, State(tasks): State<Tasks>, Json(task): Json<Task>) -> Result<(), Problem> {
    *tasks.lock().get_mut(&id).ok_or(Problem::NoSuchTask(id))? = task;
    Ok(())
}

#[route(DELETE, "/tasks/{id}")]
fn remove(Path(id): Path<u32>, State(tasks): State<Tasks>) -> Result<StatusCode, Problem> {
    tasks.lock().remove(&id).map(|_| StatusCode::NO_CONTENT).ok_or(Problem::NoSuchTask(id))
}

fn main() -> hop::Result {
    let options = Options::from_args("Keeps tasks, as JSON.");
    let routes = routes![list, add, show, replace, remove].state(Tasks::default());
    let server = hop::Server::builder().routes(routes).workers(options.workers).bind(&options.addr)?;
    listening(server.local_addr());
    server.run()?;
    Ok(())
}
