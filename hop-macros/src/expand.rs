//! What a checked route becomes: the item as it was, and beside it the two impls that hop calls it through. The code is thin, it names
//! only `::hop::__private`, and each token that can fail to compile carries the span of what the user wrote there.
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, Type};

use crate::args::{Args, Methods};
use crate::check::ON_REQUEST;
use crate::item::{Argument, Block, Method, cfgs};

/// `fn add(…)`: the hidden struct of the same name is the handler.
pub(crate) fn function(args: &Args, function: &Method) -> TokenStream {
    let (name, hidden) = (&function.sig.ident, hidden_struct(function));
    let calls = Calls { args, method: function, is_method: false };
    let impls = impls(
        &function.attrs,
        &Target::of_function(name),
        &spec(args, Some(function)),
        &quote!(()),
        &calls.on_request(),
    );
    quote!(#function #hidden #impls)
}

/// `impl Chat { … }`: `Chat` is the handler.
pub(crate) fn block(args: &Args, block: &Block) -> TokenStream {
    let on_request = block.methods.iter().find(|method| method.sig.ident == ON_REQUEST);
    let callbacks = on_request.map(|method| Calls { args, method, is_method: true }.on_request());
    let conn = block.conns.first().map_or_else(|| quote!(()), |conn| conn.ty.to_token_stream());
    let impls =
        impls(&block.attrs, &Target::of_block(block), &spec(args, on_request), &conn, &callbacks.unwrap_or_default());
    quote!(#block #impls)
}

/// The type that stands for a function. It has braces, so that it lives in the namespace of types only, beside the function.
pub(crate) fn hidden_struct(function: &Method) -> TokenStream {
    let (cfgs, vis, name) = (cfgs(&function.attrs), &function.vis, &function.sig.ident);
    quote! {
        #cfgs
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #vis struct #name {}
    }
}

/// The type that the two traits are implemented for.
pub(crate) struct Target<'i> {
    ty: TokenStream,
    generics: Option<&'i Generics>,
}

impl<'i> Target<'i> {
    pub(crate) fn of_function(name: &Ident) -> Target<'i> {
        Target { ty: name.to_token_stream(), generics: None }
    }

    pub(crate) fn of_block(block: &'i Block) -> Target<'i> {
        Target { ty: block.self_ty.to_token_stream(), generics: Some(&block.generics) }
    }

    /// `impl<T> Trait for Type<T> where …`
    fn header(&self, trait_: &Ident) -> TokenStream {
        let ty = &self.ty;
        let (params, _, bounds) =
            self.generics.map(Generics::split_for_impl).map_or((None, None, None), |(p, a, b)| (Some(p), Some(a), b));
        quote!(impl #params __hop::#trait_ for #ty #bounds)
    }
}

/// Both impls, in a scope of their own.
pub(crate) fn impls(
    attrs: &[syn::Attribute],
    target: &Target<'_>,
    spec: &TokenStream,
    conn: &TokenStream,
    callbacks: &TokenStream,
) -> TokenStream {
    let cfgs = cfgs(attrs);
    let route = target.header(&format_ident!("Route"));
    let handler = target.header(&format_ident!("EventHandler"));
    quote! {
        #cfgs
        const _: () = {
            use ::hop::__private as __hop;
            #route {
                fn spec(&self) -> __hop::Spec { #spec }
            }
            #handler {
                type Conn = #conn;
                const CALLBACKS: __hop::Callbacks = __hop::Callbacks::REQUEST;
                #callbacks
            }
        };
    }
}

/// The value that tells the router about this route.
fn spec(args: &Args, method: Option<&Method>) -> TokenStream {
    let pattern = &args.pattern.literal;
    let methods = match &args.methods {
        Methods::Any => quote!(.any()),
        Methods::Named(methods) => quote!(#(.method(__hop::Method::#methods))*),
    };
    let limit = args.limit_bytes.map(|bytes| quote!(.limit(#bytes)));
    let timeout = args.timeout_ms.map(|milliseconds| quote!(.timeout(__hop::Duration::from_millis(#milliseconds))));
    let arguments = method.into_iter().flat_map(Method::arguments).filter_map(|argument| match argument {
        Argument::Extractor(ty) => Some(quote_spanned!(site(ty)=> .argument::<#ty>())),
        _ => None,
    });
    quote!(__hop::Spec::new(#pattern, __hop::location!()) #methods #limit #timeout #(#arguments)*)
}

/// The code that calls one user's function.
struct Calls<'i> {
    args: &'i Args,
    method: &'i Method,
    is_method: bool,
}

/// A callback that must outlive the call needs the handler's `Arc`, and a function route has no state to share.
enum Callee {
    Free,
    Borrowed,
    Shared,
}

impl Calls<'_> {
    fn on_request(&self) -> TokenStream {
        let is_async = self.method.sig.asyncness.is_some();
        let is_blocking = self.args.blocking.is_some();
        let callee = match self.is_method {
            false => Callee::Free,
            true if is_async || is_blocking => Callee::Shared,
            true => Callee::Borrowed,
        };
        let body = match self.method.responder() {
            Some(_) => self.deferred(&callee),
            None if is_async => self.future(&callee),
            None if is_blocking => self.blocking(&callee),
            None => self.at_once(&callee),
        };
        let (name, this) = match callee {
            Callee::Shared => (quote!(on_request_shared), quote!(this: &__hop::Arc<Self>)),
            Callee::Free | Callee::Borrowed => (quote!(on_request), quote!(&self)),
        };
        quote! {
            fn #name(#this, request: &__hop::Request<'_>, reply: __hop::Reply<'_>) -> __hop::Replied { #body }
        }
    }

    fn at_once(&self, callee: &Callee) -> TokenStream {
        let (extracted, call) = (self.extracted(&quote!(reply.send(rejection))), self.call(callee));
        let (answer, site) = self.answer();
        let send = quote_spanned!(site=> reply.send(#answer));
        quote!(#extracted let #answer = #call; #send)
    }

    fn deferred(&self, callee: &Callee) -> TokenStream {
        let (extracted, call) = (self.extracted(&quote!(reply.send(rejection))), self.call(callee));
        quote! {
            #extracted
            let (responder, replied) = reply.defer();
            #call;
            replied
        }
    }

    fn future(&self, callee: &Callee) -> TokenStream {
        let (extracted, call) = (self.extracted(&quote!(reply.send(rejection))), self.call(callee));
        let (this, (answer, site)) = (shared(callee), self.answer());
        let response = quote_spanned!(site=> __hop::IntoResponse::into_response(#answer));
        quote! {
            #extracted
            #this
            reply.future(async move {
                let #answer = #call.await;
                #response
            })
        }
    }

    fn blocking(&self, callee: &Callee) -> TokenStream {
        let rejected = quote!(__hop::IntoResponse::into_response(rejection));
        let (extracted, call) = (self.extracted(&rejected), self.call(callee));
        let (this, (answer, site)) = (shared(callee), self.answer());
        let response = quote_spanned!(site=> __hop::IntoResponse::into_response(#answer));
        quote! {
            #this
            reply.blocking(move |request: &__hop::Request<'_>| {
                #extracted
                let #answer = #call;
                #response
            })
        }
    }

    /// One `let` for each extractor, in the order of the arguments; the first one that fails answers by `rejected`.
    fn extracted(&self, rejected: &TokenStream) -> TokenStream {
        let extract = |(index, argument)| {
            let Argument::Extractor(ty) = argument else { return TokenStream::new() };
            let name = nth(index);
            let value = quote_spanned!(site(ty)=> <#ty as __hop::FromRequest<'_>>::from_request(request));
            quote! {
                let #name = match #value { __hop::Ok(value) => value, __hop::Err(rejection) => return #rejected };
            }
        };
        self.method.arguments().enumerate().map(extract).collect()
    }

    fn call(&self, callee: &Callee) -> TokenStream {
        let name = &self.method.sig.ident;
        let arguments = self.method.arguments().enumerate().map(|(index, argument)| match argument {
            Argument::Request(ty) => quote_spanned!(site(ty)=> request),
            Argument::Responder(ty) => quote_spanned!(site(ty)=> responder),
            Argument::Extractor(_) | Argument::Connection(_) => nth(index).to_token_stream(),
        });
        match callee {
            Callee::Free => quote!(#name(#(#arguments),*)),
            Callee::Borrowed => quote!(Self::#name(self, #(#arguments),*)),
            Callee::Shared => quote!(Self::#name(&this, #(#arguments),*)),
        }
    }

    /// The variable that holds the answer, and where it is reported if it is none.
    fn answer(&self) -> (Ident, Span) {
        let site = Span::mixed_site().located_at(self.method.answer_span());
        (Ident::new("answer", site), site)
    }
}

fn shared(callee: &Callee) -> Option<TokenStream> {
    matches!(callee, Callee::Shared).then(|| quote!(let this = __hop::Arc::clone(this);))
}

/// The variable of the argument at `index`.
fn nth(index: usize) -> Ident {
    Ident::new(&format!("a{index}"), Span::mixed_site())
}

/// Located at the user's type, with names of its own: what is generated can neither capture nor be captured.
fn site(ty: &Type) -> Span {
    Span::mixed_site().located_at(ty.span())
}
