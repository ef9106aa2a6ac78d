//! What the compared frameworks serve beside `GET /`: a user as JSON at `/users/{id}`, and at `POST /length` how many bytes the
//! body has, as text. The paths are written out in each server, in its own way.

use serde::Serialize;

/// What `GET /users/{id}` answers.
#[derive(Debug, Serialize)]
pub struct User {
    /// That of the path.
    pub id: u32,
    /// The same for everybody.
    pub name: &'static str,
}

impl User {
    /// The user with this number.
    pub fn of(id: u32) -> User {
        User { id, name: "Ada Lovelace" }
    }
}

/// How many bytes a posted body may have.
pub const BODY_BYTES_MAX: usize = 1 << 20;
