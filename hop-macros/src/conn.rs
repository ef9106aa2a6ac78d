//! `Self::Conn` in the signatures of a block. Inherent associated types are unstable, so it would never compile as written: it becomes
//! the type that is declared.
use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Signature, Type};

/// The signature with `conn` in the place of each `Self::Conn`; as it was, where there is none.
pub(crate) fn resolved(sig: Signature, conn: &Type) -> Signature {
    let (tokens, found) = replaced(sig.to_token_stream(), conn);
    if found { syn::parse2(tokens).unwrap_or(sig) } else { sig }
}

fn replaced(tokens: TokenStream, conn: &Type) -> (TokenStream, bool) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let (mut out, mut found, mut rest) = (TokenStream::new(), false, tokens.as_slice());
    while let [first, after @ ..] = rest {
        rest = after;
        if is_conn(first, after) {
            out.extend(spanned(conn, first.span()));
            (found, rest) = (true, &after[3..]);
        } else if let TokenTree::Group(group) = first {
            let (inside, found_inside) = replaced(group.stream(), conn);
            let mut copy = Group::new(group.delimiter(), inside);
            copy.set_span(group.span());
            out.extend([TokenTree::Group(copy)]);
            found |= found_inside;
        } else {
            out.extend([first.clone()]);
        }
    }
    (out, found)
}

/// Whether `Self :: Conn` begins with `first`.
fn is_conn(first: &TokenTree, after: &[TokenTree]) -> bool {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
    let is_word = |token: &TokenTree, word| matches!(token, TokenTree::Ident(ident) if ident == word);
    matches!(after, [a, b, name, ..] if is_word(first, "Self") && is_colon(a) && is_colon(b) && is_word(name, "Conn"))
}

/// The type at the place where the user wrote `Self::Conn`, so that whatever is wrong is reported there.
fn spanned(conn: &Type, place: Span) -> impl Iterator<Item = TokenTree> {
    conn.to_token_stream().into_iter().map(move |mut token| {
        token.set_span(token.span().located_at(place));
        token
    })
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn conn_is_found_wherever_it_stands() {
        let sig: Signature =
            parse_quote!(fn f(&self, a: &mut Self::Conn, b: Opening<Self::Conn>) -> Result<Self::Conn, Self::Other>);
        let expected: Signature =
            parse_quote!(fn f(&self, a: &mut Vec<u8>, b: Opening<Vec<u8>>) -> Result<Vec<u8>, Self::Other>);
        assert_eq!(resolved(sig, &parse_quote!(Vec<u8>)), expected);
    }
}
