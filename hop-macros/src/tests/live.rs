//! WebSocket and event-stream routes: what they become, and what is said when they are wrong.
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{check_errors, source};

/// What the generated impl of `EventHandler` holds.
fn handler(args: TokenStream, item: TokenStream) -> String {
    let source = source(args, item);
    let start = source.find("    impl __hop::EventHandler").expect("an impl");
    let end = source.rfind("\n    }\n};").expect("its end");
    let inside = source[start..end].lines().skip(1);
    inside.map(|line| line.strip_prefix("        ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// The lines from the one that holds `fn name(` to the end of that function.
fn function(handler: &str, name: &str) -> String {
    let start = handler.find(&format!("fn {name}(")).expect("the function");
    let end = start + handler[start..].find("\n}").map_or(handler.len() - start, |end| end + 2);
    handler[start..end].to_owned()
}

#[test]
fn a_function_with_a_web_socket_keeps_what_it_extracts() {
    let expected = "\
type Conn = (Path<u32>, State<S>);
const CALLBACKS: __hop::Callbacks = __hop::Callbacks::WEB_SOCKET;
fn on_ws_open(
    &self,
    port: &mut __hop::WebSocket<'_>,
    request: &__hop::Request<'_>,
) -> __hop::Result<Self::Conn, __hop::Response> {
    let a2 = match <Path<u32> as __hop::FromRequest<'_>>::from_request(request) {
        __hop::Ok(value) => value,
        __hop::Err(rejection) => {
            return __hop::Err(__hop::IntoResponse::into_response(rejection));
        }
    };
    let a3 = match <State<S> as __hop::FromRequest<'_>>::from_request(request) {
        __hop::Ok(value) => value,
        __hop::Err(rejection) => {
            return __hop::Err(__hop::IntoResponse::into_response(rejection));
        }
    };
    __hop::Ok((a2, a3))
}
fn on_ws_message(
    &self,
    port: &mut __hop::WebSocket<'_>,
    conn: &mut Self::Conn,
    given: __hop::Message<'_>,
) {
    let a1 = match <&str as __hop::FromMessage<'_>>::from_message(given) {
        __hop::Ok(value) => value,
        __hop::Err(error) => return __hop::misfit(self, port, conn, &error),
    };
    let a2 = <Path<u32> as __hop::Clone>::clone(&conn.0);
    let a3 = <State<S> as __hop::Clone>::clone(&conn.1);
    f(port, a1, a2, a3);
}";
    let item = quote! { fn f(ws: &mut WebSocket<'_>, text: &str, a: Path<u32>, s: State<S>) {} };
    assert_eq!(handler(quote!("/{a}"), item), expected);
}

#[test]
fn a_function_with_a_period_ticks_and_its_event_is_sent() {
    let returns = handler(quote!("/", every = "1s"), quote! { fn f(s: State<S>) -> Event {} });
    let expected = "\
fn on_sse_tick(&self, port: &mut __hop::EventStream<'_>, conn: &mut Self::Conn) {
    let a0 = <State<S> as __hop::Clone>::clone(&conn.0);
    let event = f(a0);
    <Event as __hop::Tick>::send(event, port);
}";
    assert_eq!(function(&returns, "on_sse_tick"), expected);
    assert!(returns.contains("type Conn = (State<S>,);") && returns.contains("Callbacks::EVENT_STREAM;"), "{returns}");
    let sends = handler(quote!("/", every = "1s"), quote! { fn f(stream: &mut EventStream<'_>) {} });
    assert!(function(&sends, "on_sse_tick").ends_with("{\n    f(port);\n}"), "{sends}");
}

#[test]
fn keys_are_set_in_a_function_pointer() {
    let item = quote! { fn f(ws: &mut WebSocket<'_>) {} };
    let expanded = source(quote!("/", idle = "60s", origin = ["https://a", "https://b"]), item);
    for part in [
        ".live(|live| {",
        "live.idle = __hop::Duration::from_millis(60000u64);",
        "live.origin = __hop::origins(&[\"https://a\", \"https://b\"]);",
    ] {
        assert!(expanded.contains(part), "{part} in {expanded}");
    }
}

#[test]
fn a_block_has_one_method_for_each_callback_and_opens_by_default() {
    let expected = "\
type Conn = Member;
const CALLBACKS: __hop::Callbacks = __hop::Callbacks::REQUEST
    .and(__hop::Callbacks::WEB_SOCKET);
fn on_request(
    &self,
    request: &__hop::Request<'_>,
    reply: __hop::Reply<'_>,
) -> __hop::Replied {
    let answer = Self::on_request(self);
    <() as __hop::IntoResponse>::reply(answer, reply)
}
fn on_ws_open(
    &self,
    port: &mut __hop::WebSocket<'_>,
    request: &__hop::Request<'_>,
) -> __hop::Result<Self::Conn, __hop::Response> {
    __hop::Ok(<Member as __hop::Default>::default())
}
fn on_ws_pong(
    &self,
    port: &mut __hop::WebSocket<'_>,
    conn: &mut Self::Conn,
    given: &[u8],
) {
    Self::on_ws_pong(self, conn, given);
}
fn on_ws_close(&self, conn: Self::Conn, given: __hop::CloseReason) {
    Self::on_ws_close(self, given, conn);
}";
    let block = quote! {
        impl Chat {
            type Conn = Member;
            fn on_ws_pong(&self, me: &mut Member, payload: &[u8]) {}
            fn on_request(&self) {}
            fn on_ws_close(&self, why: CloseReason, me: Member) {}
        }
    };
    let generated = handler(quote!("/"), block);
    for part in ["fn on_request", "fn on_ws_open", "fn on_ws_pong", "fn on_ws_close"] {
        let name = part.trim_start_matches("fn ");
        assert_eq!(function(&generated, name), function(expected, name));
    }
    assert!(generated.starts_with(&expected[..expected.find("fn on_request").expect("it is there")]), "{generated}");
}

fn opening(args: TokenStream, method: TokenStream) -> String {
    handler(args, quote!(impl Chat { type Conn = Member; #method }))
}

#[test]
fn an_open_decides_at_once() {
    let generated = opening(quote!("/"), quote! { fn on_ws_open(&self, a: A, ws: &mut WebSocket<'_>) -> Member {} });
    let call = ">>::opened(Self::on_ws_open(self, a0, port))";
    assert!(generated.contains(call), "{generated}");
    let nothing = opening(quote!("/"), quote! { fn on_sse_open(&self) {} });
    assert!(
        nothing.contains("Self::on_sse_open(self);\n        __hop::Ok(<Member as __hop::Default>::default())"),
        "{nothing}"
    );
    let opaque = opening(quote!("/"), quote! { fn on_ws_open(&self) -> Result<Member, impl IntoResponse> {} });
    assert!(opaque.contains("__hop::Opened::<Self::Conn>::opened(Self::on_ws_open(self))"), "{opaque}");
}

#[test]
fn an_open_decides_in_a_future() {
    let expected = "\
fn on_ws_opening(
    this: &__hop::Arc<Self>,
    request: &__hop::Request<'_>,
    opener: __hop::Opener<'_, Self::Conn>,
) -> __hop::Replied {
    let a1 = match <A as __hop::FromRequest<'_>>::from_request(request) {
        __hop::Ok(value) => value,
        __hop::Err(rejection) => return opener.refuse(rejection),
    };
    let this = __hop::Arc::clone(this);
    opener
        .future(move |mut opening| async move {
            let opened = <Member as __hop::Opened<
                Self::Conn,
            >>::opened(Self::on_ws_open(&this, &mut opening, a1).await);
            opening.decided(opened)
        })
}";
    let method = quote! { async fn on_ws_open(&self, opening: &mut Opening<Member>, a: A) -> Member {} };
    assert_eq!(function(&opening(quote!("/"), method), "on_ws_opening"), expected);
}

#[test]
fn an_open_decides_on_the_pool() {
    let method = quote! { fn on_sse_open(&self, opening: &mut Opening<Member>, a: A) -> Member {} };
    let generated = opening(quote!("/", blocking), method);
    let order = [
        "fn on_sse_opening(",
        "let this = __hop::Arc::clone(this);",
        ".blocking(move |mut opening, request| {",
        "<A as __hop::FromRequest<'_>>::from_request(request)",
        "__hop::Err(__hop::IntoResponse::into_response(rejection))",
        "Self::on_sse_open(&this, &mut opening, a1)",
        "opening.decided(opened)",
    ];
    let mut rest = generated.as_str();
    for part in order {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part} in {rest}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn an_open_decides_later() {
    let method = quote! { fn on_ws_open(&self, a: A, opening: Opening<Member>) {} };
    let generated = opening(quote!("/"), method);
    let expected = "let (opening, replied) = opener.defer();\n    Self::on_ws_open(this, a0, opening);\n    replied\n}";
    assert!(generated.ends_with(expected), "{generated}");
}

#[test]
fn a_callback_generates_few_lines() {
    let ws = "ws_open ws_message ws_drain ws_close ws_pong ws_tick ws_error".split(' ');
    for name in ws.chain("sse_open sse_tick sse_drain sse_close".split(' ')) {
        let name = format_ident!("on_{name}");
        let lines = |item| handler(quote!("/", every = "1s"), item).lines().count();
        let alone = lines(quote!(impl Chat { fn on_ws_tick(&self) {} fn on_sse_tick(&self) {} }));
        if name != "on_ws_tick" && name != "on_sse_tick" {
            let more = lines(quote!(impl Chat { fn on_ws_tick(&self) {} fn on_sse_tick(&self) {} fn #name(&self) {} }));
            assert!(more - alone <= 8, "{name}: {more} lines after {alone}");
        }
    }
}

#[test]
fn everything_of_an_open_is_needed_by_its_route() {
    let block = quote! {
        impl Chat {
            fn on_request(&self, a: A) {}
            fn on_ws_open(&self, ws: &mut WebSocket<'_>, b: B) {}
            fn on_ws_message(&self, ws: &mut WebSocket<'_>, c: C) {}
            fn on_sse_open(&self, d: D) {}
        }
    };
    let expanded = source(quote!("/"), block);
    for (ty, is_needed) in [("A", true), ("B", true), ("C", false), ("D", true)] {
        let needs = format!(".needs(<{ty} as __hop::FromRequest<'_>>::needs)");
        assert_eq!(expanded.contains(&needs), is_needed, "{ty} in {expanded}");
    }
}

#[test]
fn the_usual_message_type_is_the_message() {
    let cases = [
        (quote!(ws: &mut WebSocket<'_>, user: User, text: &str), "this function takes"),
        (quote!(ws: &mut WebSocket<'_>, text: Upper, user: User), "this function takes"),
        (quote!(peer: Peer, ws: &mut WebSocket<'_>, text: Upper), "this function takes"),
        (quote!(s: StateRef<'_, S>, ws: &mut WebSocket<'_>), "this function takes"),
        (quote!(ws: &mut WebSocket<'_>, p: Path<&str>), "expected an owned type"),
    ];
    for (arguments, expected) in cases {
        check_errors(quote!("/{p}"), quote!(fn f(#arguments) {}), &[expected]);
    }
}

#[test]
fn what_looks_unusual_in_a_block_passes() {
    let cases = [
        quote! { type Conn = std::vec::Vec<u8>; fn on_ws_drain(&self, me: &mut std::vec::Vec<u8>) {} },
        quote! { type Conn = (u8, u8); fn on_ws_close(&self, me: (u8, u8)) {} },
        quote! { fn on_ws_message(&self, me: &mut (), ws: &mut hop::WebSocket<'_>, text: &Text) {} },
        quote! { fn on_ws_close(&self) -> () {} },
        quote! { fn on_sse_open(&self, body: Json<Filter>, stream: &mut EventStream<'_>) {} },
    ];
    for members in cases {
        check_errors(quote!(GET, POST, "/", overflow = close), quote!(impl Chat { #members }), &[]);
    }
}
