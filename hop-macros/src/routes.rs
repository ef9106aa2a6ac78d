//! `routes![…]`: a list of handlers becomes a collection of routes.
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, Token, parse::Parser};

/// The collection as one expression. On a syntax error it is an empty one beside the error.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    match Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens) {
        Ok(entries) => {
            let added = entries.iter().map(add);
            quote!(::hop::__private::Routes::new()#(#added)*)
        }
        Err(error) => {
            let errors = error.to_compile_error();
            quote!({ #errors ::hop::__private::Routes::new() })
        }
    }
}

fn add(entry: &Expr) -> TokenStream {
    let handler = handler(entry);
    quote_spanned!(entry.span()=> .add(#handler))
}

/// A bare path names a type without fields: the hidden struct of a function route, or a unit struct. Parentheses make it a value.
fn handler(entry: &Expr) -> TokenStream {
    match entry {
        Expr::Path(path) if path.qself.is_none() => quote_spanned!(entry.span()=> #entry {}),
        Expr::Paren(paren) => paren.expr.to_token_stream(),
        _ => entry.to_token_stream(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(tokens: TokenStream) -> String {
        expand(tokens).to_string().replace(' ', "")
    }

    #[test]
    fn paths_are_types_and_the_rest_are_values() {
        let routes = quote!(hello, module::Type, Chat::new(), (other), Generic::<u8>,);
        let expected = "::hop::__private::Routes::new().add(hello{}).add(module::Type{}).add(Chat::new()).add(other).add(Generic::<u8>{})";
        assert_eq!(expanded(routes), expected);
    }

    #[test]
    fn no_entries_are_an_empty_collection() {
        assert_eq!(expanded(quote!()), "::hop::__private::Routes::new()");
    }

    #[test]
    fn a_syntax_error_leaves_an_empty_collection_beside_the_error() {
        let tokens = expanded(quote!(hello world));
        assert!(tokens.contains("compile_error!") && tokens.ends_with("::hop::__private::Routes::new()}"), "{tokens}");
    }
}
