//! The `#[route]` attribute and `routes![…]`: parse, check every rule, expand; on an error, say what was expected and keep the item.
