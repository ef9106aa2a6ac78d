//! A function as a callback of a connection: what it extracts is taken when the connection opens, kept as its state, and cloned for
//! each call.
use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::{Index, Type};

use crate::bound::spanned_call;
use crate::callback::Side;
use crate::extract::extracted;
use crate::item::Method;
use crate::live::block::misfit;
use crate::live::kinds::Form;
use crate::live::open::parameter;
use crate::live::role::{self, Role};
use crate::names::{local, local_for, nth, site};
use crate::types;

/// The state of a connection: a tuple of all that is extracted.
pub(crate) fn conn(function: &Method, form: Form) -> TokenStream {
    let roles = role::of_function(function, form);
    let types = kept(&roles).map(|(_, ty)| ty);
    quote_spanned!(site()=> (#(#types,)*))
}

/// The two callbacks that the function becomes.
pub(crate) fn callbacks(function: &Method, form: Form) -> TokenStream {
    let roles = role::of_function(function, form);
    let called = match form {
        Form::Message => message(function, &roles),
        _ => tick(function, &roles),
    };
    let open = open(&roles, if form == Form::Message { Side::Socket } else { Side::Stream });
    quote_spanned!(site()=> #open #called)
}

/// What is kept, by its place among the arguments.
fn kept<'r>(roles: &'r [Role<'_>]) -> impl Iterator<Item = (usize, &'r Type)> + Clone {
    roles.iter().enumerate().filter_map(|(index, role)| match role {
        Role::Extractor(ty) => Some((index, *ty)),
        _ => None,
    })
}

fn open(roles: &[Role<'_>], side: Side) -> TokenStream {
    let rejected = quote_spanned!(site()=> __hop::Err(__hop::IntoResponse::into_response(rejection)));
    let extracted = extracted(kept(roles), &rejected);
    let names = kept(roles).map(|(index, _)| nth(index));
    let (name, port, request) = (local(&format!("on_{}_open", side.short())), parameter(side), local("request"));
    quote_spanned! {site()=>
        fn #name(&self, #port, #request: &__hop::Request<'_>) -> __hop::Result<Self::Conn, __hop::Response> {
            #extracted
            __hop::Ok((#(#names,)*))
        }
    }
}

fn message(function: &Method, roles: &[Role<'_>]) -> TokenStream {
    let (port, taken, cloned) = (parameter(Side::Socket), misfit(roles), cloned(roles));
    let call = call(function, roles);
    quote_spanned! {site()=>
        fn on_ws_message(&self, #port, conn: &mut Self::Conn, given: __hop::Message<'_>) { #taken #cloned #call; }
    }
}

/// What the function returns is sent; one that returns nothing has sent by itself.
fn tick(function: &Method, roles: &[Role<'_>]) -> TokenStream {
    let (port, cloned, call) = (parameter(Side::Stream), cloned(roles), call(function, roles));
    let body = match function.output() {
        None => quote_spanned!(site()=> #call;),
        Some(ty) if types::is_nameable(ty) => {
            let arguments = quote_spanned!(site()=> event, port);
            let sent = spanned_call(ty, &quote_spanned!(site()=> Tick), "send", Some(arguments));
            quote_spanned!(site()=> let event = #call; #sent;)
        }
        Some(_) => quote_spanned!(site()=> let event = #call; __hop::Tick::send(event, port);),
    };
    quote_spanned!(site()=> fn on_sse_tick(&self, #port, conn: &mut Self::Conn) { #cloned #body })
}

/// One `let` for each argument that was kept.
fn cloned(roles: &[Role<'_>]) -> TokenStream {
    let clone = |(place, (index, ty)): (usize, (usize, &Type))| {
        let (name, place) = (nth(index), Index { index: u32::try_from(place).unwrap_or(u32::MAX), span: site() });
        let argument = quote_spanned!(site()=> &conn.#place);
        let value = spanned_call(ty, &quote_spanned!(site()=> Clone), "clone", Some(argument));
        quote_spanned!(site()=> let #name = #value;)
    };
    kept(roles).enumerate().map(clone).collect()
}

fn call(function: &Method, roles: &[Role<'_>]) -> TokenStream {
    let name = &function.sig.ident;
    let arguments = roles.iter().enumerate().map(|(index, role)| match role {
        Role::Port(ty) => local_for("port", ty),
        _ => nth(index),
    });
    quote_spanned!(site()=> #name(#(#arguments),*))
}
