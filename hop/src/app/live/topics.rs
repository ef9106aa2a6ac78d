//! Publishing without a connection of one's own.

use std::sync::Arc;

use super::hub::Hub;
use super::topic::{IntoPublication, Publication};

/// Publishes to the topics of an app, from anywhere: a route, a task, a close callback. Every app has it as a [`State`](crate::State).
/// Cheap to clone; outlives the server without harm.
///
/// ```
/// use hop::prelude::*;
///
/// struct Room;
///
/// #[route("/room")]
/// impl Room {
///     type Conn = Topics;
///
///     fn on_ws_open(&self, ws: &mut WebSocket<'_>, State(topics): State<Topics>) -> Topics {
///         ws.subscribe("room");
///         topics
///     }
///
///     fn on_ws_close(&self, topics: Topics, why: CloseReason) {
///         topics.publish("room", format!("somebody has left: {why}"));
///     }
/// }
///
/// #[route(POST, "/say")]
/// fn say(State(topics): State<Topics>, text: String) -> StatusCode {
///     topics.publish("room", text);
///     StatusCode::ACCEPTED
/// }
///
/// let app = hop::testing::App::new(routes![Room, say]);
/// let (mut ada, mut bob) = (app.ws("/room"), app.ws("/room"));
/// app.post("/say", "it is noon").expect(202);
/// assert_eq!(ada.text(), "it is noon");
/// bob.close(1000, "");
/// assert!(ada.text().starts_with("somebody has left"));
/// ```
#[derive(Clone, Debug)]
pub struct Topics(pub(crate) Arc<Hub>);

impl Topics {
    /// Sends to all subscribers of a topic, on all workers. Never blocks and calls no other callback meanwhile.
    pub fn publish(&self, topic: impl AsRef<str>, message: impl IntoPublication) {
        self.0.publish(Publication::new(topic.as_ref(), message));
    }
}
