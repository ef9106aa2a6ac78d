//! The code that takes a callback's arguments out of a request.
use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Type;

use crate::bound::spanned_call;
use crate::names::{local, nth, site};

/// One `let` for each extractor, by its place among the arguments, in order; the first one that fails answers by `rejected`.
pub(crate) fn extracted<'i>(
    extractors: impl Iterator<Item = (usize, &'i Type)>,
    rejected: &TokenStream,
) -> TokenStream {
    let extract = |(index, ty)| {
        let (name, request) = (nth(index), local("request"));
        let value = spanned_call(
            ty,
            &quote_spanned!(site()=> FromRequest<'_>),
            "from_request",
            Some(quote_spanned!(site()=> #request)),
        );
        quote_spanned! {site()=>
            let #name = match #value { __hop::Ok(value) => value, __hop::Err(rejection) => return #rejected };
        }
    };
    extractors.map(extract).collect()
}
