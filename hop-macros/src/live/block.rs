//! The methods of an `impl` block as callbacks of an open connection.
use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::Type;

use crate::args::Args;
use crate::bound::spanned_call;
use crate::callback::{Callback, Side};
use crate::item::{Block, Method};
use crate::live::kinds::Kinds;
use crate::live::open;
use crate::live::role::{self, Role};
use crate::names::{local_for, nth, site};

/// All callbacks of connections, and the opening of those that have none of their own.
pub(crate) fn callbacks(block: &Block, kinds: Kinds, args: &Args) -> TokenStream {
    let conn = block.state();
    let defaults = [Side::Socket, Side::Stream].into_iter().filter(|side| kinds.has(*side) && !opens(block, *side));
    let defaults = defaults.map(|side| open::by_default(side, &conn));
    let written = block.callbacks().map(|(callback, method)| match callback {
        Callback::Request => TokenStream::new(),
        Callback::Open(side) => open::written(side, method, &conn, args),
        told => one(told, method, &conn),
    });
    defaults.chain(written).collect()
}

fn opens(block: &Block, side: Side) -> bool {
    block.callbacks().any(|(callback, _)| callback == Callback::Open(side))
}

/// Makes the message what the callback takes; one that does not fit closes the connection.
pub(crate) fn misfit(roles: &[Role<'_>]) -> TokenStream {
    let taken = |(index, role): (usize, &Role<'_>)| {
        let Role::Given(ty) = role else { return TokenStream::new() };
        let (name, given) = (nth(index), quote_spanned!(site()=> given));
        let value = spanned_call(ty, &quote_spanned!(site()=> FromMessage<'_>), "from_message", Some(given));
        quote_spanned! {site()=>
            let #name = match #value {
                __hop::Ok(value) => value,
                __hop::Err(error) => return __hop::misfit(self, port, conn, &error),
            };
        }
    };
    roles.iter().enumerate().map(taken).collect()
}

fn one(callback: Callback, method: &Method, conn: &Type) -> TokenStream {
    let (name, roles) = (&method.sig.ident, role::of_callback(method, callback, conn));
    let parameters = parameters(callback);
    let taken = if callback == Callback::Message { misfit(&roles) } else { TokenStream::new() };
    let arguments = roles.iter().enumerate().map(|(index, role)| argument(callback, index, role));
    let callee = Ident::new(&name.to_string(), site().located_at(name.span()));
    quote_spanned!(site()=> fn #callee(&self, #parameters) { #taken Self::#name(self, #(#arguments),*); })
}

fn parameters(callback: Callback) -> TokenStream {
    let Some(side) = callback.side() else { return TokenStream::new() };
    let port = open::parameter(side);
    let given = match callback {
        Callback::Message => quote_spanned!(site()=> given: __hop::Message<'_>),
        Callback::Pong => quote_spanned!(site()=> given: &[u8]),
        Callback::Error => quote_spanned!(site()=> given: &__hop::MessageError),
        Callback::Close(_) => return quote_spanned!(site()=> conn: Self::Conn, given: __hop::CloseReason),
        _ => TokenStream::new(),
    };
    quote_spanned!(site()=> #port, conn: &mut Self::Conn, #given)
}

/// A message is made before the call; all else is passed on as it came.
fn argument(callback: Callback, index: usize, role: &Role<'_>) -> Ident {
    match role {
        Role::Port(ty) => local_for("port", ty),
        Role::Conn(ty) => local_for("conn", ty),
        Role::Given(ty) if callback != Callback::Message => local_for("given", ty),
        _ => nth(index),
    }
}
