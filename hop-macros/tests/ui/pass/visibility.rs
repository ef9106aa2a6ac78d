//! A route is as visible as its function, and is named by its path; `#[cfg]` takes both away.
#![deny(warnings, missing_docs, unreachable_pub)]

/// A module of routes.
pub mod items {
    use hop::{Path, route};

    /// Shows an item.
    #[route("/items/{id}")]
    pub fn show(Path(id): Path<u32>) -> String {
        id.to_string()
    }

    #[route("/items")]
    pub(crate) fn list() -> &'static str {
        "x"
    }

    #[cfg(any())]
    #[route("/gone")]
    pub fn gone(this_type: DoesNotExist) {}

    #[route("/gone")]
    #[cfg(any())]
    pub fn gone_too(this_type: DoesNotExist) {}

    /// A type with a route.
    pub struct Unit;

    #[route("/unit")]
    impl Unit {
        /// Answers.
        pub fn on_request(&self) {}
    }
}

fn main() {
    let others = hop::routes![items::list];
    let first = items::show {};
    let _ = (others, hop::routes![(first), items::Unit]);
}
