//! Services of the tower ecosystem as handlers of hop: see [`crate::tower`].

mod body;
mod call;
#[cfg(feature = "hyper")]
mod mounted;
pub(crate) mod request;
mod response;

pub use self::call::HttpService;
pub(crate) use self::call::called;
#[cfg(feature = "hyper")]
pub(crate) use self::mounted::Mounted;
pub use self::request::OriginalUri;

/// An error of any type: what services and their bodies fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
