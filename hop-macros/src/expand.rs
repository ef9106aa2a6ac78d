//! What a checked route becomes: the item as it was, and beside it the two impls that hop calls it through. The code is thin, it names
//! only `::hop::__private`, and each token that can fail to compile carries the span of what the user wrote there.
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Generics, Type};

use crate::args::{Args, Methods};
use crate::call::Call;
use crate::check::ON_REQUEST;
use crate::item::{Argument, Block, Method, cfgs};

/// `fn add(…)`: the hidden struct of the same name is the handler.
pub(crate) fn function(args: &Args, function: &Method) -> TokenStream {
    let (name, hidden) = (&function.sig.ident, hidden_struct(function));
    let on_request = Call::of_function(function, args).on_request();
    let impls =
        impls(&function.attrs, &Target::of_function(name), &spec(args, Some(function)), &quote!(()), &on_request);
    quote!(#function #hidden #impls)
}

/// `impl Chat { … }`: `Chat` is the handler.
pub(crate) fn block(args: &Args, block: &Block) -> TokenStream {
    let on_request = block.methods.iter().find(|method| method.sig.ident == ON_REQUEST);
    let callbacks = on_request.map(|method| Call::of_method(method, args).on_request());
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
    let needs = method.into_iter().flat_map(Method::arguments).filter_map(|argument| match argument {
        Argument::Extractor(ty) => Some(spanned_call(ty, &quote!(FromRequest<'_>), "needs", None)),
        _ => None,
    });
    quote!(__hop::Spec::new(#pattern, __hop::location!()) #methods #limit #timeout #(.needs(#needs))*)
}

/// `<ty as trait_>::function(arguments)` under the tokens of `ty` from end to end, as if the user had written it there: where a bound
/// fails in more than one place, rustc says the same thing each time and so shows it once.
pub(crate) fn spanned_call(
    ty: &Type,
    trait_: &TokenStream,
    function: &str,
    arguments: Option<TokenStream>,
) -> TokenStream {
    let (first, last) = ends(ty);
    let function = Ident::new(function, last);
    let arguments = arguments.map(|arguments| quote_spanned!(last=> (#arguments)));
    quote_spanned!(first=> <#ty as __hop::#trait_>::#function #arguments)
}

/// Where the first and the last token of `ty` stand: stable compilers cannot join them.
fn ends(ty: &Type) -> (Span, Span) {
    let mut spans = ty.to_token_stream().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (first, spans.last().unwrap_or(first))
}
