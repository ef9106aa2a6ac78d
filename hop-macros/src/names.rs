//! Names in generated code. They have the hygiene of `mixed_site`: none of the user's meets them.
use proc_macro2::{Ident, Span};
use syn::Type;

use crate::types;

pub(crate) fn site() -> Span {
    Span::mixed_site()
}

/// A variable.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, site())
}

/// The variable of the argument at `index`.
pub(crate) fn nth(index: usize) -> Ident {
    local(&format!("a{index}"))
}

/// A variable that is passed where the user wrote `ty`: a mismatch is reported there.
pub(crate) fn local_for(name: &str, ty: &Type) -> Ident {
    let target = types::as_reference(ty).map_or(ty, |reference| &reference.elem);
    let place = types::name(target).map_or_else(|| types::first(ty), Ident::span);
    Ident::new(name, site().located_at(place))
}
