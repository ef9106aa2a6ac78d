//! What stands between the parentheses of `#[route(…)]`, read by hand so that each mistake is reported on its own token.
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::Lit;

use crate::errors::{Errors, did_you_mean};
use crate::options::{self, KEYS, Setting, quantity};
use crate::path::Pattern;
use crate::units;

/// The methods that a route may name, besides `ANY`.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"];

/// What may be written with a small letter, besides the keys of WebSockets and event streams.
const WORDS: [&str; 3] = ["limit", "timeout", "blocking"];

/// The arguments of one `#[route]`. Whatever was faulty has been reported and has its default here.
pub(crate) struct Args {
    pub(crate) pattern: Pattern,
    pub(crate) methods: Methods,
    /// Largest body that the route takes, in bytes.
    pub(crate) limit_bytes: Option<u64>,
    /// Where `limit` stands, if it does.
    pub(crate) limit: Option<Span>,
    /// Longest time that an answer may take, in milliseconds.
    pub(crate) timeout_ms: Option<u64>,
    /// Where `blocking` stands, if it does.
    pub(crate) blocking: Option<Span>,
    /// What is said about WebSockets and event streams, in order.
    pub(crate) live: Vec<Setting>,
}

impl Args {
    /// The key `every`, if it is given.
    pub(crate) fn every(&self) -> Option<&Ident> {
        self.live.iter().map(|setting| &setting.key).find(|key| *key == "every")
    }
}

/// The methods that a route answers.
pub(crate) enum Methods {
    Any,
    /// At least one; GET when the attribute names none.
    Named(Vec<Ident>),
}

/// Reads all arguments; reports each mistake and goes on after the next comma.
pub(crate) fn read(tokens: TokenStream, errors: &mut Errors) -> Args {
    let mut reader = Reader {
        errors,
        pattern: None,
        methods: Vec::new(),
        seen: Vec::new(),
        limit: None,
        limit_bytes: None,
        timeout: None,
        blocking: None,
        live: Vec::new(),
    };
    for argument in split_at_commas(tokens) {
        reader.argument(&argument);
    }
    reader.finish()
}

/// The tokens between top-level commas. A trailing comma adds nothing.
fn split_at_commas(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut arguments = vec![Vec::new()];
    for token in flatten(tokens) {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => arguments.push(Vec::new()),
            _ => arguments.last_mut().expect("starts with one argument and only grows").push(token),
        }
    }
    arguments.retain(|argument| !argument.is_empty());
    arguments
}

/// Opens the invisible groups that `macro_rules!` puts around what it passes on.
fn flatten(tokens: TokenStream) -> Vec<TokenTree> {
    let open = |token: TokenTree| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => flatten(group.stream()),
        token => vec![token],
    };
    tokens.into_iter().flat_map(open).collect()
}

struct Reader<'e> {
    errors: &'e mut Errors,
    pattern: Option<Pattern>,
    methods: Vec<Ident>,
    seen: Vec<String>,
    limit: Option<Span>,
    limit_bytes: Option<u64>,
    timeout: Option<u64>,
    blocking: Option<Span>,
    live: Vec<Setting>,
}

impl Reader<'_> {
    fn argument(&mut self, tokens: &[TokenTree]) {
        match tokens {
            [TokenTree::Literal(literal)] => self.pattern(Lit::new(literal.clone())),
            [TokenTree::Ident(word)] => self.word(word),
            [TokenTree::Ident(key), TokenTree::Punct(equals), value @ ..] if equals.as_char() == '=' => {
                let value: TokenStream = value.iter().cloned().collect();
                if self.is_first(key) {
                    self.pair(key, value);
                }
            }
            [first, ..] => {
                self.pattern.get_or_insert_with(Pattern::missing);
                self.errors.on(first, "expected a method, a path such as \"/hello/{name}\", or `key = \"value\"`");
            }
            [] => unreachable!("empty arguments are dropped where the tokens are split"),
        }
    }

    fn pattern(&mut self, literal: Lit) {
        let Lit::Str(literal) = literal else {
            self.pattern.get_or_insert_with(Pattern::missing);
            return self.errors.on(literal, "expected the path in quotes, such as \"/hello/{name}\"");
        };
        if self.pattern.is_some() {
            return self.errors.on(literal, "a second path: expected one; write one function for each path");
        }
        let (pattern, fault) = Pattern::read(literal);
        if let Some(fault) = fault {
            self.errors.on(&pattern.literal, fault);
        }
        self.pattern = Some(pattern);
    }

    fn word(&mut self, word: &Ident) {
        let name = word.to_string();
        match name.as_str() {
            "ANY" => self.method(word),
            "CONNECT" => self.errors.on(word, "CONNECT names no path: such requests reach the `fallback` of the app"),
            "blocking" if self.is_first(word) => self.blocking = Some(word.span()),
            "blocking" => {}
            method if METHODS.contains(&method) => self.method(word),
            key if WORDS.contains(&key) || KEYS.contains(&key) => self.pair(word, TokenStream::new()),
            _ => self.errors.on(word, unknown_word(&name)),
        }
    }

    fn method(&mut self, method: &Ident) {
        if self.methods.contains(method) {
            return self.errors.on(method, format!("`{method}` is named twice: expected each method once"));
        }
        self.methods.push(method.clone());
    }

    fn pair(&mut self, key: &Ident, value: TokenStream) {
        match key.to_string().as_str() {
            "limit" => {
                self.limit = Some(key.span());
                self.limit_bytes = quantity(key, value, "64KB", units::bytes, self.errors);
            }
            "timeout" => self.timeout = quantity(key, value, "5s", units::milliseconds, self.errors),
            "blocking" => self.errors.on(value, "`blocking` stands alone: expected no value"),
            live if KEYS.contains(&live) => self.live.push(options::read(key, value, self.errors)),
            other => self.errors.on(key, unknown_word(other)),
        }
    }

    /// Whether `key` is new here; a second one is reported.
    fn is_first(&mut self, key: &Ident) -> bool {
        let name = key.to_string();
        let first = !self.seen.contains(&name);
        if first {
            self.seen.push(name);
        } else {
            self.errors.on(key, format!("`{key}` is given twice: expected it once"));
        }
        first
    }

    fn finish(self) -> Args {
        if self.pattern.is_none() {
            self.errors.at(Span::call_site(), "expected a path: #[route(\"/hello/{name}\")]");
        }
        Args {
            pattern: self.pattern.unwrap_or_else(Pattern::missing),
            methods: methods(self.methods, self.errors),
            limit_bytes: self.limit_bytes,
            limit: self.limit,
            timeout_ms: self.timeout,
            blocking: self.blocking,
            live: self.live,
        }
    }
}

fn methods(named: Vec<Ident>, errors: &mut Errors) -> Methods {
    let Some(any) = named.iter().find(|method| *method == "ANY") else {
        let get = || vec![Ident::new("GET", Span::call_site())];
        return Methods::Named(if named.is_empty() { get() } else { named });
    };
    if named.len() > 1 {
        errors.on(any, "`ANY` already covers the other methods: expected it alone");
    }
    Methods::Any
}

fn unknown_word(word: &str) -> String {
    let capitals = word.to_ascii_uppercase();
    if word != capitals && (capitals == "ANY" || METHODS.contains(&capitals.as_str())) {
        return format!("methods are written in capitals: expected `{capitals}`");
    }
    if word == capitals {
        let expected = METHODS.join(", ");
        return format!("unknown method `{word}`: expected {expected} or ANY{}", did_you_mean(word, METHODS));
    }
    match did_you_mean(word, WORDS.into_iter().chain(KEYS)) {
        none if none.is_empty() => {
            let live = KEYS.join("`, `");
            format!(
                "unknown key `{word}`: expected `limit`, `timeout` or `blocking`; for WebSocket and SSE also `{live}`"
            )
        }
        near => format!("unknown key `{word}`{near}"),
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn args(tokens: TokenStream) -> (Args, Vec<String>) {
        let mut errors = Errors::default();
        let args = read(tokens, &mut errors);
        (args, errors.into_error().into_iter().flatten().map(|error| error.to_string()).collect())
    }

    fn good(tokens: TokenStream) -> Args {
        let (args, errors) = args(tokens);
        assert!(errors.is_empty(), "{errors:?}");
        args
    }

    fn named(args: &Args) -> Vec<String> {
        match &args.methods {
            Methods::Any => vec!["ANY".to_owned()],
            Methods::Named(names) => names.iter().map(Ident::to_string).collect(),
        }
    }

    #[test]
    fn a_path_alone_means_get() {
        let args = good(quote!("/hello/{name}"));
        assert_eq!(named(&args), ["GET"]);
        assert_eq!(args.pattern.params, Some(vec!["name".to_owned()]));
        assert!(args.limit_bytes.is_none() && args.timeout_ms.is_none() && args.blocking.is_none());
    }

    #[test]
    fn methods_and_keys_come_in_any_order() {
        for tokens in [
            quote!(POST, PUT, "/p", limit = "64KB", timeout = "250ms", blocking),
            quote!(blocking, limit = "64KB", "/p", POST, timeout = "250ms", PUT,),
        ] {
            let args = good(tokens);
            assert_eq!(named(&args), ["POST", "PUT"]);
            assert_eq!((args.limit_bytes, args.timeout_ms), (Some(64_000), Some(250)));
            assert!(args.blocking.is_some());
        }
    }

    #[test]
    fn keys_of_connections_are_kept_in_order_with_what_they_set() {
        let args =
            good(quote!("/p", idle = "1m", every = "250ms", queue = "2KiB", overflow = drop_newest, origin = same));
        let changes: Vec<String> =
            args.live.iter().filter_map(|setting| setting.change.as_ref()).map(|change| change.to_string()).collect();
        let expected = [
            "live . idle = __hop :: Duration :: from_millis (60000u64) ;",
            "live . every = __hop :: Some (__hop :: Duration :: from_millis (250u64)) ;",
            "live . queue_bytes = 2048 ;",
            "live . overflow = __hop :: Overflow :: DropNewest ;",
            "live . origin = __hop :: OriginPolicy :: Same ;",
        ];
        assert_eq!(changes, expected);
        assert!(args.every().is_some());
    }

    #[test]
    fn any_covers_every_method() {
        assert_eq!(named(&good(quote!(ANY, "/p"))), ["ANY"]);
    }

    #[test]
    fn a_literal_passed_on_by_macro_rules_is_a_path() {
        let literal = proc_macro2::Group::new(Delimiter::None, quote!("/p"));
        assert_eq!(good(quote!(POST, #literal)).pattern.literal.value(), "/p");
    }

    #[test]
    fn each_mistake_says_what_was_expected() {
        let cases = [
            (quote!(), "expected a path"),
            (quote!(GET), "expected a path"),
            (quote!(42), "expected the path in quotes"),
            (quote!("/a", "/b"), "a second path"),
            (quote!("a"), "starts with `/`"),
            (quote!(/ hello), "expected a method, a path"),
            (quote!("/p", get), "expected `GET`"),
            (quote!("/p", Any), "expected `ANY`"),
            (quote!("/p", FETCH), "unknown method `FETCH`: expected GET, HEAD, POST"),
            (quote!("/p", PATHC), "did you mean `PATCH`?"),
            (quote!("/p", CONNECT), "reach the `fallback`"),
            (quote!("/p", GET, GET), "`GET` is named twice"),
            (quote!("/p", ANY, GET), "`ANY` already covers"),
            (quote!("/p", limt = "1KB"), "did you mean `limit`?"),
            (
                quote!("/p", colour = "red"),
                "unknown key `colour`: expected `limit`, `timeout` or `blocking`; for WebSocket and SSE also `every`",
            ),
            (quote!("/p", limit), "expected `limit = \"64KB\"`"),
            (quote!("/p", limit =), "expected `limit = \"64KB\"`"),
            (quote!("/p", limit = 1024), "expected `limit = \"64KB\"`"),
            (quote!("/p", limit = "64"), "the number needs a unit"),
            (quote!("/p", timeout = "64KB"), "`KB` is not a unit"),
            (quote!("/p", limit = "1KB", limit = "2KB"), "`limit` is given twice"),
            (quote!("/p", blocking, blocking), "`blocking` is given twice"),
            (quote!("/p", blocking = true), "`blocking` stands alone"),
            (quote!("/p", every), "expected `every = \"1s\"`"),
            (quote!("/p", queue = "1"), "the number needs a unit"),
            (quote!("/p", idle = "0s"), "longer than zero"),
            (quote!("/p", overflow = drop), "expected `overflow = close | drop_newest | drop_oldest`"),
            (quote!("/p", compress = of), "did you mean `off`?"),
            (quote!("/p", origin = all), "expected `origin = any`, `same`"),
            (quote!("/p", origin = ["https://a", 1]), "expected origins in quotes"),
            (quote!("/p", origin = "https://a/"), "expected an origin as browsers send it"),
            (quote!("/p", max_mesage = "1KB"), "did you mean `max_message`?"),
        ];
        for (tokens, expected) in cases {
            let source = tokens.to_string();
            let (_, errors) = args(tokens);
            assert_eq!(errors.len(), 1, "{source}: {errors:?}");
            assert!(errors[0].contains(expected), "{source}: {errors:?}");
        }
    }

    #[test]
    fn several_mistakes_are_reported_together() {
        let (_, errors) = args(quote!(get, "p", limit = "1", colour));
        assert_eq!(errors.len(), 4, "{errors:?}");
    }
}
