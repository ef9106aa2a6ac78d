//! Checks of what callbacks of all kinds take from their request.

use syn::Type;

use crate::args::Args;
use crate::errors::Errors;
use crate::item::Method;
use crate::types;

/// A type that can be extracted, as far as its shape tells.
pub(crate) fn extractor(ty: &Type, errors: &mut Errors) {
    if let Type::ImplTrait(_) = ty {
        errors.on(ty, "expected a concrete type: hop must know what to extract");
    } else if types::is_named(ty, "Request") {
        errors.on(ty, "a request is lent, not given away: expected `&Request<'_>`");
    } else if types::is_request(ty) && types::as_reference(ty).is_some_and(|reference| reference.mutability.is_some()) {
        errors.on(ty, "a request cannot be changed: expected `&Request<'_>`");
    } else if types::is_mutable(ty) {
        errors.on(ty, "nothing that is extracted can be `&mut`: a WebSocket or an event stream is told by its own name, which an import must not change");
    }
}

/// A future outlives the callback, so nothing that it takes may borrow the request.
pub(crate) fn owned(ty: &Type, errors: &mut Errors) {
    if types::is_request(ty) {
        errors.on(ty, "a future outlives the request: expected owned extractors in an `async fn`, such as `Path<String>` or `Bytes`");
    } else if let Some(span) = types::borrow(ty) {
        errors.at(
            span,
            "a future outlives the request that this borrows: expected an owned type, such as `String` or `Bytes`",
        );
    }
}

/// Checks what can be seen: a type of unknown shape may take parameters by name, and those of a prefix too.
pub(crate) fn path_parameters(method: &Method, args: &Args, errors: &mut Errors) {
    let Some(params) = &args.pattern.params else { return };
    for target in method.extractors().filter_map(types::path_argument) {
        match types::arity(target) {
            Some(taken) if taken != params.len() => errors.on(target, wrong_arity(taken, params)),
            _ => {}
        }
    }
}

fn wrong_arity(taken: usize, params: &[String]) -> String {
    let names: Vec<String> = params.iter().map(|name| format!("`{{{name}}}`")).collect();
    let expected = match params {
        [] => return "the path has no parameter to take: expected one in it, such as `{name}`".to_owned(),
        [_] => "`Path<T>`".to_owned(),
        _ => format!("`Path<({})>`", vec!["_"; params.len()].join(", ")),
    };
    let (count, noun) = (params.len(), if params.len() == 1 { "parameter" } else { "parameters" });
    format!("the path has {count} {noun}, {}, and this takes {taken}: expected {expected}", names.join(", "))
}
