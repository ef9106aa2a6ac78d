//! The `#[route]` attribute and `routes![…]`: parse, check every rule, expand; on an error, say what was expected and keep the item.
mod args;
mod bound;
mod call;
mod check;
mod errors;
mod expand;
mod fallback;
mod item;
mod path;
mod routes;
#[cfg(test)]
mod tests;
mod types;
mod units;

use proc_macro2::TokenStream;

use crate::errors::Errors;
use crate::item::Item;

/// Makes a handler.
#[proc_macro_attribute]
pub fn route(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand_route(args.into(), item.into()).into()
}

/// Collects handlers.
#[proc_macro]
pub fn routes(entries: proc_macro::TokenStream) -> proc_macro::TokenStream {
    routes::expand(entries.into()).into()
}

/// Parse, check, expand; what is wrong with the arguments and with the item is reported together.
fn expand_route(args: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = args::read(args, &mut errors);
    let item = match syn::parse2::<Item>(tokens.clone()) {
        Ok(item) => item,
        Err(error) => return fallback::unread(&tokens, &errors.and(error)),
    };
    match &item {
        Item::Function(function) => check::function(function, &args, &mut errors),
        Item::Block(block) => check::block(block, &args, &mut errors),
    }
    match (errors.into_error(), &item) {
        (Some(error), _) => fallback::refused(&item, &error),
        (None, Item::Function(function)) => expand::function(&args, function),
        (None, Item::Block(block)) => expand::block(&args, block),
    }
}
