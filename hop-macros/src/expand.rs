//! What a checked route becomes: the item as it was, and beside it the two impls that hop calls it through. The code is thin, it names
//! only `::hop::__private`, and each token that can fail to compile carries the span of what the user wrote there.
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Generics};

use crate::args::{Args, Methods};
use crate::bound::spanned_call;
use crate::call::Call;
use crate::callback::ON_REQUEST;
use crate::item::{Block, Method, cfgs};

/// `fn add(…)`: the hidden struct of the same name is the handler.
pub(crate) fn function(args: &Args, function: &Method) -> TokenStream {
    let hidden = hidden_struct(function);
    let on_request = Call::of_function(function, args).on_request();
    let impls = Handler::of_function(function, spec(args, Some(function)), on_request).impls();
    quote!(#function #hidden #impls)
}

/// `impl Chat { … }`: `Chat` is the handler.
pub(crate) fn block(args: &Args, block: &Block) -> TokenStream {
    let on_request = block.methods.iter().find(|method| method.sig.ident == ON_REQUEST);
    let callbacks = on_request.map(|method| Call::of_method(method, args).on_request());
    let impls = Handler::of_block(block, spec(args, on_request), callbacks.unwrap_or_default()).impls();
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

/// All that makes one generated handler different from another.
pub(crate) struct Handler<'i> {
    attrs: &'i [Attribute],
    ty: TokenStream,
    generics: Option<&'i Generics>,
    conn: TokenStream,
    spec: TokenStream,
    callbacks: TokenStream,
}

impl<'i> Handler<'i> {
    pub(crate) fn of_function(function: &'i Method, spec: TokenStream, callbacks: TokenStream) -> Handler<'i> {
        let ty = function.sig.ident.to_token_stream();
        Handler { attrs: &function.attrs, ty, generics: None, conn: quote!(()), spec, callbacks }
    }

    pub(crate) fn of_block(block: &'i Block, spec: TokenStream, callbacks: TokenStream) -> Handler<'i> {
        let conn = block.conns.first().map_or_else(|| quote!(()), |conn| conn.ty.to_token_stream());
        let ty = block.self_ty.to_token_stream();
        Handler { attrs: &block.attrs, ty, generics: Some(&block.generics), conn, spec, callbacks }
    }

    /// The impls of both traits, in a scope of their own.
    pub(crate) fn impls(&self) -> TokenStream {
        let Handler { attrs, ty, generics, conn, spec, callbacks } = self;
        let cfgs = cfgs(attrs);
        let params = generics.map(|generics| generics.split_for_impl().0);
        let bounds = generics.map(|generics| &generics.where_clause);
        quote! {
            #cfgs
            const _: () = {
                use ::hop::__private as __hop;
                impl #params __hop::Route for #ty #bounds {
                    fn spec(&self) -> __hop::Spec { #spec }
                }
                impl #params __hop::EventHandler for #ty #bounds {
                    type Conn = #conn;
                    const CALLBACKS: __hop::Callbacks = __hop::Callbacks::REQUEST;
                    #callbacks
                }
            };
        }
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
    let needs = method.into_iter().flat_map(Method::extractors);
    let needs = needs.map(|ty| spanned_call(ty, &quote!(FromRequest<'_>), "needs", None));
    quote!(__hop::Spec::new(#pattern, __hop::location!()) #methods #limit #timeout #(.needs(#needs))*)
}
