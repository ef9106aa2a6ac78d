//! Named lifetimes in the signatures of callbacks. Generated code names the types of arguments and answers where the names mean nothing,
//! and the compiler infers them.
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Generics, Signature};

/// The signature with `'_` in the place of each lifetime that is a parameter of it.
pub(crate) fn inferred(sig: &Signature) -> Signature {
    let names: Vec<&Ident> = sig.generics.lifetimes().map(|param| &param.lifetime.ident).collect();
    if names.is_empty() {
        return sig.clone();
    }
    let plain = Signature { generics: Generics::default(), ..sig.clone() };
    syn::parse2(replaced(plain.to_token_stream(), &names)).unwrap_or(plain)
}

fn replaced(tokens: TokenStream, names: &[&Ident]) -> TokenStream {
    let mut follows_tick = false;
    let replace = |token| {
        let is_name = std::mem::replace(&mut follows_tick, is_tick(&token));
        match token {
            TokenTree::Ident(name) if is_name && names.iter().any(|known| **known == name) => {
                TokenTree::Ident(Ident::new("_", name.span()))
            }
            TokenTree::Group(group) => {
                let mut copy = Group::new(group.delimiter(), replaced(group.stream(), names));
                copy.set_span(group.span());
                TokenTree::Group(copy)
            }
            other => other,
        }
    };
    tokens.into_iter().map(replace).collect()
}

fn is_tick(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '\'')
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn parameters_are_inferred_and_all_else_stays() {
        let sig: Signature = parse_quote!(
            fn f<'a, 'b: 'a>(&'a self, a: Path<(&'b str, u8)>, b: State<&'static str>, c: dyn for<'c> Fn(&'c str)) -> Cow<'a, str>
        );
        let expected: Signature = parse_quote!(
            fn f(&'_ self, a: Path<(&'_ str, u8)>, b: State<&'static str>, c: dyn for<'c> Fn(&'c str)) -> Cow<'_, str>
        );
        assert_eq!(inferred(&sig), expected);
    }
}
