//! What a checked route becomes: the item as it was, and beside it the two impls that hop calls it through. The code is thin, it names
//! only `::hop::__private`, and each token that can fail to compile carries the span of what the user wrote there.
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Generics, Type};

use crate::args::{Args, Methods};
use crate::bound::spanned_call;
use crate::call::Call;
use crate::callback::Callback;
use crate::item::{Block, Method, cfgs};
use crate::live;
use crate::live::kinds::{Form, Kinds};
use crate::live::role::{self, Role};
use crate::names::local;

/// `fn add(…)`: the hidden struct of the same name is the handler.
pub(crate) fn function(args: &Args, item: &Method) -> TokenStream {
    let function = &item.with_lifetimes_inferred();
    let hidden = hidden_struct(function);
    let form = Form::of(function, args);
    let handler = match form {
        Form::Request => {
            let spec = spec(args, function.extractors());
            Handler::of_function(function, spec, Call::of_function(function, args).on_request())
        }
        Form::Message | Form::Tick => {
            let spec = spec(args, extractors(&role::of_function(function, form)).into_iter());
            let callbacks = live::function::callbacks(function, form);
            Handler { conn: live::function::conn(function, form), ..Handler::of_function(function, spec, callbacks) }
        }
    };
    let impls = Handler { kinds: Kinds::of_function(form), ..handler }.impls();
    quote!(#item #hidden #impls)
}

/// `impl Chat { … }`: `Chat` is the handler.
pub(crate) fn block(args: &Args, item: &Block) -> TokenStream {
    let block = &item.with_lifetimes_inferred();
    let kinds = Kinds::of_block(block);
    let on_request = block.callbacks().find(|(callback, _)| *callback == Callback::Request);
    let mut callbacks = on_request.map(|(_, method)| Call::of_method(method, args).on_request()).unwrap_or_default();
    callbacks.extend(live::block::callbacks(block, kinds, args));
    let spec = spec(args, block_extractors(block).into_iter());
    let impls = Handler { kinds, ..Handler::of_block(block, spec, callbacks) }.impls();
    quote!(#item #impls)
}

/// All that the block's callbacks extract.
fn block_extractors(block: &Block) -> Vec<&Type> {
    let conn = block.state();
    let mut all = Vec::new();
    for (callback, method) in block.callbacks() {
        match callback {
            Callback::Request => all.extend(method.extractors()),
            Callback::Open(_) => all.extend(extractors(&role::of_callback(method, callback, &conn))),
            _ => {}
        }
    }
    all
}

fn extractors<'i>(roles: &[Role<'i>]) -> Vec<&'i Type> {
    roles.iter().filter(|role| matches!(role, Role::Extractor(_))).map(Role::ty).collect()
}

/// The type that stands for a function. It has braces, so that it lives in the namespace of types only, beside the function.
pub(crate) fn hidden_struct(function: &Method) -> TokenStream {
    let (cfgs, vis, name) = (cfgs(&function.attrs), &function.vis, &function.sig.ident);
    // The lint is silenced because the struct has the function's own name, which `routes![…]` is given.
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
    kinds: Kinds,
    callbacks: TokenStream,
}

impl<'i> Handler<'i> {
    pub(crate) fn of_function(function: &'i Method, spec: TokenStream, callbacks: TokenStream) -> Handler<'i> {
        let ty = function.sig.ident.to_token_stream();
        Handler {
            attrs: &function.attrs,
            ty,
            generics: None,
            conn: quote!(()),
            spec,
            kinds: Kinds::default(),
            callbacks,
        }
    }

    pub(crate) fn of_block(block: &'i Block, spec: TokenStream, callbacks: TokenStream) -> Handler<'i> {
        let conn = block.state().to_token_stream();
        let ty = block.self_ty.to_token_stream();
        Handler {
            attrs: &block.attrs,
            ty,
            generics: Some(&block.generics),
            conn,
            spec,
            kinds: Kinds::default(),
            callbacks,
        }
    }

    /// The impls of both traits, in a scope of their own.
    pub(crate) fn impls(&self) -> TokenStream {
        let Handler { attrs, ty, generics, conn, spec, kinds, callbacks } = self;
        let kinds = kinds.constant();
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
                    const CALLBACKS: __hop::Callbacks = #kinds;
                    #callbacks
                }
            };
        }
    }
}

/// The value that tells the router about this route.
fn spec<'i>(args: &Args, extractors: impl Iterator<Item = &'i Type>) -> TokenStream {
    let pattern = &args.pattern.literal;
    let methods = match &args.methods {
        Methods::Any => quote!(.any()),
        Methods::Named(methods) => quote!(#(.method(__hop::Method::#methods))*),
    };
    let limit = args.limit_bytes.map(|bytes| quote!(.limit(#bytes)));
    let timeout = args.timeout_ms.map(|milliseconds| quote!(.timeout(__hop::Duration::from_millis(#milliseconds))));
    let changes: TokenStream = args.live.iter().filter_map(|setting| setting.change.clone()).collect();
    let live = local("live");
    let live = (!changes.is_empty()).then(|| quote!(.live(|#live| { #changes })));
    let needs = extractors.map(|ty| spanned_call(ty, &quote!(FromRequest<'_>), "needs", None));
    quote!(__hop::Spec::new(#pattern, __hop::location!()) #methods #limit #timeout #live #(.needs(#needs))*)
}
