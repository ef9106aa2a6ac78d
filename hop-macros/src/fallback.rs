//! What a faulty route becomes: its errors, the item as it was, and impls that keep the rest of the program free of further errors.
use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::{self, Handler};
use crate::item::{Block, Item, Method, second_route};

/// The errors beside the item, of which nothing is understood.
pub(crate) fn unread(item: &TokenStream, error: &syn::Error) -> TokenStream {
    let errors = error.to_compile_error();
    quote!(#item #errors)
}

/// The errors beside the item and a handler that answers nothing, so that `routes![…]` still finds one.
pub(crate) fn refused(item: &Item, error: &syn::Error) -> TokenStream {
    let (item, stub) = match item {
        Item::Function(function) => (quote!(#function), function_stub(function)),
        Item::Block(block) => (quote!(#block), block_stub(block)),
    };
    let errors = error.to_compile_error();
    quote!(#item #errors #stub)
}

/// Nothing for a method, as a struct cannot stand inside an `impl` block; nor where a second `#[route]` makes the handler.
fn function_stub(function: &Method) -> Option<TokenStream> {
    let hidden = expand::hidden_struct(function);
    let impls = Handler::of_function(function, no_spec(), TokenStream::new()).impls();
    let is_alone = function.receiver().is_none() && second_route(&function.attrs).is_none();
    is_alone.then(|| quote!(#hidden #impls))
}

/// Nothing for `impl Trait for Chat`, which may well be the very trait that would be implemented here; nor beside a second `#[route]`.
fn block_stub(block: &Block) -> Option<TokenStream> {
    let is_alone = block.trait_.is_none() && second_route(&block.attrs).is_none();
    is_alone.then(|| Handler::of_block(block, no_spec(), TokenStream::new()).impls())
}

fn no_spec() -> TokenStream {
    quote!(__hop::Spec::new("/", __hop::location!()))
}
