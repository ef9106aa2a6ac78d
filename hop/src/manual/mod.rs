//! The manual: what does not belong to one item. Documentation only.

#[doc = include_str!("architecture.md")]
pub mod architecture {}
