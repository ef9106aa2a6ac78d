//! Every rule about what a route may look like. Each broken one is reported on the token that broke it, with what was expected.
use syn::{Attribute, GenericParam, Ident, ReturnType, Type};

use crate::args::Args;
use crate::callback::{self, Callback};
use crate::check_extracted;
use crate::errors::Errors;
use crate::item::{Argument, Block, Method, second_route};
use crate::live;
use crate::live::kinds::{Form, Kinds};
use crate::types;

/// Checks a function route.
pub(crate) fn function(function: &Method, args: &Args, errors: &mut Errors) {
    if let Some(receiver) = function.receiver() {
        errors.on(
            receiver,
            "a route function has no `self`: put #[route(…)] on the `impl` block and name the method `on_request`",
        );
    }
    one_route(&function.attrs, errors);
    qualifiers(function, errors);
    let form = Form::of(function, args);
    match form {
        Form::Request => request(function, args, errors),
        Form::Message | Form::Tick => live::check::function(function, form, args, errors),
    }
    live::check::keys(Kinds::of_function(form), args, errors);
}

/// Checks an `impl` block.
pub(crate) fn block(block: &Block, args: &Args, errors: &mut Errors) {
    if let Some(trait_) = &block.trait_ {
        return errors.on(trait_, "#[route(…)] writes the trait impl itself: expected an `impl` block without a trait");
    }
    one_route(&block.attrs, errors);
    for second in block.conns.iter().skip(1) {
        errors.on(second, "`Conn` is defined twice: expected one type for the state of a connection");
    }
    let mut callbacks = block.methods.iter().filter(|method| callback::is_reserved(&method.sig.ident)).peekable();
    if callbacks.peek().is_none() {
        errors.on(&block.self_ty, "expected a callback in this block: `fn on_request(&self, …)`");
    }
    for method in callbacks {
        block_callback(method, block, args, errors);
    }
    live::check::block_keys(block, args, errors);
}

fn block_callback(method: &Method, block: &Block, args: &Args, errors: &mut Errors) {
    let callback = match Callback::named(&method.sig.ident) {
        Ok(callback) => callback,
        Err(fault) => return errors.on(&method.sig.ident, fault),
    };
    shared_receiver(method, errors);
    no_cfg(method, errors);
    qualifiers(method, errors);
    match callback {
        Callback::Request => request(method, args, errors),
        _ => live::check::callback(callback, method, block, args, errors),
    }
}

fn shared_receiver(method: &Method, errors: &mut Errors) {
    match method.receiver() {
        None => {
            errors.on(&method.sig.ident, "expected `&self` as the first argument: one value serves all connections")
        }
        Some(receiver) if receiver.mutability.is_some() || !is_shared(&receiver.ty) => {
            errors.on(
                receiver,
                "expected `&self`: one value serves all workers at once; keep what changes in a Mutex or an atomic",
            );
        }
        Some(_) => {}
    }
}

fn is_shared(receiver: &Type) -> bool {
    types::as_reference(receiver)
        .is_some_and(|reference| reference.mutability.is_none() && types::is_named(&reference.elem, "Self"))
}

fn no_cfg(method: &Method, errors: &mut Errors) {
    if let Some(cfg) = method.attrs.iter().find(|attribute| attribute.path().is_ident("cfg")) {
        errors.on(
            cfg,
            "which callbacks exist must be plain to see: expected #[cfg] on the whole `impl` block, above #[route(…)]",
        );
    }
}

fn one_route(attrs: &[Attribute], errors: &mut Errors) {
    if let Some(second) = second_route(attrs) {
        errors.on(second, "a second #[route(…)]: expected one; name several methods in it, or write another function that calls this one");
    }
}

/// The rules for a callback of plain requests.
fn request(method: &Method, args: &Args, errors: &mut Errors) {
    if let Some((elsewhere, message)) = method.arguments().find_map(elsewhere) {
        return errors.on(elsewhere, message);
    }
    forms(method, args, errors);
    for ty in method.extractors() {
        check_extracted::extractor(ty, errors);
        if method.sig.asyncness.is_some() {
            check_extracted::owned(ty, errors);
        }
    }
    one_body(method, errors);
    check_extracted::path_parameters(method, args, errors);
}

/// An argument that belongs to a callback of a connection, and what to say about it. A WebSocket makes a function another callback, so
/// only a block can have it in the wrong one.
fn elsewhere(argument: Argument<'_>) -> Option<(&Type, &'static str)> {
    match argument {
        Argument::Connection(ty) if types::is_or_lends(ty, "WebSocket") => {
            Some((ty, "a plain request has no WebSocket: expected it in `on_ws_open` or `on_ws_message`"))
        }
        Argument::Connection(ty) => Some((
            ty,
            "a plain request has no event stream: expected `every = \"1s\"` on a function, or an `impl` block with `on_sse_open`",
        )),
        Argument::Opening(ty) => Some((
            ty,
            "a plain request opens nothing: expected this in `on_ws_open` or `on_sse_open` of an `impl` block",
        )),
        Argument::Responder(_) | Argument::Extractor(_) => None,
    }
}

fn qualifiers(method: &Method, errors: &mut Errors) {
    let sig = &method.sig;
    if let Some(unsafety) = &sig.unsafety {
        errors.on(unsafety, "a route is called by hop, which can promise nothing: expected a safe function");
    }
    if let Some(abi) = &sig.abi {
        errors.on(abi, "expected a plain Rust function, without `extern`");
    }
    if let Some(variadic) = &sig.variadic {
        errors.on(variadic, "expected a fixed number of arguments");
    }
    if let Some(param) = sig.generics.params.iter().find(|param| !matches!(param, GenericParam::Lifetime(_))) {
        errors.on(param, "a route has no caller to choose its generics: expected concrete types");
    }
}

/// How the answer is given: at once, later, by a future or on the pool; only one of them.
fn forms(method: &Method, args: &Args, errors: &mut Errors) {
    let responder = method.responder();
    if let (Some(_), Some(blocking)) = (method.sig.asyncness, args.blocking) {
        errors.at(
            blocking,
            "`blocking` runs a plain function on the pool, and this one is `async`: expected one of the two",
        );
    }
    let Some(responder) = responder else { return };
    if let Some(asyncness) = method.sig.asyncness {
        errors.on(
            asyncness,
            "a `Responder` answers later by itself: expected a plain `fn`, or an `async fn` without a `Responder`",
        );
    }
    if args.blocking.is_some() {
        errors.on(responder, "`blocking` answers with what the function returns: expected no `Responder`");
    }
    if let ReturnType::Type(_, ty) = &method.sig.output
        && !matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty())
    {
        errors.on(ty, "the answer goes through the `Responder`: expected no return type");
    }
    for second in method.arguments().filter(|argument| matches!(argument, Argument::Responder(_))).skip(1) {
        if let Argument::Responder(second) = second {
            errors.on(second, "a second `Responder`: expected one, as there is one answer");
        }
    }
}

/// What takes the body whole may be there more than once.
fn one_body(method: &Method, errors: &mut Errors) {
    let bodies: Vec<&Ident> = method.extractors().filter_map(types::body).collect();
    let Some(streamed) = bodies.iter().position(|body| *body == "Body") else { return };
    for (_, other) in bodies.iter().enumerate().filter(|(index, _)| *index != streamed) {
        errors
            .on(other, "`Body` is the body as it comes, of which nothing is kept for others: expected one of the two");
    }
}
