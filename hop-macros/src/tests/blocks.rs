//! Routes that are blocks: what they become.
use quote::quote;

use super::{callback, source};

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
