//! How the connections of an `impl` block open: at once, by a future, on the blocking pool, or later by whoever holds the `Opening`.
use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::Type;

use crate::args::Args;
use crate::bound::spanned_call;
use crate::callback::{Callback, Side};
use crate::extract::extracted;
use crate::item::Method;
use crate::live::role::{self, Role};
use crate::names::{local, local_for, nth, site};
use crate::types;

/// How an opening is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    AtOnce,
    Deferred,
    Future,
    Blocking,
}

impl Form {
    pub(crate) fn of(method: &Method, args: &Args) -> Form {
        let is_deferred = |ty| types::is_named(ty, "Opening");
        match () {
            () if method.types().any(is_deferred) => Form::Deferred,
            () if method.sig.asyncness.is_some() => Form::Future,
            () if args.blocking.is_some() => Form::Blocking,
            () => Form::AtOnce,
        }
    }
}

/// Opens every connection, with a state that must have a default.
pub(crate) fn by_default(side: Side, conn: &Type) -> TokenStream {
    let (name, port, made) = (local(&format!("on_{}_open", side.short())), parameter(side), default(conn));
    quote_spanned! {site()=>
        fn #name(&self, #port, request: &__hop::Request<'_>) -> __hop::Result<Self::Conn, __hop::Response> {
            __hop::Ok(#made)
        }
    }
}

/// The open that the user wrote.
pub(crate) fn written(side: Side, method: &Method, conn: &Type, args: &Args) -> TokenStream {
    let roles = role::of_callback(method, Callback::Open(side), conn);
    let open = Open { side, method, conn, roles };
    match Form::of(method, args) {
        Form::AtOnce => open.at_once(),
        Form::Deferred => open.deferred(),
        Form::Future => open.future(),
        Form::Blocking => open.blocking(),
    }
}

struct Open<'i> {
    side: Side,
    method: &'i Method,
    conn: &'i Type,
    roles: Vec<Role<'i>>,
}

impl Open<'_> {
    fn at_once(&self) -> TokenStream {
        let rejected = quote_spanned!(site()=> __hop::Err(__hop::IntoResponse::into_response(rejection)));
        let (name, port) = (self.name("open"), parameter(self.side));
        let (extracted, opened) = (self.extracted(&rejected), self.opened(&quote_spanned!(site()=> self)));
        quote_spanned! {site()=>
            fn #name(&self, #port, request: &__hop::Request<'_>) -> __hop::Result<Self::Conn, __hop::Response> {
                #extracted
                #opened
            }
        }
    }

    fn deferred(&self) -> TokenStream {
        let extracted = self.extracted(&quote_spanned!(site()=> opener.refuse(rejection)));
        let call = self.call(&quote_spanned!(site()=> this));
        self.opening(&quote_spanned! {site()=>
            #extracted
            let (opening, replied) = opener.defer();
            #call;
            replied
        })
    }

    fn future(&self) -> TokenStream {
        let extracted = self.extracted(&quote_spanned!(site()=> opener.refuse(rejection)));
        let opened = self.opened(&quote_spanned!(site()=> &this));
        self.opening(&quote_spanned! {site()=>
            #extracted
            let this = __hop::Arc::clone(this);
            opener.future(move |mut opening| async move {
                let opened = #opened;
                opening.decided(opened)
            })
        })
    }

    fn blocking(&self) -> TokenStream {
        let refused = quote_spanned!(site()=> __hop::Err(__hop::IntoResponse::into_response(rejection)));
        let extracted = self.extracted(&quote_spanned!(site()=> opening.decided(#refused)));
        let opened = self.opened(&quote_spanned!(site()=> &this));
        self.opening(&quote_spanned! {site()=>
            let this = __hop::Arc::clone(this);
            opener.blocking(move |mut opening, request| {
                #extracted
                let opened = #opened;
                opening.decided(opened)
            })
        })
    }

    /// The method of the trait for openings that outlive the call.
    fn opening(&self, body: &TokenStream) -> TokenStream {
        let name = self.name("opening");
        quote_spanned! {site()=>
            fn #name(
                this: &__hop::Arc<Self>,
                request: &__hop::Request<'_>,
                opener: __hop::Opener<'_, Self::Conn>,
            ) -> __hop::Replied { #body }
        }
    }

    fn extracted(&self, rejected: &TokenStream) -> TokenStream {
        let extractors = self.roles.iter().enumerate().filter_map(|(index, role)| match role {
            Role::Extractor(ty) => Some((index, *ty)),
            _ => None,
        });
        extracted(extractors, rejected)
    }

    /// The call, and what it returns as a state or a refusal. The type is named where it can be: there a wrong one is reported.
    fn opened(&self, this: &TokenStream) -> TokenStream {
        let call = self.call(this);
        match self.method.output() {
            None => {
                let default = default(self.conn);
                quote_spanned!(site()=> { #call; __hop::Ok(#default) })
            }
            Some(ty) if types::is_nameable(ty) => {
                spanned_call(ty, &quote_spanned!(site()=> Opened<Self::Conn>), "opened", Some(call))
            }
            Some(_) => quote_spanned!(site()=> __hop::Opened::<Self::Conn>::opened(#call)),
        }
    }

    fn call(&self, this: &TokenStream) -> TokenStream {
        let name = &self.method.sig.ident;
        let arguments = self.roles.iter().enumerate().map(|(index, role)| argument(index, role));
        let awaited = self.method.sig.asyncness.map(|_| quote_spanned!(site()=> .await));
        quote_spanned!(site()=> Self::#name(#this, #(#arguments),*) #awaited)
    }

    fn name(&self, what: &str) -> Ident {
        local(&format!("on_{}_{what}", self.side.short()))
    }
}

/// The parameter for the WebSocket or the event stream.
pub(crate) fn parameter(side: Side) -> TokenStream {
    let ty = local(side.port());
    quote_spanned!(site()=> port: &mut __hop::#ty<'_>)
}

fn argument(index: usize, role: &Role<'_>) -> TokenStream {
    match role {
        Role::Port(ty) => {
            let port = local_for("port", ty);
            quote_spanned!(site()=> #port)
        }
        Role::Opening(ty) => {
            let opening = local_for("opening", ty);
            let lent = types::as_reference(ty).map(|_| quote_spanned!(opening.span()=> &mut));
            quote_spanned!(site()=> #lent #opening)
        }
        _ => {
            let name = nth(index);
            quote_spanned!(site()=> #name)
        }
    }
}

/// The default of the state, under the tokens of its type: without one, that is where the error stands.
fn default(conn: &Type) -> TokenStream {
    spanned_call(conn, &quote_spanned!(site()=> Default), "default", Some(TokenStream::new()))
}
