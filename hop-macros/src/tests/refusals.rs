//! Functions and blocks that are written wrongly: what is said, and what is kept of them.
use proc_macro2::TokenStream;
use quote::quote;

use super::{check_errors, source};
use crate::expand_route;

#[test]
fn a_refused_function_says_what_was_expected() {
    let cases: Vec<(TokenStream, TokenStream, &[&str])> = vec![
        (quote!("/"), quote! { struct S; }, &["expected a function or an `impl` block"]),
        (quote!("x"), quote! { mod m {} }, &["starts with `/`", "expected a function or an `impl` block"]),
        (quote!("/"), quote! { fn f(&self) {} }, &["a route function has no `self`"]),
        (quote!("/"), quote! { fn f<T>() {} }, &["expected concrete types"]),
        (quote!("/"), quote! { fn f<'a, T, const N: usize>(a: &'a str) {} }, &["expected concrete types"]),
        (quote!("/"), quote! { fn f(a: impl Sized) {} }, &["hop must know what to extract"]),
        (quote!("/"), quote! { unsafe fn f() {} }, &["expected a safe function"]),
        (quote!("/"), quote! { extern "C" fn f() {} }, &["without `extern`"]),
        (
            quote!("/"),
            quote! { unsafe extern "C" fn f(a: u8, ...) {} },
            &["a safe", "without `extern`", "a fixed number"],
        ),
        (quote!("/"), quote! { #[route("/x")] fn f() {} }, &["a second #[route(…)]"]),
        (quote!("/", blocking), quote! { async fn f() {} }, &["expected one of the two"]),
        (quote!("/"), quote! { async fn f(out: Responder) {} }, &["a `Responder` answers later by itself"]),
        (quote!("/", blocking), quote! { fn f(out: Responder) {} }, &["expected no `Responder`"]),
        (quote!("/"), quote! { fn f(out: Responder) -> String {} }, &["expected no return type"]),
        (quote!("/"), quote! { fn f(a: Responder, b: Responder) {} }, &["a second `Responder`"]),
        (quote!("/"), quote! { fn f(r: Request<'_>) {} }, &["expected `&Request<'_>`"]),
        (quote!("/"), quote! { fn f(r: &mut Request<'_>) {} }, &["a request cannot be changed"]),
        (quote!("/"), quote! { async fn f(r: &Request<'_>) {} }, &["a future outlives the request"]),
        (quote!("/"), quote! { async fn f(b: &[u8]) {} }, &["expected an owned type"]),
        (
            quote!("/{a}"),
            quote! { async fn f(Path(a): Path<&str>, b: &str) {} },
            &["expected an owned type", "expected an owned type"],
        ),
        (
            quote!("/"),
            quote! { fn f(a: Json<A>, b: Body, c: Option<Bytes>, d: Body) {} },
            &["`Body` is the body as it comes", "nothing is kept", "one of the two"],
        ),
        (quote!("/"), quote! { fn f(a: Path<u32>) {} }, &["the path has no parameter to take"]),
        (
            quote!("/{a}"),
            quote! { fn f(a: Path<(u32, u32)>) {} },
            &["the path has 1 parameter, `{a}`, and this takes 2: expected `Path<T>`"],
        ),
        (
            quote!("/{a}/{b}"),
            quote! { fn f(a: Path<u32>) {} },
            &["the path has 2 parameters, `{a}`, `{b}`, and this takes 1: expected `Path<(_, _)>`"],
        ),
        (quote!("/{a}/{b}"), quote! { fn f(a: Option<Path<&str>>) {} }, &["and this takes 1"]),
        (
            quote!(get, "/{a}"),
            quote! { async fn f(a: Path<()>, out: Responder) {} },
            &["`GET`", "answers later by itself", "takes 0"],
        ),
    ];
    for (args, item, expected) in cases {
        check_errors(args, item, expected);
    }
}

#[test]
fn a_refused_block_says_what_was_expected() {
    let cases: Vec<(TokenStream, &[&str])> = vec![
        (quote!(impl Chat {}), &["expected a callback in this block"]),
        (quote!(impl Chat { fn helper(&self) {} }), &["expected a callback in this block"]),
        (
            quote!(impl hop::EventHandler for Chat { fn on_request(&self) {} }),
            &["expected an `impl` block without a trait"],
        ),
        (quote!(unsafe impl Chat {}), &["expected a plain `impl` block"]),
        (quote!(impl Chat { fn on_request() {} }), &["expected `&self` as the first argument"]),
        (quote!(impl Chat { fn on_request(&mut self) {} }), &["expected `&self`: one value serves all workers"]),
        (quote!(impl Chat { fn on_request(self) {} }), &["expected `&self`: one value serves all workers"]),
        (quote!(impl Chat { fn on_request(self: Arc<Self>) {} }), &["expected `&self`: one value serves all workers"]),
        (quote!(impl Chat { fn on_requst(&self) {} }), &["`on_requst` is not a callback; did you mean `on_request`?"]),
        (quote!(impl Chat { fn on_message(&self) {} }), &["did you mean `on_ws_message`?"]),
        (
            quote!(impl Chat { fn on_connection_upgrade(&self) {} }),
            &["expected another name for a method of your own, or one of on_request,"],
        ),
        (quote!(impl Chat { #[cfg(unix)] fn on_request(&self) {} }), &["expected #[cfg] on the whole `impl` block"]),
        (quote!(impl Chat { type Conn = A; type Conn = B; fn on_request(&self) {} }), &["`Conn` is defined twice"]),
        (quote! { #[hop::route("/x")] impl Chat { fn on_request(&self) {} } }, &["a second #[route(…)]"]),
        (
            quote!(impl Chat { async fn on_request(&self, b: &str) {} fn on_x(&self) {} }),
            &["an owned type", "`on_x` is not"],
        ),
    ];
    for (item, expected) in cases {
        check_errors(quote!("/"), item, expected);
    }
}

#[test]
fn what_looks_unusual_and_is_right_passes() {
    let cases = [
        (quote!("/{a}/{b}"), quote! { fn f(Path((a, b)): Path<(u32, &str)>, p: Path<Params>) {} }),
        (quote!("/"), quote! { fn f(json: Json<A>, raw: &[u8]) {} }),
        (quote!("/"), quote! { async fn f(a: State<&'static str>) {} }),
        (quote!("/", blocking), quote! { fn f(a: &str) -> &str {} }),
        (quote!("/"), quote! { fn f(out: Responder) -> () {} }),
        (quote!("/"), quote! { const fn f() -> &'static str { "x" } }),
        (quote!("/"), quote!(impl Chat { pub fn on_request(self: &Self) {} const ON: u8 = 1; })),
    ];
    for (args, item) in cases {
        check_errors(args, item, &[]);
    }
}

#[test]
fn a_refused_function_is_kept_with_a_handler_that_routes_can_name() {
    let expanded = source(quote!("x"), quote! { pub fn f(a: Unknown) -> u8 { a.half_writ } });
    for part in [
        "pub fn f(a: Unknown) -> u8 {",
        "compile_error!",
        "pub struct f {}",
        "impl __hop::Route for f",
        "impl __hop::EventHandler for f",
    ] {
        assert!(expanded.contains(part), "{part} in {expanded}");
    }
    assert!(!expanded.contains("<Unknown as"), "{expanded}");
}

#[test]
fn a_refused_block_is_kept_without_conn() {
    let expanded =
        source(quote!("x"), quote!(impl Chat { type Conn = Member; fn on_request(&self) {} fn helper(&self) {} }));
    let kept = &expanded[..expanded.find("compile_error").expect("an error")];
    assert!(kept.contains("fn helper") && kept.contains("fn on_request") && !kept.contains("Conn"), "{kept}");
    assert!(expanded.contains("type Conn = Member;"), "{expanded}");
}

#[test]
fn where_a_handler_cannot_stand_the_item_is_kept_alone() {
    for item in [quote! { fn f(&self) {} }, quote!(impl Tr for Chat { fn on_request(&self) {} }), quote! { struct S; }]
    {
        let expanded = expand_route(quote!("/"), item.clone()).to_string();
        assert!(expanded.starts_with(&item.to_string()), "{expanded}");
        assert!(expanded.contains("compile_error") && !expanded.contains("__hop"), "{expanded}");
    }
}
