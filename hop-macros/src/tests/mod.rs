//! Whole routes through the macro as token streams: what they become, and what is said when they are wrong.
use proc_macro2::TokenStream;

use crate::expand_route;

mod blocks;
mod functions;
mod live;
mod refusals;

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

/// What is refused in `#[route(args)] item`: a part of each message, in order.
fn check_errors(args: TokenStream, item: TokenStream, expected: &[&str]) {
    let route = format!("#[route({args})] {item}");
    let errors = errors(args, item);
    assert_eq!(errors.len(), expected.len(), "{route}: {errors:?}");
    for (error, part) in errors.iter().zip(expected) {
        assert!(error.contains(part), "{route}: expected {part:?} in {error:?}");
    }
}
