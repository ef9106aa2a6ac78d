//! The model of what `#[route]` stands on: a function, or an `impl` block with callbacks. Bodies stay tokens: nobody here reads them,
//! and an editor's half-written body must not take the route away.
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Result};
use syn::{
    Attribute, FnArg, Generics, ImplItem, ImplItemType, Receiver, ReturnType, Signature, Token, Type, Visibility,
    parse_quote,
};

use crate::callback::Callback;
use crate::conn;
use crate::lifetimes;
use crate::types;

/// A route's item, as the user wrote it.
pub(crate) enum Item {
    Function(Box<Method>),
    Block(Box<Block>),
}

/// A function with its body unread; free, or in an `impl` block.
#[derive(Clone)]
pub(crate) struct Method {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    body: TokenTree,
}

/// `impl Chat { … }`, with `type Conn` taken out.
#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) attrs: Vec<Attribute>,
    inner_attrs: Vec<Attribute>,
    pub(crate) generics: Generics,
    /// The trait of `impl Trait for Chat`, which is refused.
    pub(crate) trait_: Option<Type>,
    pub(crate) self_ty: Type,
    /// Inherent associated types are unstable, so these move to the trait's impl. More than one is refused.
    pub(crate) conns: Vec<ImplItemType>,
    pub(crate) methods: Vec<Method>,
    others: Vec<ImplItem>,
}

/// What an argument of a callback is, told by its type as written.
pub(crate) enum Argument<'i> {
    /// Anything that is not one of the others, `&Request<'_>` included.
    Extractor(&'i Type),
    /// `Responder`: the answer comes later.
    Responder(&'i Type),
    /// `&mut WebSocket<'_>` or `&mut EventStream<'_>`: a callback of a connection.
    Connection(&'i Type),
    /// `Opening` or `&mut Opening`: a callback that decides later whether a connection opens.
    Opening(&'i Type),
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> Result<Item> {
        let ahead = input.fork();
        Attribute::parse_outer(&ahead)?;
        if ahead.peek(Token![impl]) || ahead.peek(Token![unsafe]) && ahead.peek2(Token![impl]) {
            return Ok(Item::Block(input.parse()?));
        }
        match input.fork().parse::<Method>() {
            Ok(_) => Ok(Item::Function(input.parse()?)),
            Err(_) => Err(ahead.error("expected a function or an `impl` block after #[route(…)]")),
        }
    }
}

impl Parse for Method {
    fn parse(input: ParseStream<'_>) -> Result<Method> {
        let attrs = Attribute::parse_outer(input)?;
        let (vis, sig) = (input.parse()?, input.parse()?);
        if !input.peek(syn::token::Brace) {
            return Err(input.error("expected a body"));
        }
        Ok(Method { attrs, vis, sig, body: input.parse()? })
    }
}

impl Method {
    /// As generated code sees it, which cannot name its lifetimes.
    pub(crate) fn with_lifetimes_inferred(&self) -> Method {
        Method { sig: lifetimes::inferred(&self.sig), ..self.clone() }
    }

    /// The `self` argument, if there is one.
    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        self.sig.receiver()
    }

    /// The types of all arguments but `self`.
    pub(crate) fn types(&self) -> impl Iterator<Item = &Type> {
        self.sig.inputs.iter().filter_map(|argument| match argument {
            FnArg::Receiver(_) => None,
            FnArg::Typed(typed) => Some(&*typed.ty),
        })
    }

    /// All arguments but `self`.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = Argument<'_>> {
        self.types().map(Argument::of)
    }

    /// The return type; none for nothing, `()` included.
    pub(crate) fn output(&self) -> Option<&Type> {
        match &self.sig.output {
            ReturnType::Type(_, ty) if !matches!(types::open(ty), Type::Tuple(tuple) if tuple.elems.is_empty()) => {
                Some(ty)
            }
            _ => None,
        }
    }

    /// The types of all arguments that are extracted.
    pub(crate) fn extractors(&self) -> impl Iterator<Item = &Type> {
        self.arguments().filter_map(|argument| match argument {
            Argument::Extractor(ty) => Some(ty),
            Argument::Responder(_) | Argument::Connection(_) | Argument::Opening(_) => None,
        })
    }

    /// The `Responder` argument, if there is one.
    pub(crate) fn responder(&self) -> Option<&Type> {
        self.arguments().find_map(|argument| match argument {
            Argument::Responder(ty) => Some(ty),
            _ => None,
        })
    }
}

impl<'i> Argument<'i> {
    fn of(ty: &'i Type) -> Argument<'i> {
        match () {
            () if types::is_or_lends(ty, "WebSocket") || types::is_or_lends(ty, "EventStream") => {
                Argument::Connection(ty)
            }
            () if types::is_or_lends(ty, "Opening") => Argument::Opening(ty),
            () if types::is_named(ty, "Responder") => Argument::Responder(ty),
            () => Argument::Extractor(ty),
        }
    }
}

impl Parse for Block {
    fn parse(input: ParseStream<'_>) -> Result<Block> {
        let attrs = Attribute::parse_outer(input)?;
        if input.peek(Token![unsafe]) {
            return Err(input.error("expected a plain `impl` block: there is nothing unsafe to promise"));
        }
        input.parse::<Token![impl]>()?;
        let mut generics: Generics = input.parse()?;
        let (trait_, self_ty) = trait_and_type(input)?;
        generics.where_clause = input.parse()?;
        let content;
        syn::braced!(content in input);
        let inner_attrs = content.call(Attribute::parse_inner)?;
        let mut block = Block {
            attrs,
            inner_attrs,
            generics,
            trait_,
            self_ty,
            conns: Vec::new(),
            methods: Vec::new(),
            others: Vec::new(),
        };
        while !content.is_empty() {
            block.member(&content)?;
        }
        Ok(block.with_conn_resolved())
    }
}

fn trait_and_type(input: ParseStream<'_>) -> Result<(Option<Type>, Type)> {
    let first: Type = input.parse()?;
    match input.parse::<Option<Token![for]>>()? {
        Some(_) => Ok((Some(first), input.parse()?)),
        None => Ok((None, first)),
    }
}

impl Block {
    /// The state of a connection as it is declared.
    pub(crate) fn conn(&self) -> Option<&Type> {
        self.conns.first().map(|conn| &conn.ty)
    }

    /// The state of a connection, `()` where none is declared.
    pub(crate) fn state(&self) -> Type {
        self.conn().cloned().unwrap_or_else(|| parse_quote!(()))
    }

    fn with_conn_resolved(mut self) -> Block {
        let conn = self.state();
        if self.trait_.is_none() {
            let resolve = |method: Method| Method { sig: conn::resolved(method.sig, &conn), ..method };
            self.methods = self.methods.into_iter().map(resolve).collect();
        }
        self
    }

    /// As generated code sees it.
    pub(crate) fn with_lifetimes_inferred(&self) -> Block {
        let methods = self.methods.iter().map(Method::with_lifetimes_inferred).collect();
        Block { methods, ..self.clone() }
    }

    /// The callbacks, each by its first definition; a name that is none is not among them.
    pub(crate) fn callbacks(&self) -> impl Iterator<Item = (Callback, &Method)> {
        let known = |method: &'_ Method| Callback::named(&method.sig.ident).ok();
        self.methods.iter().filter_map(move |method| Some((known(method)?, method)))
    }

    fn member(&mut self, input: ParseStream<'_>) -> Result<()> {
        let ahead = input.fork();
        if let Ok(method) = ahead.parse() {
            input.advance_to(&ahead);
            self.methods.push(method);
            return Ok(());
        }
        match input.parse()? {
            ImplItem::Type(conn) if conn.ident.unraw() == "Conn" && self.trait_.is_none() => self.conns.push(conn),
            other => self.others.push(other),
        }
        Ok(())
    }
}

/// The `#[cfg]` attributes among `attrs`: what is generated exists only where the item does.
pub(crate) fn cfgs(attrs: &[Attribute]) -> TokenStream {
    attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).map(ToTokens::to_token_stream).collect()
}

/// The first further `#[route]` among `attrs`, by its last name.
pub(crate) fn second_route(attrs: &[Attribute]) -> Option<&Attribute> {
    attrs.iter().find(|attribute| attribute.path().segments.last().is_some_and(|segment| segment.ident == "route"))
}

impl ToTokens for Method {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Method { attrs, vis, sig, body } = self;
        tokens.extend(quote!(#(#attrs)* #vis #sig #body));
    }
}

impl ToTokens for Block {
    /// The block as the user's own: everything but `type Conn`.
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Block { attrs, inner_attrs, generics, trait_, self_ty, methods, others, .. } = self;
        let (params, _, bounds) = generics.split_for_impl();
        let for_ = trait_.as_ref().map(|trait_| quote!(#trait_ for));
        tokens.extend(quote! {
            #(#attrs)*
            impl #params #for_ #self_ty #bounds {
                #(#inner_attrs)*
                #(#others)*
                #(#methods)*
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(tokens: TokenStream) -> Block {
        match syn::parse2(tokens).expect("an impl block") {
            Item::Block(block) => *block,
            Item::Function(_) => panic!("expected a block"),
        }
    }

    #[test]
    fn a_function_keeps_its_tokens() {
        let source = quote! {
            #[doc = " Adds."]
            pub(crate) async fn add(Path(a): Path<u32>, out: Responder) -> String { a. }
        };
        let Ok(Item::Function(function)) = syn::parse2(source.clone()) else { panic!("expected a function") };
        assert_eq!(function.to_token_stream().to_string(), source.to_string());
    }

    #[test]
    fn conn_leaves_the_block_and_everything_else_stays() {
        let block = block(quote! {
            impl<T: Send> Chat<T> where T: Sync {
                type Conn = Member;
                const LIMIT: usize = 4;
                fn on_request(&self) {}
                pub fn helper() -> usize { Self::LIMIT }
            }
        });
        assert_eq!(block.conns.len(), 1);
        let kept = block.to_token_stream().to_string();
        assert!(!kept.contains("Conn"), "{kept}");
        for part in ["impl < T : Send > Chat < T > where T : Sync", "const LIMIT", "fn on_request", "pub fn helper"] {
            assert!(kept.contains(part), "{part} in {kept}");
        }
    }

    #[test]
    fn a_trait_impl_is_kept_whole() {
        let block = block(quote!(impl hop::EventHandler for Chat { type Conn = (); fn on_request(&self) {} }));
        assert!(block.trait_.is_some() && block.conns.is_empty());
        assert!(block.to_token_stream().to_string().contains("type Conn = ()"));
    }

    #[test]
    fn arguments_are_told_apart_by_their_types() {
        let method: Method = parse_quote! {
            fn f(&self, a: &hop::Request<'_>, b: Responder, c: &mut WebSocket<'_>, d: Json<Request>, e: &mut EventStream<'_>, f: &mut Opening<u8>) {}
        };
        let kinds: Vec<char> = method
            .arguments()
            .map(|argument| match argument {
                Argument::Responder(_) => 'r',
                Argument::Connection(_) => 'c',
                Argument::Opening(_) => 'o',
                Argument::Extractor(_) => 'x',
            })
            .collect();
        assert_eq!(kinds, ['x', 'r', 'c', 'x', 'c', 'o']);
        assert!(method.receiver().is_some() && method.responder().is_some());
    }

    #[test]
    fn other_items_are_refused() {
        for item in [
            quote!(
                struct S;
            ),
            quote!(
                mod m {}
            ),
            quote!(
                const C: u8 = 1;
            ),
            quote!(
                fn f();
            ),
        ] {
            let Err(error) = syn::parse2::<Item>(item) else { panic!("expected an error") };
            assert_eq!(error.to_string(), "expected a function or an `impl` block after #[route(…)]");
        }
    }

    #[test]
    fn only_cfg_attributes_are_copied() {
        let method: Method = parse_quote!(
            #[cfg(unix)]
            #[inline]
            #[cfg(test)]
            fn f() {}
        );
        assert_eq!(cfgs(&method.attrs).to_string(), "# [cfg (unix)] # [cfg (test)]");
    }
}
