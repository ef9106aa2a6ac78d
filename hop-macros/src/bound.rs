//! A trait's function called on a type as the user wrote it, so that a missing impl is reported under that type.
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Type;

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
