//! As much of Rust's grammar as a test needs to read hop's own sources: words, paths, functions, test-only items.
//!
//! Comments, strings and character literals are dropped before anything is looked for, so that a rule cannot be
//! triggered by prose. What macros expand to is not seen.

use std::ops::RangeInclusive;

/// A word, a `::`, or one character of punctuation.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Its text.
    pub text: String,
    /// The line that it stands in, from 1.
    pub line: usize,
}

/// A path as it is written, imported by `use` or named in place.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Its segments; a glob's last one is `*`.
    pub segments: Vec<String>,
    /// The line that its last segment stands in.
    pub line: usize,
    /// Whether it is re-exported (`pub use`), which gives a name to others instead of using it.
    pub reexported: bool,
    /// The name that it has from here on, if `use` gave it one.
    pub alias: Option<String>,
}

/// A source file, read.
#[derive(Debug)]
pub struct Source {
    /// The tokens outside test-only items.
    pub code: Vec<Token>,
    /// The tokens of the whole file.
    pub all: Vec<Token>,
    /// The lines of test-only items.
    pub test_lines: Vec<RangeInclusive<usize>>,
    /// The paths outside test-only items.
    pub paths: Vec<Path>,
    /// The names of modules in other files that are declared for tests only.
    pub test_modules: Vec<String>,
}

impl Source {
    /// Reads a file's text.
    pub fn read(text: &str) -> Source {
        let all = tokens(text);
        let mut source =
            Source { code: Vec::new(), all, test_lines: Vec::new(), paths: Vec::new(), test_modules: Vec::new() };
        let mut at = 0;
        while at < source.all.len() {
            let end = if begins_test_item(&source.all[at..]) { end_of_item(&source.all, at) } else { at };
            if end == at {
                source.code.push(source.all[at].clone());
                at += 1;
                continue;
            }
            source.test_lines.push(source.all[at].line..=source.all[end - 1].line);
            source.test_modules.extend(declared_module(&source.all[at..end]));
            at = end;
        }
        source.paths = paths(&source.code);
        source
    }

    /// The functions with a body outside test-only items: name, first line, number of lines.
    pub fn functions(&self) -> Vec<(String, usize, usize)> {
        let heads = self.code.windows(2).enumerate().filter(|(_, pair)| pair[0].text == "fn" && is_word(&pair[1].text));
        heads
            .filter_map(|(at, pair)| {
                let end = end_of_item(&self.code, at);
                let lines = self.code[end - 1].line - pair[0].line + 1;
                (self.code[end - 1].text == "}").then(|| (pair[1].text.clone(), pair[0].line, lines))
            })
            .collect()
    }
}

/// The tokens of a file's text.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: text, line: 1, tokens: Vec::new() };
    while !lexer.rest.is_empty() {
        lexer.step();
    }
    lexer.tokens
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn step(&mut self) {
        let rest = self.rest;
        let first = rest.chars().next().expect("the caller checked that something is left");
        if rest.starts_with("//") {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.skip(block_comment_len(rest));
        } else if let Some(len) = string_len(rest).or_else(|| quote_len(rest)) {
            self.skip(len);
        } else if is_word_char(first) {
            self.token(rest.find(|c| !is_word_char(c)).unwrap_or(rest.len()));
        } else if first.is_whitespace() {
            self.skip(first.len_utf8());
        } else {
            self.token(if rest.starts_with("::") { 2 } else { first.len_utf8() });
        }
    }

    fn token(&mut self, len: usize) {
        self.tokens.push(Token { text: self.rest[..len].into(), line: self.line });
        self.skip(len);
    }

    fn skip(&mut self, len: usize) {
        self.line += self.rest[..len].matches('\n').count();
        self.rest = &self.rest[len..];
    }
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_word(text: &str) -> bool {
    text.starts_with(is_word_char)
}

/// Block comments nest in Rust.
fn block_comment_len(rest: &str) -> usize {
    let (mut at, mut depth) = (2, 1);
    while depth > 0 && at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at.min(rest.len())
}

/// The length of the string literal that `rest` begins with: `"…"`, `r#"…"#`, with an optional `b` or `c` before it.
fn string_len(rest: &str) -> Option<usize> {
    let start = rest.len() - rest.trim_start_matches(['b', 'c']).len();
    let raw = rest[start.min(1)..].strip_prefix('r').map(|after| after.trim_start_matches('#'));
    if let Some(after) = raw.filter(|after| after.starts_with('"')) {
        let open = rest.len() - after.len();
        let hashes = rest[..open].matches('#').count();
        let close = format!("\"{}", "#".repeat(hashes));
        return Some(after[1..].find(&close).map_or(rest.len(), |at| open + 1 + at + close.len()));
    }
    let open = rest[start.min(1)..].starts_with('"').then_some(start.min(1))?;
    Some(open + 1 + escaped_len(&rest[open + 1..], b'"'))
}

/// The length of the character literal or lifetime that `rest` begins with.
fn quote_len(rest: &str) -> Option<usize> {
    let start = usize::from(rest.starts_with("b'"));
    let after = rest[start..].strip_prefix('\'')?;
    let mut chars = after.chars();
    let (first, second) = (chars.next()?, chars.next());
    match (first, second) {
        ('\\', _) => Some(start + 1 + escaped_len(after, b'\'')),
        (_, Some('\'')) => Some(start + 2 + first.len_utf8()),
        _ => Some(1 + after.find(|c| !is_word_char(c)).unwrap_or(after.len())),
    }
}

/// How far it is behind the next unescaped `quote`.
fn escaped_len(text: &str, quote: u8) -> usize {
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            _ if byte == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether an attribute that restricts an item to tests stands here.
fn begins_test_item(tokens: &[Token]) -> bool {
    let starts =
        |words: &[&str]| tokens.iter().map(|token| token.text.as_str()).take(words.len()).eq(words.iter().copied());
    starts(&["#", "[", "cfg", "(", "test", ")", "]"]) || starts(&["#", "[", "cfg", "(", "all", "(", "test"])
}

/// Behind the item that begins at `start`, its attributes included: behind its `;` or its closing brace.
fn end_of_item(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "}" if depth <= 1 => return at + 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// `name` in an item that ends with `mod name;`.
fn declared_module(item: &[Token]) -> Option<String> {
    match item {
        [.., keyword, name, end] if keyword.text == "mod" && end.text == ";" => Some(name.text.clone()),
        _ => None,
    }
}

fn paths(tokens: &[Token]) -> Vec<Path> {
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        // Behind a bound, `use<'a>` captures and imports nothing.
        let captures = tokens.get(at + 1).is_some_and(|next| next.text == "<");
        if tokens[at].text == "use" && !captures {
            let before = at.checked_sub(1).map_or("", |before| tokens[before].text.as_str());
            let mut tree =
                UseTree { tokens, at: at + 1, reexported: before == "pub" || before == ")", paths: &mut paths };
            tree.read(&[]);
            at = tree.at;
        } else if is_word(&tokens[at].text) {
            let mut segments = vec![tokens[at].text.clone()];
            let line = tokens[at].line;
            while let [separator, next, ..] = &tokens[at + 1..]
                && separator.text == "::"
                && is_word(&next.text)
            {
                segments.push(next.text.clone());
                at += 2;
            }
            paths.push(Path { segments, line, reexported: false, alias: None });
            at += 1;
        } else {
            at += 1;
        }
    }
    paths
}

struct UseTree<'a> {
    tokens: &'a [Token],
    at: usize,
    reexported: bool,
    paths: &'a mut Vec<Path>,
}

impl UseTree<'_> {
    /// Reads `a::b`, `a::{b, c::*}` or `a as b`, and adds the paths that it stands for, each behind `prefix`.
    fn read(&mut self, prefix: &[String]) {
        let mut segments = prefix.to_vec();
        let mut line = self.tokens[self.at.saturating_sub(1)].line;
        while let Some(token) = self.tokens.get(self.at) {
            match token.text.as_str() {
                "{" => return self.read_group(&segments),
                "," | "}" | ";" | "as" => break,
                "::" => {}
                segment => segments.push(segment.into()),
            }
            line = token.line;
            self.at += 1;
        }
        let alias = self.read_alias();
        if segments.len() > prefix.len() && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        self.paths.push(Path { segments, line, reexported: self.reexported, alias });
    }

    fn read_alias(&mut self) -> Option<String> {
        let [keyword, name, ..] = &self.tokens[self.at..] else { return None };
        (keyword.text == "as").then(|| {
            self.at += 2;
            name.text.clone()
        })
    }

    fn read_group(&mut self, prefix: &[String]) {
        self.at += 1;
        while let Some(token) = self.tokens.get(self.at) {
            match token.text.as_str() {
                "}" => {
                    self.at += 1;
                    return;
                }
                "," => self.at += 1,
                _ => self.read(prefix),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        tokens(text).iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn written(text: &str) -> Vec<String> {
        Source::read(text).paths.iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn comments_strings_and_characters_are_not_code() {
        assert_eq!(words("a // b\nc /* d /* e */ f */ g"), "a c g");
        assert_eq!(words(r##"a("b \" c", r"d\", br#"e"f"#, b"g", c"h") i"##), "a ( , , , , ) i");
        assert_eq!(words(r"a('b', '\'', b'c', '\\', '\u{1F600}') d<'e, '_>"), "a ( , , , , ) d < , >");
        assert_eq!(words("'a: loop { break 'a }"), ": loop { break }");
        assert_eq!(words("br broken ccc r2 bcd"), "br broken ccc r2 bcd");
    }

    #[test]
    fn lines_are_counted_through_everything() {
        let lines: Vec<usize> = tokens("a\n/*\n\n*/ b \"\n\" c\n'd").iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 4, 5]);
    }

    #[test]
    fn use_trees_are_spelt_out() {
        assert_eq!(written("use a::{b, c::{d as e, *}, self}; use ::f;"), ["a::b", "a::c::d", "a::c::*", "a", "f"]);
        assert_eq!(written("x(a::b::<c>::d(), e)"), ["x", "a::b", "c", "d", "e"]);
        assert_eq!(written("a + use<> { b } + use<'c> { d }"), ["a", "use", "b", "use", "d"]);
        let paths = Source::read("use a; pub use b; pub(crate) use c;").paths;
        let reexported = paths.iter().filter(|path| path.reexported).map(|path| path.segments[0].as_str());
        assert_eq!(reexported.collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn test_items_are_set_aside() {
        let source = Source::read("use a;\n#[cfg(test)]\nmod tests {\n use b;\n}\n#[cfg(test)]\nmod more;\nuse c;");
        assert_eq!(source.paths.iter().map(|path| path.segments[0].as_str()).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!((source.test_lines, source.test_modules), (vec![2..=5, 6..=7], vec!["more".to_string()]));
    }

    #[test]
    fn functions_are_measured() {
        let source = Source::read("trait T { fn a(&self); }\nfn b(f: fn(u8) -> [u8; 2]) {\n if x { y }\n}\nfn c() {}");
        assert_eq!(source.functions(), [("b".to_string(), 2, 3), ("c".to_string(), 5, 1)]);
    }
}
