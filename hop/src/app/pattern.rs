//! Path patterns: which paths a route answers, and what its parameters are called.
//!
//! The grammar is that of `#[route]`: `/text`, `/{name}`, `/text-{name}.text`, `/{*rest}` at the end, `{{` and `}}` for braces.

/// A pattern that is well formed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// The names of the parameters, in order.
    pub(crate) names: Box<[Box<str>]>,
    /// What decides which paths it matches: patterns with the same segments match the same paths.
    pub(crate) segments: Vec<Segment>,
}

/// What stands between two slashes; where several fit, the least wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Segment {
    /// This text.
    Text(Box<str>),
    /// This text, a parameter and that text; one of the texts may be empty.
    Mixed { before: Box<str>, after: Box<str> },
    /// A parameter.
    Param,
    /// The rest of the path, slashes and all. Nothing follows.
    Rest,
}

impl Segment {
    /// What the parameter of a [`Segment::Mixed`] stands for in a segment of a path; it is never empty.
    pub(crate) fn between<'p>(before: &str, after: &str, segment: &'p [u8]) -> Option<&'p [u8]> {
        segment.strip_prefix(before.as_bytes())?.strip_suffix(after.as_bytes()).filter(|value| !value.is_empty())
    }

    /// Whether a segment of a path is, or begins, what this stands for.
    pub(crate) fn fits(&self, segment: &[u8]) -> bool {
        match self {
            Segment::Text(text) => text.as_bytes() == segment,
            Segment::Mixed { before, after } => Segment::between(before, after, segment).is_some(),
            Segment::Param => !segment.is_empty(),
            Segment::Rest => true,
        }
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub(crate) fn read(pattern: &str) -> Result<Pattern, String> {
        let Some(path) = pattern.strip_prefix('/') else {
            return Err("it does not start with `/`".to_owned());
        };
        let mut names: Vec<Box<str>> = Vec::new();
        let mut segments = Vec::new();
        for text in path.split('/') {
            if segments.last() == Some(&Segment::Rest) {
                return Err("`{*rest}` takes the rest of the path, so nothing can follow".to_owned());
            }
            let (segment, name) = segment(text)?;
            if let Some(name) = name.filter(|name| names.iter().any(|known| **known == **name)) {
                return Err(format!("the parameter `{name}` appears twice"));
            }
            segments.push(segment);
            names.extend(name.map(Box::from));
        }
        Ok(Pattern { names: names.into(), segments })
    }

    /// The only path that it matches, where it has no parameters.
    pub(crate) fn fixed(&self) -> Option<String> {
        let texts = self.segments.iter().map(|segment| match segment {
            Segment::Text(text) => Some(format!("/{text}")),
            _ => None,
        });
        texts.collect()
    }
}

/// A prefix and a pattern below it; the root below `/api` is `/api` itself.
pub(crate) fn join(prefix: &str, pattern: &str) -> String {
    match (prefix, pattern) {
        ("", _) => pattern.to_owned(),
        (_, "" | "/") => prefix.to_owned(),
        _ => format!("{}{pattern}", prefix.trim_end_matches('/')),
    }
}

/// One segment, and the name of its parameter.
fn segment(text: &str) -> Result<(Segment, Option<&str>), String> {
    let (before, rest) = literal(text)?;
    let Some(rest) = rest else { return Ok((Segment::Text(before), None)) };
    let (name, rest) = rest.split_once('}').ok_or_else(|| format!("the `{{` in `{text}` is never closed"))?;
    if rest.starts_with('}') {
        return Err(format!("`}}}}` right after a parameter in `{text}` could be read in two ways"));
    }
    let (after, more) = literal(rest)?;
    if more.is_some() {
        return Err(format!("`{text}` has two parameters, where a segment can have one"));
    }
    let plain_name = name.strip_prefix('*').unwrap_or(name);
    if plain_name.is_empty() || plain_name.contains(['{', '*']) {
        return Err(format!("`{{{name}}}` has no proper name"));
    }
    let is_alone = before.is_empty() && after.is_empty();
    let segment = match (plain_name == name, is_alone) {
        (true, true) => Segment::Param,
        (true, false) => Segment::Mixed { before, after },
        (false, true) => Segment::Rest,
        (false, false) => return Err(format!("`{{{name}}}` takes whole segments: nothing else can stand in `{text}`")),
    };
    Ok((segment, Some(plain_name)))
}

/// The text up to a parameter or the end, and what follows the parameter's opening brace.
fn literal(text: &str) -> Result<(Box<str>, Option<&str>), String> {
    let mut read = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        match next {
            '{' | '}' if rest[1..].starts_with(next) => {
                read.push(next);
                rest = &rest[2..];
            }
            '{' => return Ok((read.into(), Some(&rest[1..]))),
            '}' => return Err(format!("`}}` without a `{{` in `{text}`")),
            next if !next.is_ascii_graphic() || matches!(next, '?' | '#') => {
                return Err(format!("{next:?} cannot stand in a path: percent-encode it"));
            }
            next => {
                read.push(next);
                rest = &rest[1..];
            }
        }
    }
    Ok((read.into(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(pattern: &str) -> Vec<Segment> {
        Pattern::read(pattern).unwrap_or_else(|fault| panic!("{pattern}: {fault}")).segments
    }

    #[test]
    fn segments_are_text_parameters_and_the_rest() {
        let mixed = |before: &str, after: &str| Segment::Mixed { before: before.into(), after: after.into() };
        let text = |text: &str| Segment::Text(text.into());
        assert_eq!(segments("/a/{x}/b-{y}.c/{*z}"), [text("a"), Segment::Param, mixed("b-", ".c"), Segment::Rest]);
        assert_eq!(segments("/"), [text("")]);
        assert_eq!(segments("/{{a}}/{{{b}"), [text("{a}"), mixed("{", "")]);
        assert_eq!(segments("/a//{b}/"), [text("a"), text(""), Segment::Param, text("")]);
    }

    #[test]
    fn names_do_not_count_for_what_is_matched() {
        assert_eq!(segments("/items/{id}"), segments("/items/{item}"));
        assert_eq!(*Pattern::read("/{a}/b{c}").unwrap().names, ["a".into(), "c".into()]);
    }

    #[test]
    fn a_pattern_without_parameters_is_one_path() {
        assert_eq!(Pattern::read("/a/{{b}}/").unwrap().fixed().as_deref(), Some("/a/{b}/"));
        assert_eq!(Pattern::read("/").unwrap().fixed().as_deref(), Some("/"));
        assert_eq!(Pattern::read("/{a}").unwrap().fixed(), None);
    }

    #[test]
    fn faults_are_told() {
        let cases = [
            ("", "does not start with `/`"),
            ("a", "does not start with `/`"),
            ("/{", "never closed"),
            ("/a}", "without a `{`"),
            ("/{}", "no proper name"),
            ("/{*}", "no proper name"),
            ("/{**a}", "no proper name"),
            ("/{*a}/b", "nothing can follow"),
            ("/{*a}/", "nothing can follow"),
            ("/x{*a}", "takes whole segments"),
            ("/{a}/{a}", "appears twice"),
            ("/{a}/x{a}", "appears twice"),
            ("/{a}{b}", "two parameters"),
            ("/{a}}}", "in two ways"),
            ("/a b", "percent-encode"),
            ("/a?b", "percent-encode"),
            ("/é", "percent-encode"),
        ];
        for (pattern, expected) in cases {
            let fault = Pattern::read(pattern).expect_err(pattern);
            assert!(fault.contains(expected), "{pattern}: {fault}");
        }
    }

    #[test]
    fn prefixes_are_joined_without_double_slashes() {
        assert_eq!(join("", "/a"), "/a");
        assert_eq!(join("/api", "/a"), "/api/a");
        assert_eq!(join("/api/", "/a"), "/api/a");
        assert_eq!(join("/api", "/"), "/api");
        assert_eq!(join("/api/", "/"), "/api/");
        assert_eq!(join("/api/", ""), "/api/");
    }
}
