//! The manual: what does not belong to one item. Documentation only.

#[doc = include_str!("architecture.md")]
pub mod architecture {}

// Its examples need axum: they are tested by the package of tests.
#[cfg(feature = "tower")]
#[cfg_attr(not(doctest), doc = include_str!("axum.md"))]
pub mod axum {}

#[doc = include_str!("figures.md")]
pub mod figures {}

#[doc = include_str!("handlers.md")]
pub mod handlers {}

#[doc = include_str!("limits.md")]
pub mod limits {}

#[doc = include_str!("live.md")]
pub mod live {}

#[doc = include_str!("security.md")]
pub mod security {}

#[doc = include_str!("simulation.md")]
pub mod simulation {}
