//! The keys of the attribute that are about WebSockets and event streams: how their values are written, and what they set.
use proc_macro2::{Delimiter, Ident, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::LitStr;

use crate::errors::{Errors, did_you_mean};
use crate::names::{local, site};
use crate::units;

/// All of these keys.
pub(crate) const KEYS: [&str; 9] =
    ["every", "idle", "ping", "keep_alive", "max_message", "queue", "overflow", "origin", "compress"];

/// A key that is given, and the statement that it becomes; without one where its value was faulty.
pub(crate) struct Setting {
    pub(crate) key: Ident,
    pub(crate) change: Option<TokenStream>,
}

/// Reads the value of one of [`KEYS`].
pub(crate) fn read(key: &Ident, value: TokenStream, errors: &mut Errors) -> Setting {
    let name = key.to_string();
    let change = match name.as_str() {
        "every" => {
            duration(key, value, "1s", errors).map(|every| quote_spanned!(site()=> live.every = __hop::Some(#every);))
        }
        "idle" => duration(key, value, "60s", errors).map(|idle| quote_spanned!(site()=> live.idle = #idle;)),
        "ping" => duration(key, value, "20s", errors).map(|ping| quote_spanned!(site()=> live.ping = #ping;)),
        "keep_alive" => {
            duration(key, value, "15s", errors).map(|wait| quote_spanned!(site()=> live.keep_alive = #wait;))
        }
        "max_message" => {
            bytes(key, value, "16KB", errors).map(|bytes| quote_spanned!(site()=> live.message_bytes = #bytes;))
        }
        "queue" => bytes(key, value, "256KB", errors).map(|bytes| quote_spanned!(site()=> live.queue_bytes = #bytes;)),
        "overflow" => {
            choice(key, value, &OVERFLOW, errors).map(|policy| quote_spanned!(site()=> live.overflow = #policy;))
        }
        "compress" => choice(key, value, &COMPRESS, errors).map(|how| quote_spanned!(site()=> live.compress = #how;)),
        _ => origin(key, value, errors).map(|policy| quote_spanned!(site()=> live.origin = #policy;)),
    };
    Setting { key: key.clone(), change }
}

/// Reads `"…"` by `read`; `example` shows how it is written.
pub(crate) fn quantity(
    key: &Ident,
    value: TokenStream,
    example: &str,
    read: fn(&str) -> Result<u64, String>,
    errors: &mut Errors,
) -> Option<u64> {
    let Ok(literal) = syn::parse2::<LitStr>(value.clone()) else {
        errors.on(culprit(key, value), format!("expected `{key} = \"{example}\"`"));
        return None;
    };
    read(&literal.value()).map_err(|fault| errors.on(literal, fault)).ok()
}

fn duration(key: &Ident, value: TokenStream, example: &str, errors: &mut Errors) -> Option<TokenStream> {
    let milliseconds = quantity(key, value, example, units::milliseconds, errors)?;
    Some(quote_spanned!(site()=> __hop::Duration::from_millis(#milliseconds)))
}

/// Without a suffix: it is a `usize`, whatever its width is on the machine that the route is built for.
fn bytes(key: &Ident, value: TokenStream, example: &str, errors: &mut Errors) -> Option<Literal> {
    quantity(key, value, example, units::bytes, errors).map(Literal::u64_unsuffixed)
}

/// A word that can be chosen, and the type and variant that it stands for.
type Choice = (&'static str, &'static str, &'static str);

const OVERFLOW: [Choice; 3] = [
    ("close", "Overflow", "Close"),
    ("drop_newest", "Overflow", "DropNewest"),
    ("drop_oldest", "Overflow", "DropOldest"),
];

const COMPRESS: [Choice; 3] =
    [("shared", "Compression", "Shared"), ("dedicated", "Compression", "Dedicated"), ("off", "Compression", "Off")];

fn choice(key: &Ident, value: TokenStream, choices: &[Choice], errors: &mut Errors) -> Option<TokenStream> {
    let word = syn::parse2::<Ident>(value.clone()).map(|word| word.to_string()).unwrap_or_default();
    if let Some((_, ty, variant)) = choices.iter().find(|(name, ..)| *name == word) {
        let (ty, variant) = (local(ty), local(variant));
        return Some(quote_spanned!(site()=> __hop::#ty::#variant));
    }
    let names: Vec<&str> = choices.iter().map(|(name, ..)| *name).collect();
    let near = did_you_mean(&word, names.iter().copied());
    errors.on(culprit(key, value), format!("expected `{key} = {}`{near}", names.join(" | ")));
    None
}

/// `any`, `same`, one origin, or several in brackets.
fn origin(key: &Ident, value: TokenStream, errors: &mut Errors) -> Option<TokenStream> {
    let tokens: Vec<TokenTree> = value.clone().into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(word)] if word == "any" => Some(quote_spanned!(site()=> __hop::OriginPolicy::Any)),
        [TokenTree::Ident(word)] if word == "same" => Some(quote_spanned!(site()=> __hop::OriginPolicy::Same)),
        [TokenTree::Group(list)] if list.delimiter() == Delimiter::Bracket => origins(list.stream(), errors),
        [TokenTree::Literal(_)] => origins(value, errors),
        _ => {
            let expected = "expected `origin = any`, `same`, or the origins of pages such as \"https://app.example\"";
            errors.on(culprit(key, value), expected);
            None
        }
    }
}

fn origins(list: TokenStream, errors: &mut Errors) -> Option<TokenStream> {
    let parser = syn::punctuated::Punctuated::<LitStr, syn::Token![,]>::parse_terminated;
    let Ok(origins) = syn::parse::Parser::parse2(parser, list.clone()) else {
        errors.on(list, "expected origins in quotes, such as [\"https://app.example\", \"https://other.example\"]");
        return None;
    };
    let faulty = |origin: &&LitStr| !is_origin(&origin.value());
    for origin in origins.iter().filter(faulty) {
        errors.on(
            origin,
            "expected an origin as browsers send it: scheme, host and a port that is not the usual one, such as \"https://app.example\" or \"http://localhost:3000\"",
        );
    }
    let origins = origins.iter();
    Some(quote_spanned!(site()=> __hop::origins(&[#(#origins),*])))
}

/// RFC 6454 §6.2, for the schemes that pages have.
fn is_origin(text: &str) -> bool {
    let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    authority.is_some_and(|authority| !authority.is_empty() && authority.bytes().all(plain))
}

fn culprit(key: &Ident, value: TokenStream) -> TokenStream {
    if value.is_empty() { key.to_token_stream() } else { value }
}
