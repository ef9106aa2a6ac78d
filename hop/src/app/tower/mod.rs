//! Services of the tower ecosystem as handlers of hop: see [`crate::tower`].

mod body;
mod call;
mod make;
mod mount;
mod request;
mod response;

pub use self::call::HttpService;
pub use self::make::make_service;
pub use self::mount::service;
pub use self::request::OriginalUri;

/// An error of any type: what services and their bodies fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
