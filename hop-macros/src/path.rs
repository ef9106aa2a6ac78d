//! The path pattern of a route: read at compile time, so that a bad one never reaches the router.
//!
//! The grammar is that of hop's router, restricted where leniency would only hide a mistake: names are identifiers, and a `%` starts an
//! escape. A `{name}` may have text before and after it in its segment (`/img-{id}.png`), `{*rest}` has the last segment to itself.
use proc_macro2::Span;
use syn::LitStr;

/// A pattern and the parameters that it defines.
pub(crate) struct Pattern {
    /// As the user wrote it.
    pub(crate) literal: LitStr,
    /// Names in order; `None` when the pattern is faulty, so that nothing more is said about them.
    pub(crate) params: Option<Vec<String>>,
}

impl Pattern {
    /// Stands in where the attribute has no pattern; the lack has been reported.
    pub(crate) fn missing() -> Pattern {
        Pattern { literal: LitStr::new("/", Span::call_site()), params: None }
    }

    /// The pattern, together with what is wrong with it, if anything.
    pub(crate) fn read(literal: LitStr) -> (Pattern, Option<String>) {
        match params(&literal.value()) {
            Ok(params) => (Pattern { literal, params: Some(params) }, None),
            Err(fault) => (Pattern { literal, params: None }, Some(fault)),
        }
    }
}

/// The names of all parameters of `pattern`, or what is wrong with it.
fn params(pattern: &str) -> Result<Vec<String>, String> {
    let Some(path) = pattern.strip_prefix('/') else {
        return Err(no_leading_slash(pattern));
    };
    let mut names: Vec<String> = Vec::new();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let Some(param) = param(segment)? else { continue };
        if param.catch_all && segments.peek().is_some() {
            return Err(format!("`{{*{}}}` takes the rest of the path: expected it at the very end", param.name));
        }
        if names.contains(&param.name) {
            return Err(format!("the parameter `{}` appears twice: expected a name of its own for each", param.name));
        }
        names.push(param.name);
    }
    Ok(names)
}

fn no_leading_slash(pattern: &str) -> String {
    match pattern {
        "" => "expected a path such as \"/\" or \"/hello/{name}\": the pattern is empty".to_owned(),
        _ => format!("expected a path that starts with `/`: write \"/{pattern}\""),
    }
}

struct Param {
    name: String,
    catch_all: bool,
}

/// The parameter of one segment, if it has one.
fn param(segment: &str) -> Result<Option<Param>, String> {
    let mut found = None;
    let mut rest = segment;
    while let Some(first) = rest.chars().next() {
        let (used, name) = match first {
            '{' if rest.starts_with("{{") => (2, None),
            '}' if rest.starts_with("}}") => (2, None),
            '{' => braces(rest)?,
            '}' => return Err(format!("`}}` without a `{{` in `{segment}`: a literal brace is written `}}}}`")),
            text => (literal(text, rest)?, None),
        };
        if let Some(name) = name {
            if found.is_some() {
                return Err(format!("`{segment}` has two parameters: expected at most one between two slashes"));
            }
            found = Some(name_of(name, segment)?);
        }
        rest = &rest[used..];
    }
    Ok(found)
}

/// What stands between a brace and the one that closes it, and how many bytes that took.
fn braces(rest: &str) -> Result<(usize, Option<&str>), String> {
    let Some(end) = rest.find('}') else {
        return Err(format!("the `{{` in `{rest}` is never closed: expected `{{name}}` within one segment"));
    };
    if rest[end + 1..].starts_with('}') {
        return Err(format!("`}}}}` right after a parameter in `{rest}` could be read in two ways: expected one `}}`"));
    }
    Ok((end + 1, Some(&rest[1..end])))
}

fn name_of(text: &str, segment: &str) -> Result<Param, String> {
    let (name, catch_all) = text.strip_prefix('*').map_or((text, false), |name| (name, true));
    if name.is_empty() {
        return Err(format!("`{{{text}}}` has no name: expected `{{name}}` or `{{*rest}}`"));
    }
    if !is_identifier(name) {
        return Err(format!(
            "`{name}` is not a parameter name: expected letters, digits and `_`, not starting with a digit"
        ));
    }
    if catch_all && segment.len() != text.len() + 2 {
        return Err(format!("`{{{text}}}` takes whole segments: expected nothing else in `{segment}`"));
    }
    Ok(Param { name: name.to_owned(), catch_all })
}

fn is_identifier(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Checks one literal character: paths match on raw bytes, so what cannot stand in a request line could never match.
fn literal(character: char, rest: &str) -> Result<usize, String> {
    match character {
        '?' | '#' => Err(format!("a path ends before `{character}`: expected the pattern without a query or fragment")),
        '%' if !is_escape(rest) => Err("`%` starts an escape: expected two hexadecimal digits after it".to_owned()),
        _ if character.is_ascii_graphic() => Ok(1),
        _ => Err(format!("{character:?} travels percent-encoded: write `{}`", percent_encoded(character))),
    }
}

fn is_escape(rest: &str) -> bool {
    rest.len() >= 3 && rest.bytes().skip(1).take(2).all(|digit| digit.is_ascii_hexdigit())
}

fn percent_encoded(character: char) -> String {
    character.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &[&str]); 12] = [
        ("/", &[]),
        ("/hello", &[]),
        ("/hello/", &[]),
        ("//double", &[]),
        ("/caf%C3%A9/a-b_c.d~e!$&'()*+,;=:@", &[]),
        ("/{name}", &["name"]),
        ("/{shop}/items/{item_2}", &["shop", "item_2"]),
        ("/img-{id}.png", &["id"]),
        ("/{*rest}", &["rest"]),
        ("/files/{owner}/{*path}", &["owner", "path"]),
        ("/{{literal}}", &[]),
        ("/{{{x}", &["x"]),
    ];

    const BAD: [(&str, &str); 22] = [
        ("", "the pattern is empty"),
        ("hello", "write \"/hello\""),
        ("{x}", "starts with `/`"),
        ("/{", "is never closed"),
        ("/{name", "is never closed"),
        ("/{name/x}", "is never closed"),
        ("/name}", "`}` without a `{`"),
        ("/{}", "`{}` has no name"),
        ("/{*}", "`{*}` has no name"),
        ("/{a b}", "`a b` is not a parameter name"),
        ("/{1st}", "`1st` is not a parameter name"),
        ("/{a:u32}", "`a:u32` is not a parameter name"),
        ("/{a{b}", "`a{b` is not a parameter name"),
        ("/{a}}}", "right after a parameter"),
        ("/{a}{b}", "two parameters"),
        ("/{a}-{b}", "two parameters"),
        ("/{id}/{id}", "`id` appears twice"),
        ("/{*rest}/x", "at the very end"),
        ("/{*rest}/", "at the very end"),
        ("/a{*rest}", "takes whole segments"),
        ("/x?y=1", "without a query"),
        ("/50%", "two hexadecimal digits"),
    ];

    #[test]
    fn parameters_are_found_in_order() {
        for (pattern, expected) in GOOD {
            assert_eq!(params(pattern), Ok(expected.iter().map(ToString::to_string).collect()), "{pattern}");
        }
    }

    #[test]
    fn a_bad_pattern_says_what_was_expected() {
        for (pattern, expected) in BAD {
            let message = params(pattern).expect_err(pattern);
            assert!(message.contains(expected), "{pattern:?}: {message}");
        }
    }

    #[test]
    fn what_must_be_percent_encoded_is_shown_encoded() {
        assert_eq!(params("/café").unwrap_err(), "'é' travels percent-encoded: write `%C3%A9`");
        assert_eq!(params("/a b").unwrap_err(), "' ' travels percent-encoded: write `%20`");
    }

    /// What hop says of a pattern that is given to it at run time.
    fn built(pattern: &str) -> Result<hop::App, hop::BuildError> {
        let names = hop::handler(|request, reply| {
            reply.send(request.params().map(|(name, _)| name).collect::<Vec<_>>().join(" "))
        });
        hop::Routes::new().route(pattern, hop::Method::GET, names).build()
    }

    #[test]
    fn the_router_finds_the_same_parameters() {
        for (pattern, expected) in GOOD {
            let app = hop::testing::App::new(built(pattern).expect(pattern));
            let request = pattern.replace("{{", "{").replace("}}", "}");
            assert_eq!(app.get(&request).expect(200).text(), expected.join(" "), "{pattern} at {request}");
        }
    }

    /// All texts of up to six letters, of which every mistake can be made.
    fn texts() -> impl Iterator<Item = String> {
        let letters = ['/', '{', '}', '*', 'a'];
        let text = move |number: usize, length: u32| {
            (0..length).map(|digit| letters[number / letters.len().pow(digit) % letters.len()]).collect::<String>()
        };
        (0..=6).flat_map(move |length| (0..letters.len().pow(length)).map(move |number| text(number, length)))
    }

    #[test]
    fn the_router_takes_the_same_patterns() {
        let mut taken = 0;
        for text in texts() {
            assert_eq!(params(&text).is_ok(), built(&text).is_ok(), "{text:?}: {:?}", params(&text));
            taken += usize::from(params(&text).is_ok());
        }
        assert!(taken > 100, "only {taken} patterns were taken");
    }

    #[test]
    fn a_faulty_pattern_has_unknown_parameters() {
        let (pattern, fault) = Pattern::read(LitStr::new("/{", Span::call_site()));
        assert!(pattern.params.is_none() && fault.is_some());
    }
}
