//! Whole routes through the macro as token streams: what they become, and what is said when they are wrong.
use proc_macro2::TokenStream;
use quote::quote;

use crate::expand_route;

mod live;

/// The expansion as source; it must parse.
fn source(args: TokenStream, item: TokenStream) -> String {
    let file = syn::parse2(expand_route(args, item)).expect("an expansion is a list of items");
    prettyplease::unparse(&file)
}

/// What `on_request` or `on_request_shared` of the generated impl holds.
fn callback(args: TokenStream, item: TokenStream) -> String {
    let source = source(args, item);
    let generated = &source[source.find("impl __hop::EventHandler").expect("an impl")..];
    let start = generated.find("        fn on_request").expect("a callback");
    let end = start + generated[start..].find("\n        }\n").expect("its end");
    generated[start..end]
        .lines()
        .map(|line| line.strip_prefix("        ").unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
        + "\n}"
}

/// The compile errors of an expansion, in order.
fn errors(args: TokenStream, item: TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(expand_route(args, item)).expect("an expansion is a list of items");
    let messages = file.items.into_iter().filter_map(|item| match item {
        syn::Item::Macro(call) if call.mac.path.segments.last()?.ident == "compile_error" => Some(call.mac.tokens),
        _ => None,
    });
    messages.map(|message| syn::parse2::<syn::LitStr>(message).expect("a message").value()).collect()
}

#[test]
fn a_function_stays_and_gets_a_handler_beside_it() {
    let expanded = source(
        quote!(POST, "/items/{shop}", limit = "64KB", timeout = "5s"),
        quote! {
            /// Adds.
            #[cfg(unix)]
            pub(crate) fn add(Path(shop): Path<u32>, Json(item): Json<I>) -> Json<I> { Json(item) }
        },
    );
    let expected = r#"/// Adds.
#[cfg(unix)]
pub(crate) fn add(Path(shop): Path<u32>, Json(item): Json<I>) -> Json<I> {
    Json(item)
}
#[cfg(unix)]
#[doc(hidden)]
#[allow(non_camel_case_types)]
pub(crate) struct add {}
#[cfg(unix)]
const _: () = {
    use ::hop::__private as __hop;
    impl __hop::Route for add {
        fn spec(&self) -> __hop::Spec {
            __hop::Spec::new("/items/{shop}", __hop::location!())
                .method(__hop::Method::POST)
                .limit(64000u64)
                .timeout(__hop::Duration::from_millis(5000u64))
                .needs(<Path<u32> as __hop::FromRequest<'_>>::needs)
                .needs(<Json<I> as __hop::FromRequest<'_>>::needs)
        }
    }
    impl __hop::EventHandler for add {
        type Conn = ();
        const CALLBACKS: __hop::Callbacks = __hop::Callbacks::REQUEST;
        fn on_request(
            &self,
            request: &__hop::Request<'_>,
            reply: __hop::Reply<'_>,
        ) -> __hop::Replied {
            let a0 = match <Path<u32> as __hop::FromRequest<'_>>::from_request(request) {
                __hop::Ok(value) => value,
                __hop::Err(rejection) => return reply.send(rejection),
            };
            let a1 = match <Json<I> as __hop::FromRequest<'_>>::from_request(request) {
                __hop::Ok(value) => value,
                __hop::Err(rejection) => return reply.send(rejection),
            };
            let answer = add(a0, a1);
            <Json<I> as __hop::IntoResponse>::reply(answer, reply)
        }
    }
};
"#;
    assert_eq!(expanded, expected);
}

#[test]
fn a_route_generates_few_lines() {
    let item = quote!(
        fn hello(Path(name): Path<&str>) -> String {
            name.to_owned()
        }
    );
    let own = prettyplease::unparse(&syn::parse2(item.clone()).expect("a file")).lines().count();
    let lines = source(quote!("/hello/{name}"), item).lines().count() - own;
    assert!(lines <= 34, "{lines} lines, which prettyplease breaks at 89 columns; at 120 they are under 30");
}

#[test]
fn every_name_in_generated_code_is_private_to_hop() {
    let expanded = source(
        quote!("/"),
        quote!(
            fn f(a: A) {}
        ),
    );
    for crate_name in ["std::", "core::", "alloc::", " hop::"] {
        assert!(!expanded.contains(crate_name), "{crate_name} in {expanded}");
    }
    assert_eq!(expanded.matches("::hop::").count(), 1, "{expanded}");
}

#[test]
fn an_async_function_takes_its_arguments_into_a_future() {
    let expected = "\
fn on_request(
    &self,
    request: &__hop::Request<'_>,
    reply: __hop::Reply<'_>,
) -> __hop::Replied {
    let a0 = match <A as __hop::FromRequest<'_>>::from_request(request) {
        __hop::Ok(value) => value,
        __hop::Err(rejection) => return reply.send(rejection),
    };
    reply
        .future(async move {
            let answer = f(a0).await;
            <T as __hop::IntoResponse>::into_response(answer)
        })
}";
    assert_eq!(
        callback(
            quote!("/"),
            quote!(
                async fn f(a: A) -> T {}
            )
        ),
        expected
    );
}

#[test]
fn a_blocking_function_is_extracted_and_run_on_the_pool() {
    let expected = "\
fn on_request(
    &self,
    request: &__hop::Request<'_>,
    reply: __hop::Reply<'_>,
) -> __hop::Replied {
    reply
        .blocking(move |request: &__hop::Request<'_>| {
            let a0 = match <A as __hop::FromRequest<'_>>::from_request(request) {
                __hop::Ok(value) => value,
                __hop::Err(rejection) => {
                    return __hop::IntoResponse::into_response(rejection);
                }
            };
            let answer = f(a0);
            <T as __hop::IntoResponse>::into_response(answer)
        })
}";
    assert_eq!(
        callback(
            quote!("/", blocking),
            quote!(
                fn f(a: A) -> T {}
            )
        ),
        expected
    );
}

#[test]
fn a_responder_defers_once_everything_else_is_extracted() {
    let expected = "\
fn on_request(
    &self,
    request: &__hop::Request<'_>,
    reply: __hop::Reply<'_>,
) -> __hop::Replied {
    let a1 = match <A as __hop::FromRequest<'_>>::from_request(request) {
        __hop::Ok(value) => value,
        __hop::Err(rejection) => return reply.send(rejection),
    };
    let (responder, replied) = reply.defer();
    f(responder, a1);
    replied
}";
    assert_eq!(
        callback(
            quote!("/"),
            quote!(
                fn f(out: Responder, a: A) {}
            )
        ),
        expected
    );
}

#[test]
fn an_answer_without_a_name_is_told_by_the_value() {
    for output in [quote!(-> impl IntoResponse), quote!(-> Result<impl IntoResponse, E>), quote!(-> !)] {
        let generated = callback(quote!("/"), quote!(fn f() #output {}));
        assert!(generated.contains("__hop::IntoResponse::reply(answer, reply)"), "{generated}");
        assert!(!generated.contains("as __hop::IntoResponse"), "{generated}");
    }
    assert!(
        callback(
            quote!("/"),
            quote!(
                fn f() {}
            )
        )
        .contains("<() as __hop::IntoResponse>::reply(answer, reply)")
    );
}

#[test]
fn a_block_keeps_its_methods_and_gives_conn_to_the_trait() {
    let expanded = source(
        quote!(ANY, "/"),
        quote! {
            impl<T: Store> Chat<T> where T: Sync {
                type Conn = Member;
                fn on_request(&self, a: A) -> T { self.helper() }
                fn helper(&self) {}
            }
        },
    );
    let expected = "\
impl<T: Store> Chat<T>
where
    T: Sync,
{
    fn on_request(&self, a: A) -> T {
        self.helper()
    }
    fn helper(&self) {}
}
const _: () = {
    use ::hop::__private as __hop;
    impl<T: Store> __hop::Route for Chat<T>
    where
        T: Sync,
    {
        fn spec(&self) -> __hop::Spec {
            __hop::Spec::new(\"/\", __hop::location!())
                .any()
                .needs(<A as __hop::FromRequest<'_>>::needs)
        }
    }
    impl<T: Store> __hop::EventHandler for Chat<T>
    where
        T: Sync,
    {
        type Conn = Member;
        const CALLBACKS: __hop::Callbacks = __hop::Callbacks::REQUEST;
        fn on_request(
            &self,
            request: &__hop::Request<'_>,
            reply: __hop::Reply<'_>,
        ) -> __hop::Replied {
            let a0 = match <A as __hop::FromRequest<'_>>::from_request(request) {
                __hop::Ok(value) => value,
                __hop::Err(rejection) => return reply.send(rejection),
            };
            let answer = Self::on_request(self, a0);
            <T as __hop::IntoResponse>::reply(answer, reply)
        }
    }
};
";
    assert_eq!(expanded, expected);
}

#[test]
fn a_callback_that_outlives_the_call_shares_its_handler() {
    let future = callback(quote!("/"), quote!(impl Chat { async fn on_request(&self) -> T {} }));
    let blocking = callback(quote!("/", blocking), quote!(impl Chat { fn on_request(&self) -> T {} }));
    for generated in [future, blocking] {
        for part in [
            "fn on_request_shared(",
            "this: &__hop::Arc<Self>,",
            "let this = __hop::Arc::clone(this);",
            "Self::on_request(&this)",
        ] {
            assert!(generated.contains(part), "{part} in {generated}");
        }
    }
}

#[test]
fn a_deferred_callback_borrows_its_handler() {
    let generated = callback(quote!("/"), quote!(impl Chat { fn on_request(&self, out: Responder) {} }));
    assert!(generated.contains("Self::on_request(self, responder);"), "{generated}");
}

/// Everything that is refused in a function: arguments, item, and a part of each message expected, in order.
fn refused_functions() -> Vec<(TokenStream, TokenStream, &'static [&'static str])> {
    vec![
        (
            quote!("/"),
            quote!(
                struct S;
            ),
            &["expected a function or an `impl` block"],
        ),
        (
            quote!("x"),
            quote!(
                mod m {}
            ),
            &["starts with `/`", "expected a function or an `impl` block"],
        ),
        (
            quote!("/"),
            quote!(
                fn f(&self) {}
            ),
            &["a route function has no `self`"],
        ),
        (
            quote!("/"),
            quote!(
                fn f<T>() {}
            ),
            &["expected concrete types"],
        ),
        (
            quote!("/"),
            quote!(
                fn f<'a>(a: &'a str) {}
            ),
            &["`'_` for lifetimes"],
        ),
        (
            quote!("/"),
            quote!(
                fn f(a: impl Sized) {}
            ),
            &["hop must know what to extract"],
        ),
        (
            quote!("/"),
            quote!(
                unsafe fn f() {}
            ),
            &["expected a safe function"],
        ),
        (
            quote!("/"),
            quote!(
                extern "C" fn f() {}
            ),
            &["without `extern`"],
        ),
        (
            quote!("/"),
            quote!(
                unsafe extern "C" fn f(a: u8, ...) {}
            ),
            &["a safe", "without `extern`", "a fixed number"],
        ),
        (
            quote!("/"),
            quote!(
                #[route("/x")]
                fn f() {}
            ),
            &["a second #[route(…)]"],
        ),
        (
            quote!("/", blocking),
            quote!(
                async fn f() {}
            ),
            &["expected one of the two"],
        ),
        (
            quote!("/"),
            quote!(
                async fn f(out: Responder) {}
            ),
            &["a `Responder` answers later by itself"],
        ),
        (
            quote!("/", blocking),
            quote!(
                fn f(out: Responder) {}
            ),
            &["expected no `Responder`"],
        ),
        (
            quote!("/"),
            quote!(
                fn f(out: Responder) -> String {}
            ),
            &["expected no return type"],
        ),
        (
            quote!("/"),
            quote!(
                fn f(a: Responder, b: Responder) {}
            ),
            &["a second `Responder`"],
        ),
        (
            quote!("/"),
            quote!(
                fn f(r: Request<'_>) {}
            ),
            &["expected `&Request<'_>`"],
        ),
        (
            quote!("/"),
            quote!(
                fn f(r: &mut Request<'_>) {}
            ),
            &["a request cannot be changed"],
        ),
        (
            quote!("/"),
            quote!(
                async fn f(r: &Request<'_>) {}
            ),
            &["a future outlives the request"],
        ),
        (
            quote!("/"),
            quote!(
                async fn f(b: &[u8]) {}
            ),
            &["expected an owned type"],
        ),
        (
            quote!("/{a}"),
            quote!(
                async fn f(Path(a): Path<&str>, b: &str) {}
            ),
            &["expected an owned type", "expected an owned type"],
        ),
        (
            quote!("/"),
            quote!(
                fn f(a: Json<A>, b: Form<B>, c: Option<Bytes>) {}
            ),
            &["which `Json` takes", "which `Json` takes"],
        ),
        (
            quote!("/"),
            quote!(
                fn f(a: Path<u32>) {}
            ),
            &["the path has no parameter to take"],
        ),
        (
            quote!("/{a}"),
            quote!(
                fn f(a: Path<(u32, u32)>) {}
            ),
            &["the path has 1 parameter, `{a}`, and this takes 2: expected `Path<T>`"],
        ),
        (
            quote!("/{a}/{b}"),
            quote!(
                fn f(a: Path<u32>) {}
            ),
            &["the path has 2 parameters, `{a}`, `{b}`, and this takes 1: expected `Path<(_, _)>`"],
        ),
        (
            quote!("/{a}/{b}"),
            quote!(
                fn f(a: Option<Path<&str>>) {}
            ),
            &["and this takes 1"],
        ),
        (
            quote!(get, "/{a}"),
            quote!(
                async fn f(a: Path<()>, out: Responder) {}
            ),
            &["`GET`", "answers later by itself", "takes 0"],
        ),
    ]
}

#[test]
fn a_refused_function_says_what_was_expected() {
    for (args, item, expected) in refused_functions() {
        check_errors(args, item, expected);
    }
}

fn check_errors(args: TokenStream, item: TokenStream, expected: &[&str]) {
    let route = format!("#[route({args})] {item}");
    let errors = errors(args, item);
    assert_eq!(errors.len(), expected.len(), "{route}: {errors:?}");
    for (error, part) in errors.iter().zip(expected) {
        assert!(error.contains(part), "{route}: expected {part:?} in {error:?}");
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
        (
            quote!(
                #[hop::route("/x")]
                impl Chat {
                    fn on_request(&self) {}
                }
            ),
            &["a second #[route(…)]"],
        ),
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
        (
            quote!("/{a}/{b}"),
            quote!(
                fn f(Path((a, b)): Path<(u32, &str)>, p: Path<Params>) {}
            ),
        ),
        (
            quote!("/"),
            quote!(
                fn f(json: Json<A>, raw: &[u8]) {}
            ),
        ),
        (
            quote!("/"),
            quote!(
                async fn f(a: State<&'static str>) {}
            ),
        ),
        (
            quote!("/", blocking),
            quote!(
                fn f(a: &str) -> &str {}
            ),
        ),
        (
            quote!("/"),
            quote!(
                fn f(out: Responder) -> () {}
            ),
        ),
        (
            quote!("/"),
            quote!(
                const fn f() -> &'static str {
                    "x"
                }
            ),
        ),
        (quote!("/"), quote!(impl Chat { pub fn on_request(self: &Self) {} const ON: u8 = 1; })),
    ];
    for (args, item) in cases {
        check_errors(args, item, &[]);
    }
}

#[test]
fn a_refused_function_is_kept_with_a_handler_that_routes_can_name() {
    let expanded = source(
        quote!("x"),
        quote!(
            pub fn f(a: Unknown) -> u8 {
                a.half_writ
            }
        ),
    );
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
    for item in [
        quote!(
            fn f(&self) {}
        ),
        quote!(impl Tr for Chat { fn on_request(&self) {} }),
        quote!(
            struct S;
        ),
    ] {
        let expanded = expand_route(quote!("/"), item.clone()).to_string();
        assert!(expanded.starts_with(&item.to_string()), "{expanded}");
        assert!(expanded.contains("compile_error") && !expanded.contains("__hop"), "{expanded}");
    }
}
