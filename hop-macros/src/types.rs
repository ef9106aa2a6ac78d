//! What can be told about an argument from its type as written: macros see names, not types, and a renamed import is another name.
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, Ident, PathArguments, PathSegment, Type, TypeReference};

/// Types of which one value is parsed from one path parameter.
const SCALARS: [&str; 19] = [
    "str", "String", "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
    "isize", "f32", "f64", "Cow",
];

/// Extractors that take the body of the request.
const BODIES: [&str; 5] = ["Json", "Form", "Bytes", "String", "Body"];

/// The last name in the path of `ty`: `Json` of `hop::Json<Item>`; `None` for anything but a path.
pub(crate) fn name(ty: &Type) -> Option<&Ident> {
    last_segment(ty).map(|segment| &segment.ident)
}

/// Whether `ty` is a path that ends in `expected`.
pub(crate) fn is_named(ty: &Type, expected: &str) -> bool {
    name(ty).is_some_and(|name| name == expected)
}

/// The reference that `ty` is, if it is one.
pub(crate) fn as_reference(ty: &Type) -> Option<&TypeReference> {
    match open(ty) {
        Type::Reference(reference) => Some(reference),
        _ => None,
    }
}

/// Whether `ty` is a reference to the request.
pub(crate) fn is_request(ty: &Type) -> bool {
    as_reference(ty).is_some_and(|reference| is_named(&reference.elem, "Request"))
}

/// The first token of `ty`.
pub(crate) fn first(ty: &Type) -> Span {
    ty.to_token_stream().into_iter().next().map_or_else(Span::call_site, |token| token.span())
}

/// Whether `ty` is a reference to a type of this name, or that type itself.
pub(crate) fn is_or_lends(ty: &Type, expected: &str) -> bool {
    is_named(as_reference(ty).map_or(ty, |reference| &reference.elem), expected)
}

/// Whether `ty` is `&` of a type of this name.
pub(crate) fn lends(ty: &Type, expected: &str) -> bool {
    as_reference(ty).is_some_and(|reference| reference.mutability.is_none() && is_named(&reference.elem, expected))
}

/// Whether `ty` is `&mut` something.
pub(crate) fn is_mutable(ty: &Type) -> bool {
    as_reference(ty).is_some_and(|reference| reference.mutability.is_some())
}

/// Whether `ty` is `&[u8]`.
pub(crate) fn is_bytes(ty: &Type) -> bool {
    let elem =
        as_reference(ty).filter(|reference| reference.mutability.is_none()).map(|reference| open(&reference.elem));
    matches!(elem, Some(Type::Slice(slice)) if is_named(&slice.elem, "u8"))
}

/// `ty` as it would be written in a message.
pub(crate) fn written(ty: &Type) -> String {
    let tokens = ty.to_token_stream().to_string();
    let pairs = [(" < ", "<"), (" >", ">"), (" :: ", "::"), (" ,", ","), ("& ", "&"), ("( ", "("), (" )", ")")];
    pairs.iter().fold(tokens, |text, (spaced, plain)| text.replace(spaced, plain))
}

/// The extractor that does the work: `Json<T>` of `Option<Json<T>>` or `Result<Json<T>, E>`.
pub(crate) fn extractor(ty: &Type) -> &Type {
    match last_segment(ty) {
        Some(segment) if segment.ident == "Option" || segment.ident == "Result" => {
            first_argument(segment).map_or(ty, extractor)
        }
        _ => ty,
    }
}

/// The name of the body extractor that `ty` is, if it is one.
pub(crate) fn body(ty: &Type) -> Option<&Ident> {
    name(extractor(ty)).filter(|name| BODIES.iter().any(|body| *name == body))
}

/// What stands between the angle brackets of `Path<T>`, if `ty` is one.
pub(crate) fn path_argument(ty: &Type) -> Option<&Type> {
    let segment = last_segment(extractor(ty)).filter(|segment| segment.ident == "Path")?;
    first_argument(segment)
}

/// How many path parameters `ty` takes, where that can be seen: the elements of a tuple, or one for a plain value.
pub(crate) fn arity(ty: &Type) -> Option<usize> {
    match open(ty) {
        Type::Tuple(tuple) => Some(tuple.elems.len()),
        Type::Reference(reference) => arity(&reference.elem),
        other => name(other).filter(|name| SCALARS.iter().any(|scalar| *name == scalar)).map(|_| 1),
    }
}

/// Whether `ty` can be written outside a signature: it is not `!`, and there is no `impl Trait` in it.
pub(crate) fn is_nameable(ty: &Type) -> bool {
    fn is_plain(tokens: TokenStream) -> bool {
        tokens.into_iter().all(|token| match token {
            TokenTree::Group(group) => is_plain(group.stream()),
            TokenTree::Ident(word) => word != "impl",
            _ => true,
        })
    }
    !matches!(open(ty), Type::Never(_)) && is_plain(ty.to_token_stream())
}

/// Where `ty` visibly borrows from the request: at the first `&` or lifetime that is not `'static`.
pub(crate) fn borrow(ty: &Type) -> Option<Span> {
    borrow_in(ty.to_token_stream())
}

fn borrow_in(tokens: TokenStream) -> Option<Span> {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let found = match token {
            TokenTree::Group(group) => borrow_in(group.stream()),
            TokenTree::Punct(punct) if punct.as_char() == '&' => (!is_lifetime(tokens.peek())).then(|| punct.span()),
            TokenTree::Punct(punct) if punct.as_char() == '\'' => (!is_static(tokens.next())).then(|| punct.span()),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Whether a lifetime begins here; it decides for the `&` before it.
fn is_lifetime(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == '\'')
}

/// Whether the name of a lifetime is `static`.
fn is_static(token: Option<TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Ident(name)) if name == "static")
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match open(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

fn first_argument(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Strips parentheses and the invisible groups of `macro_rules!`.
pub(crate) fn open(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => open(&group.elem),
        Type::Paren(paren) => open(&paren.elem),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse_quote;

    use super::*;

    #[test]
    fn the_last_segment_names_a_type() {
        assert!(is_named(&parse_quote!(Responder), "Responder"));
        assert!(is_named(&parse_quote!(hop::Responder), "Responder"));
        assert!(!is_named(&parse_quote!(Vec<Responder>), "Responder"));
        assert!(!is_named(&parse_quote!((Responder,)), "Responder"));
    }

    #[test]
    fn body_extractors_are_seen_through_option_and_result() {
        for ty in [
            parse_quote!(Json<T>),
            parse_quote!(hop::Form<T>),
            parse_quote!(Option<Bytes>),
            parse_quote!(Result<Json<T>, E>),
        ] {
            assert!(body(&ty).is_some(), "{}", quote!(#ty));
        }
        for ty in [parse_quote!(Path<String>), parse_quote!(&[u8]), parse_quote!(&str), parse_quote!(State<Json<T>>)] {
            assert!(body(&ty).is_none(), "{}", quote!(#ty));
        }
    }

    #[test]
    fn arity_is_known_for_tuples_and_plain_values_only() {
        let cases: [(Type, Option<usize>); 8] = [
            (parse_quote!(u32), Some(1)),
            (parse_quote!(&str), Some(1)),
            (parse_quote!(std::string::String), Some(1)),
            (parse_quote!(Cow<'_, str>), Some(1)),
            (parse_quote!(()), Some(0)),
            (parse_quote!((u32, &str)), Some(2)),
            (parse_quote!(Item), None),
            (parse_quote!([u32; 2]), None),
        ];
        for (ty, expected) in cases {
            assert_eq!(arity(&ty), expected, "{}", quote!(#ty));
        }
    }

    #[test]
    fn borrows_are_seen_wherever_they_stand() {
        for ty in [
            parse_quote!(&str),
            parse_quote!(&'a [u8]),
            parse_quote!(Path<&str>),
            parse_quote!(Path<(u32, &str)>),
            parse_quote!(Option<Header<'_>>),
            parse_quote!(Cow<'a, str>),
        ] {
            assert!(borrow(&ty).is_some(), "{}", quote!(#ty));
        }
        for ty in [
            parse_quote!(String),
            parse_quote!(State<&'static Db>),
            parse_quote!(Cow<'static, str>),
            parse_quote!(Path<(u8, u8)>),
        ] {
            assert!(borrow(&ty).is_none(), "{}", quote!(#ty));
        }
    }
}
