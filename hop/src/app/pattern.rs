//! Path patterns: which paths a route answers, and what its parameters are called.
//!
//! The grammar is that of `#[route]`: `/text`, `/{name}`, `/text-{name}.text`, `/{*rest}` at the end, `{{` and `}}` for braces.

/// A pattern that is well formed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// The names of the parameters, in order.
    pub(crate) names: Box<[Box<str>]>,
    /// What decides whether two patterns match the same paths: the pattern with numbers for names. The router takes this one.
    pub(crate) shape: String,
    /// The only path that it matches, where it has no parameters.
    pub(crate) fixed: Option<String>,
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
        let mut reader = Reader { names: Vec::new(), shape: String::new(), literal: String::new() };
        let mut segments = path.split('/').peekable();
        while let Some(segment) = segments.next() {
            reader.segment(segment, segments.peek().is_none())?;
        }
        let Reader { names, shape, literal } = reader;
        let fixed = names.is_empty().then_some(literal);
        Ok(Pattern { names: names.into(), shape, fixed })
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

struct Reader {
    names: Vec<Box<str>>,
    shape: String,
    /// The path, as long as there is no parameter.
    literal: String,
}

impl Reader {
    fn segment(&mut self, segment: &str, is_last: bool) -> Result<(), String> {
        self.text('/');
        let names_before = self.names.len();
        let mut rest = segment;
        while let Some(next) = rest.chars().next() {
            rest = match next {
                '{' | '}' if rest[1..].starts_with(next) => {
                    self.text(next);
                    self.shape.push(next);
                    &rest[2..]
                }
                '{' => {
                    let (name, after) =
                        rest[1..].split_once('}').ok_or_else(|| format!("the `{{` in `{segment}` is never closed"))?;
                    self.name(name, segment, is_last)?;
                    after
                }
                '}' => return Err(format!("`}}` without a `{{` in `{segment}`")),
                text if !text.is_ascii_graphic() || matches!(text, '?' | '#') => {
                    return Err(format!("{text:?} cannot stand in a path: percent-encode it"));
                }
                text => {
                    self.text(text);
                    &rest[1..]
                }
            };
        }
        match self.names.len() - names_before {
            0 | 1 => Ok(()),
            _ => Err(format!("`{segment}` has two parameters, where a segment can have one")),
        }
    }

    fn text(&mut self, text: char) {
        self.shape.push(text);
        self.literal.push(text);
    }

    fn name(&mut self, braced: &str, segment: &str, is_last: bool) -> Result<(), String> {
        let name = braced.strip_prefix('*').unwrap_or(braced);
        let takes_rest = name.len() < braced.len();
        if name.is_empty() || name.contains(['{', '*']) {
            return Err(format!("`{{{braced}}}` has no proper name"));
        }
        if takes_rest && (!is_last || segment.len() != braced.len() + 2) {
            return Err(format!(
                "`{{{braced}}}` takes the rest of the path, so it must be its last segment, and all of it"
            ));
        }
        if self.names.iter().any(|known| **known == *name) {
            return Err(format!("the parameter `{name}` appears twice"));
        }
        let star = if takes_rest { "*" } else { "" };
        self.shape.push_str(&format!("{{{star}{}}}", self.names.len()));
        self.names.push(name.into());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(pattern: &str) -> String {
        Pattern::read(pattern).unwrap_or_else(|fault| panic!("{pattern}: {fault}")).shape
    }

    #[test]
    fn names_do_not_count_for_the_shape() {
        assert_eq!(shape("/items/{id}"), shape("/items/{item}"));
        assert_eq!(shape("/a/{x}/b-{y}.c/{*z}"), "/a/{0}/b-{1}.c/{*2}");
    }

    #[test]
    fn a_pattern_without_parameters_is_one_path() {
        assert_eq!(Pattern::read("/a/{{b}}/").unwrap().fixed.as_deref(), Some("/a/{b}/"));
        assert_eq!(shape("/a/{{b}}/"), "/a/{{b}}/");
        assert_eq!(Pattern::read("/{a}").unwrap().fixed, None);
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
            ("/{*a}/b", "last segment"),
            ("/x{*a}", "last segment"),
            ("/{a}/{a}", "appears twice"),
            ("/{a}{b}", "two parameters"),
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
    }
}
