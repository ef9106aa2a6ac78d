//! The body of `on_request`: extract the arguments, call the user's function in its form, answer. All local names have the hygiene of
//! `mixed_site`: a user's function may be called `request` or `reply`.
use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::{ReturnType, Type, parse_quote};

use crate::args::Args;
use crate::bound::spanned_call;
use crate::extract;
use crate::item::{Argument, Method};
use crate::names::{local, nth, site};
use crate::types;

/// One user's function and how it is to be called.
pub(crate) struct Call<'i> {
    method: &'i Method,
    form: Form,
    callee: Callee,
}

/// How the answer comes about.
#[derive(Clone, Copy)]
enum Form {
    AtOnce,
    Deferred,
    Future,
    Blocking,
}

/// A callback that outlives the call needs the handler's `Arc`; a function route has nothing to share.
#[derive(Clone, Copy)]
enum Callee {
    Free,
    Borrowed,
    Shared,
}

impl<'i> Call<'i> {
    pub(crate) fn of_function(method: &'i Method, args: &Args) -> Call<'i> {
        Call { method, form: Form::of(method, args), callee: Callee::Free }
    }

    pub(crate) fn of_method(method: &'i Method, args: &Args) -> Call<'i> {
        let form = Form::of(method, args);
        let callee = match form {
            Form::AtOnce | Form::Deferred => Callee::Borrowed,
            Form::Future | Form::Blocking => Callee::Shared,
        };
        Call { method, form, callee }
    }

    /// The whole method of the trait's impl.
    pub(crate) fn on_request(&self) -> TokenStream {
        let body = match self.form {
            Form::AtOnce => self.at_once(),
            Form::Deferred => self.deferred(),
            Form::Future => self.future(),
            Form::Blocking => self.blocking(),
        };
        let request = local("request");
        let (name, this) = match self.callee {
            Callee::Shared => (local("on_request_shared"), quote_spanned!(site()=> this: &__hop::Arc<Self>)),
            Callee::Free | Callee::Borrowed => (local("on_request"), quote_spanned!(site()=> &self)),
        };
        quote_spanned! {site()=>
            fn #name(#this, #request: &__hop::Request<'_>, reply: __hop::Reply<'_>) -> __hop::Replied { #body }
        }
    }

    fn at_once(&self) -> TokenStream {
        let (extracted, call) = (self.extracted(&quote_spanned!(site()=> reply.send(rejection))), self.call());
        let answered = self.answer("reply", &quote_spanned!(site()=> answer, reply));
        quote_spanned! {site()=>
            #extracted
            let answer = #call;
            #answered
        }
    }

    fn deferred(&self) -> TokenStream {
        let (extracted, call) = (self.extracted(&quote_spanned!(site()=> reply.send(rejection))), self.call());
        quote_spanned! {site()=>
            #extracted
            let (responder, replied) = reply.defer();
            #call;
            replied
        }
    }

    fn future(&self) -> TokenStream {
        let (extracted, call) = (self.extracted(&quote_spanned!(site()=> reply.send(rejection))), self.call());
        let (this, response) = (self.shared(), self.answer("into_response", &quote_spanned!(site()=> answer)));
        quote_spanned! {site()=>
            #extracted
            #this
            reply.future(async move {
                let answer = #call.await;
                #response
            })
        }
    }

    fn blocking(&self) -> TokenStream {
        let rejected = quote_spanned!(site()=> __hop::IntoResponse::into_response(rejection));
        let (extracted, call) = (self.extracted(&rejected), self.call());
        let (this, response) = (self.shared(), self.answer("into_response", &quote_spanned!(site()=> answer)));
        quote_spanned! {site()=>
            #this
            reply.blocking(move |request: &__hop::Request<'_>| {
                #extracted
                let answer = #call;
                #response
            })
        }
    }

    fn extracted(&self, rejected: &TokenStream) -> TokenStream {
        let extractors = self.method.arguments().enumerate().filter_map(|(index, argument)| match argument {
            Argument::Extractor(ty) => Some((index, ty)),
            _ => None,
        });
        extract::extracted(extractors, rejected)
    }

    fn call(&self) -> TokenStream {
        let name = &self.method.sig.ident;
        let arguments = self.method.arguments().enumerate().map(|(index, argument)| match argument {
            Argument::Responder(_) => local("responder"),
            Argument::Extractor(_) | Argument::Connection(_) | Argument::Opening(_) => nth(index),
        });
        match self.callee {
            Callee::Free => quote_spanned!(site()=> #name(#(#arguments),*)),
            Callee::Borrowed => quote_spanned!(site()=> Self::#name(self, #(#arguments),*)),
            Callee::Shared => quote_spanned!(site()=> Self::#name(&this, #(#arguments),*)),
        }
    }

    /// Calls `function` of `IntoResponse` on the answer, whose type is named where it can be: there a wrong one is reported.
    fn answer(&self, function: &str, arguments: &TokenStream) -> TokenStream {
        match self.output() {
            Some(ty) => spanned_call(&ty, &quote_spanned!(site()=> IntoResponse), function, Some(arguments.clone())),
            None => {
                let function = local(function);
                quote_spanned!(site()=> __hop::IntoResponse::#function(#arguments))
            }
        }
    }

    /// The return type, if it can be written outside the signature.
    fn output(&self) -> Option<Type> {
        match &self.method.sig.output {
            ReturnType::Default => Some(parse_quote!(())),
            ReturnType::Type(_, ty) => types::is_nameable(ty).then(|| (**ty).clone()),
        }
    }

    fn shared(&self) -> Option<TokenStream> {
        matches!(self.callee, Callee::Shared).then(|| quote_spanned!(site()=> let this = __hop::Arc::clone(this);))
    }
}

impl Form {
    fn of(method: &Method, args: &Args) -> Form {
        match () {
            () if method.responder().is_some() => Form::Deferred,
            () if method.sig.asyncness.is_some() => Form::Future,
            () if args.blocking.is_some() => Form::Blocking,
            () => Form::AtOnce,
        }
    }
}
