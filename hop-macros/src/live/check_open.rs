//! The rules for the callbacks in which connections open.
use proc_macro2::Span;
use syn::Type;

use crate::args::Args;
use crate::callback::Side;
use crate::check_extracted;
use crate::errors::Errors;
use crate::item::Method;
use crate::live::open::Form;
use crate::live::role::Role;
use crate::live::rules;
use crate::types;

/// Checks `on_ws_open` or `on_sse_open`.
pub(crate) fn open(side: Side, method: &Method, roles: &[Role<'_>], args: &Args, errors: &mut Errors) {
    let form = Form::of(method, args);
    one_form(method, form, args.blocking, errors);
    if form == Form::AtOnce {
        rules::port(roles, side, errors);
    }
    for role in roles {
        argument(role, side, form, errors);
    }
    let openings = roles.iter().filter(|role| matches!(role, Role::Opening(_)));
    for second in openings.skip(1) {
        errors.on(second.ty(), "a second `Opening`: expected one, as there is one connection");
    }
    check_extracted::path_parameters(method, args, errors);
}

/// Only one way to decide.
fn one_form(method: &Method, form: Form, blocking: Option<Span>, errors: &mut Errors) {
    if let (Some(_), Some(blocking)) = (method.sig.asyncness, blocking) {
        let message =
            "`blocking` runs plain functions on the pool, and there is an `async` one: expected one of the two";
        return errors.at(blocking, message);
    }
    if form != Form::Deferred {
        return;
    }
    if let Some(asyncness) = method.sig.asyncness {
        errors.on(asyncness, "an `Opening` by value decides later by itself: expected a plain `fn`, or `&mut Opening`");
    }
    if let Some(blocking) = blocking {
        errors.at(blocking, "an `Opening` by value decides later by itself: expected no `blocking`, or `&mut Opening`");
    }
    if let Some(output) = method.output() {
        errors
            .on(output, "what is decided goes through the `Opening`, by `accept` or `refuse`: expected no return type");
    }
}

fn argument(role: &Role<'_>, side: Side, form: Form, errors: &mut Errors) {
    match role {
        Role::Port(ty) if form != Form::AtOnce => errors.on(ty, "the connection is not there yet while this runs: expected `&mut Opening<_>`, with the `Conn` of this block between the brackets, which can do the same"),
        Role::Opening(ty) => opening(ty, side, form, errors),
        Role::Stray(ty) => errors.on(ty, stray(side, form)),
        Role::Extractor(ty) => extractor(ty, side, form, errors),
        _ => {}
    }
}

fn opening(ty: &Type, side: Side, form: Form, errors: &mut Errors) {
    let port = side.port();
    match form {
        Form::AtOnce => errors.on(ty, format!("this decides at once: expected `&mut {port}<'_>`; `&mut Opening` is for an `async fn` or for `blocking`, `Opening` to decide later")),
        Form::Deferred => {}
        Form::Future | Form::Blocking if !types::is_mutable(ty) => errors.on(ty, "expected `&mut Opening<_>`, to which all is said before it opens"),
        Form::Future | Form::Blocking => {}
    }
}

fn stray(side: Side, form: Form) -> String {
    let port = if form == Form::AtOnce { format!("&mut {}<'_>", side.port()) } else { "&mut Opening<_>".to_owned() };
    format!(
        "there is no state to change before the connection is open: expected `{port}`, which is told by its own name, and extractors; what this returns becomes the state"
    )
}

fn extractor(ty: &Type, side: Side, form: Form, errors: &mut Errors) {
    if types::is_named(ty, "Responder") {
        return errors
            .on(ty, "what opens a connection answers by what it returns: expected `Opening<_>` to decide later");
    }
    if let (Side::Socket, Some(body)) = (side, types::body(ty)) {
        return errors.on(
            body,
            "a WebSocket's handshake has no body: expected extractors of its head, such as `Path`, `Query` or `Header`",
        );
    }
    check_extracted::extractor(ty, errors);
    if form == Form::Future {
        check_extracted::owned(ty, errors);
    }
}
