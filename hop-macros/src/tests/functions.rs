//! Routes that are functions: what they become.
use quote::quote;

use super::{callback, source};

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
    let item = quote! { fn hello(Path(name): Path<&str>) -> String { name.to_owned() } };
    let own = prettyplease::unparse(&syn::parse2(item.clone()).expect("a file")).lines().count();
    let lines = source(quote!("/hello/{name}"), item).lines().count() - own;
    assert!(lines <= 34, "{lines} lines, which prettyplease breaks at 89 columns; at 120 they are under 30");
}

#[test]
fn every_name_in_generated_code_is_private_to_hop() {
    let expanded = source(quote!("/"), quote! { fn f(a: A) {} });
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
    assert_eq!(callback(quote!("/"), quote! { async fn f(a: A) -> T {} }), expected);
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
    assert_eq!(callback(quote!("/", blocking), quote! { fn f(a: A) -> T {} }), expected);
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
    assert_eq!(callback(quote!("/"), quote! { fn f(out: Responder, a: A) {} }), expected);
}

#[test]
fn an_answer_without_a_name_is_told_by_the_value() {
    for output in [quote!(-> impl IntoResponse), quote!(-> Result<impl IntoResponse, E>), quote!(-> !)] {
        let generated = callback(quote!("/"), quote!(fn f() #output {}));
        assert!(generated.contains("__hop::IntoResponse::reply(answer, reply)"), "{generated}");
        assert!(!generated.contains("as __hop::IntoResponse"), "{generated}");
    }
    assert!(callback(quote!("/"), quote! { fn f() {} }).contains("<() as __hop::IntoResponse>::reply(answer, reply)"));
}
