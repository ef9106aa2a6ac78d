//! `/chat/{room}`: what somebody says in a room is heard by everybody else in it.

use hop::prelude::*;

/// The rooms are topics, so there is nothing to keep here.
pub struct Chat;

/// Somebody in a room.
pub struct Member {
    room: String,
}

#[route("/chat/{room}", max_message = "4KiB", queue = "64KiB", overflow = drop_oldest)]
impl Chat {
    type Conn = Member;

    fn on_ws_open(&self, ws: &mut WebSocket<'_>, Path(room): Path<String>) -> Member {
        let room = format!("chat/{room}");
        ws.subscribe(&room);
        Member { room }
    }

    fn on_ws_message(&self, ws: &mut WebSocket<'_>, me: &mut Member, text: &str) {
        ws.publish(&me.room, text);
    }
}
