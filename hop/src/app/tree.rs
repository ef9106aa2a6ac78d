//! Patterns with parameters, as a tree of segments.
//!
//! At each segment text wins over text with a parameter in it, that wins over a parameter, and that over the rest of the path; where a
//! choice leads nowhere, the next one is tried. So no two different patterns are ever in conflict, and their order does not matter.
//! Written by hand because the usual router refuses `/{name}` beside `/{*rest}`, and validates every value as UTF-8 twice.

use std::cmp::Ordering;
use std::ops::Range;

use super::params::Values;
use super::pattern::Segment;

/// A tree of patterns, each with a value.
pub(crate) struct Tree<T> {
    root: Node<T>,
}

/// What follows a beginning of patterns.
struct Node<T> {
    /// In the order of [`Text::order`].
    texts: Vec<Text<T>>,
    /// Of each of `texts`, what [`segment_at`] makes of it: close together, because nearly all searching is done here.
    words: Vec<u64>,
    /// Those with more text first.
    mixed: Vec<Mixed<T>>,
    param: Option<Box<Node<T>>>,
    rest: Option<T>,
    /// Of the pattern that ends here.
    end: Option<T>,
}

/// A segment that is text.
struct Text<T> {
    word: u64,
    text: Box<str>,
    node: Node<T>,
}

/// A parameter with text around it in its segment.
struct Mixed<T> {
    before: Box<str>,
    after: Box<str>,
    node: Node<T>,
}

impl<T> Default for Tree<T> {
    fn default() -> Self {
        Tree { root: Node::default() }
    }
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Node { texts: Vec::new(), words: Vec::new(), mixed: Vec::new(), param: None, rest: None, end: None }
    }
}

impl<T> Tree<T> {
    /// Adds a pattern; one with the same segments is replaced.
    pub(crate) fn insert(&mut self, pattern: &[Segment], value: T) {
        let mut node = &mut self.root;
        for segment in pattern {
            node = match segment {
                Segment::Text(text) => node.text(text),
                Segment::Mixed { before, after } => node.mixed(before, after),
                Segment::Param => node.param.get_or_insert_default(),
                Segment::Rest => {
                    node.rest = Some(value);
                    return;
                }
            };
        }
        node.end = Some(value);
    }

    /// The value of the pattern that fits `path` best; puts what its parameters stand for into `values`, which was empty and stays so
    /// where none fits.
    #[inline]
    pub(crate) fn find<'p>(&self, path: &'p [u8], values: &mut Values<'p>) -> Option<&T> {
        let found = if path.starts_with(b"/") { self.root.find(path, 1, values) } else { None };
        if found.is_none() {
            values.truncate(0);
        }
        found
    }
}

/// How many bytes the segment of `path` at `at` has, and its first eight bytes, as many as it has.
#[inline]
fn segment_at(path: &[u8], at: usize) -> (usize, u64) {
    let left = &path[at..];
    let Some((word, more)) = left.split_first_chunk() else {
        let word = last_bytes(path, left.len());
        let len = left.len().min(slash(word));
        return (len, first_bytes(word, len));
    };
    let word = u64::from_le_bytes(*word);
    match slash(word) {
        8 => (8 + memchr::memchr(b'/', more).unwrap_or(more.len()), word),
        len => (len, first_bytes(word, len)),
    }
}

/// The last `len` bytes, of eight; `len` is less than 8. What follows them means nothing.
#[inline]
fn last_bytes(path: &[u8], len: usize) -> u64 {
    match path.last_chunk() {
        Some(word) if len > 0 => u64::from_le_bytes(*word) >> (8 * (8 - len)),
        _ => path[path.len() - len..].iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// The place of the first slash among eight bytes; 8 if there is none.
#[inline]
fn slash(word: u64) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    // A slash becomes zero, and the lowest zero byte is the first to borrow.
    let other = word ^ (ONES * b'/' as u64);
    let zeros = other.wrapping_sub(ONES) & !other & (ONES << 7);
    zeros.trailing_zeros() as usize / 8
}

/// The first `len` bytes of eight; `len` is less than 8.
#[inline]
fn first_bytes(word: u64, len: usize) -> u64 {
    word & ((1 << (8 * len)) - 1)
}

impl<T> Node<T> {
    fn text(&mut self, text: &str) -> &mut Node<T> {
        let (_, word) = segment_at(text.as_bytes(), 0);
        let at = match self.texts.binary_search_by(|known| known.order(word, text.as_bytes())) {
            Ok(at) => at,
            Err(at) => {
                self.texts.insert(at, Text { word, text: text.into(), node: Node::default() });
                self.words.insert(at, word);
                at
            }
        };
        &mut self.texts[at].node
    }

    fn mixed(&mut self, before: &str, after: &str) -> &mut Node<T> {
        let order =
            |before: &str, after: &str| (usize::MAX - before.len() - after.len(), before.to_owned(), after.to_owned());
        let wanted = order(before, after);
        let at = match self.mixed.binary_search_by_key(&wanted, |known| order(&known.before, &known.after)) {
            Ok(at) => at,
            Err(at) => {
                self.mixed.insert(at, Mixed { before: before.into(), after: after.into(), node: Node::default() });
                at
            }
        };
        &mut self.mixed[at].node
    }

    /// `at`: behind the slash of this node; beyond the end where the path has ended.
    ///
    /// It calls itself only where there is another choice to come back to, so at most as deep as the patterns are.
    fn find<'p>(&self, path: &'p [u8], mut at: usize, values: &mut Values<'p>) -> Option<&T> {
        let mut node = self;
        while at <= path.len() {
            let (len, word) = segment_at(path, at);
            let next = at + len + 1;
            let text = node.after_text(word, &path[at..at + len]);
            // An empty segment is text: no parameter stands for it.
            let param = node.param.as_deref().filter(|_| len > 0);
            (node, at) = match (text, param) {
                (Some(text), None) if node.is_text_only() => (text, next),
                (None, Some(param)) if node.mixed.is_empty() && node.rest.is_none() => {
                    values.push(&path[at..at + len]);
                    (param, next)
                }
                _ => return node.choose(text, path, at..at + len, values),
            };
        }
        node.end.as_ref()
    }

    /// Tries one choice after the other, `text` being the first. `segment`: where the path's next segment is.
    fn choose<'t, 'p>(
        &'t self,
        text: Option<&'t Node<T>>,
        path: &'p [u8],
        segment: Range<usize>,
        values: &mut Values<'p>,
    ) -> Option<&'t T> {
        let (mark, next) = (values.len(), segment.end + 1);
        if let Some(found) = text.and_then(|text| text.find(path, next, values)) {
            return Some(found);
        }
        let here = &path[segment.clone()];
        let mixed = self
            .mixed
            .iter()
            .filter_map(|mixed| Some((Segment::between(&mixed.before, &mixed.after, here)?, &mixed.node)));
        let param = self.param.iter().filter(|_| !here.is_empty()).map(|param| (here, &**param));
        for (value, node) in mixed.chain(param) {
            values.truncate(mark);
            values.push(value);
            if let Some(found) = node.find(path, next, values) {
                return Some(found);
            }
        }
        values.truncate(mark);
        let rest = self.rest.as_ref().filter(|_| segment.start < path.len())?;
        values.push(&path[segment.start..]);
        Some(rest)
    }

    #[inline]
    fn is_text_only(&self) -> bool {
        self.param.is_none() && self.mixed.is_empty() && self.rest.is_none()
    }

    /// The node behind this text.
    #[inline]
    fn after_text(&self, word: u64, text: &[u8]) -> Option<&Node<T>> {
        // Texts of up to eight bytes come before longer ones that begin with them.
        let found = if text.len() <= 8 {
            let at = self.words.partition_point(|known| *known < word);
            self.texts.get(at).filter(|known| known.word == word && known.text.len() == text.len())
        } else {
            let at = self.texts.partition_point(|known| known.order(word, text).is_lt());
            self.texts.get(at).filter(|known| known.order(word, text).is_eq())
        };
        found.map(|known| &known.node)
    }
}

impl<T> Text<T> {
    /// An order that looks at the text only where eight bytes do not decide.
    #[inline]
    fn order(&self, word: u64, text: &[u8]) -> Ordering {
        let by_word = self.word.cmp(&word).then(self.text.len().cmp(&text.len()));
        if by_word.is_eq() && text.len() > 8 { self.text.as_bytes().cmp(text) } else { by_word }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Pattern;
    use super::*;
    use crate::rng::{Rng, for_seeds};

    fn tree(patterns: &[&str]) -> Tree<usize> {
        let mut tree = Tree::default();
        for (index, pattern) in patterns.iter().enumerate() {
            tree.insert(&Pattern::read(pattern).expect("a good pattern").segments, index);
        }
        tree
    }

    fn found<'p>(tree: &Tree<usize>, path: &'p str) -> Option<(usize, Vec<&'p str>)> {
        let mut values = Values::default();
        let found = tree.find(path.as_bytes(), &mut values).copied();
        let values: Vec<&str> = values.iter().map(|value| str::from_utf8(value).expect("it is text")).collect();
        assert!(found.is_some() || values.is_empty(), "{path} fits nothing and has {values:?}");
        Some((found?, values))
    }

    #[test]
    fn the_most_particular_pattern_wins_wherever_they_differ_first() {
        let tree = tree(&["/{*rest}", "/{a}", "/{a}/x", "/t/{*rest}", "/t/{b}.c", "/t/{b}", "/t-{a}", "/{a}-t"]);
        assert_eq!(found(&tree, "/a"), Some((1, vec!["a"])));
        assert_eq!(found(&tree, "/a/x"), Some((2, vec!["a"])));
        assert_eq!(found(&tree, "/a/y"), Some((0, vec!["a/y"])));
        assert_eq!(found(&tree, "/t/x"), Some((5, vec!["x"])));
        assert_eq!(found(&tree, "/t/x.c"), Some((4, vec!["x"])));
        assert_eq!(found(&tree, "/t/.c"), Some((5, vec![".c"])));
        assert_eq!(found(&tree, "/t/x/y"), Some((3, vec!["x/y"])));
        assert_eq!(found(&tree, "/t-t"), Some((7, vec!["t"])));
        assert_eq!(found(&tree, "/t-"), Some((1, vec!["t-"])));
        assert_eq!(found(&tree, "/t/"), Some((0, vec!["t/"])));
        assert_eq!(found(&tree, "/"), None);
        assert_eq!(found(&tree, "x"), None);
    }

    #[test]
    fn segments_of_every_length_are_told_apart() {
        let texts: Vec<String> =
            (0..20).flat_map(|len| ["a", "b"].map(|last| format!("/{}{last}", "a".repeat(len)))).collect();
        let patterns: Vec<&str> = texts.iter().map(String::as_str).collect();
        let tree = tree(&patterns);
        for (index, path) in texts.iter().enumerate() {
            let first = texts.iter().position(|other| other == path).unwrap_or(index);
            assert_eq!(found(&tree, path), Some((first, vec![])), "{path}");
            assert_eq!(found(&tree, &format!("{path}/")), None);
            assert_eq!(found(&tree, &format!("{path}c")), None);
        }
    }

    #[test]
    fn slashes_are_found_at_every_place() {
        for at in 0..8 {
            let mut bytes = *b"ab.0.-~%";
            bytes[at] = b'/';
            assert_eq!(slash(u64::from_le_bytes(bytes)), at);
            bytes[7] = b'/';
            assert_eq!(slash(u64::from_le_bytes(bytes)), at);
        }
        assert_eq!(slash(u64::from_le_bytes(*b"\xae\xaf\xb0.0\x00\x01\x80")), 8);
    }

    #[test]
    fn values_of_a_way_that_leads_nowhere_are_forgotten() {
        let tree = tree(&["/a/{x}/{y}/end", "/{p}/{*rest}"]);
        assert_eq!(found(&tree, "/a/1/2/end"), Some((0, vec!["1", "2"])));
        assert_eq!(found(&tree, "/a/1/2/3"), Some((1, vec!["a", "1/2/3"])));
    }

    #[test]
    fn a_path_that_fits_nothing_has_no_values() {
        let tree = tree(&["/users/{id}/profile", "/a/{x}/b/{y}", "/a/{x}/{z}/{y}/c"]);
        for path in ["/users/7", "/users/7/a.txt", "/a/1/b", "/a/1/2/3/4", "x"] {
            assert_eq!(found(&tree, path), None, "{path}");
        }
    }

    /// How well each segment of a pattern fits: the smallest wins.
    type Ranks = Vec<(u8, usize, Segment)>;

    /// How well `pattern` fits, and the values of its parameters.
    fn fit<'p>(pattern: &[Segment], path: &'p str) -> Option<(Ranks, Vec<&'p str>)> {
        let (mut ranks, mut values) = (Vec::new(), Vec::new());
        let mut left = path.strip_prefix('/');
        for segment in pattern {
            let rest = left?;
            let (here, next) = rest.split_once('/').map_or((rest, None), |(here, next)| (here, Some(next)));
            let rank = match segment {
                Segment::Text(text) => (here == &**text).then_some((0, 0))?,
                Segment::Mixed { before, after } => {
                    let value = here.strip_prefix(&**before)?.strip_suffix(&**after)?;
                    values.push((!value.is_empty()).then_some(value)?);
                    (1, usize::MAX - before.len() - after.len())
                }
                Segment::Param => {
                    values.push((!here.is_empty()).then_some(here)?);
                    (2, 0)
                }
                Segment::Rest => {
                    values.push((!rest.is_empty()).then_some(rest)?);
                    ranks.push((3, 0, segment.clone()));
                    return Some((ranks, values));
                }
            };
            ranks.push((rank.0, rank.1, segment.clone()));
            left = next;
        }
        left.is_none().then_some((ranks, values))
    }

    /// A pattern or a path of few letters, so that they often meet.
    fn random(rng: &mut Rng, segments: &[&str]) -> String {
        let count = rng.within(1..5);
        let mut path = String::new();
        for index in 0..count {
            let segment = *rng.pick(segments);
            path.push('/');
            path.push_str(&segment.replace('#', &index.to_string()));
            if segment.contains('*') {
                break;
            }
        }
        path
    }

    #[test]
    fn it_agrees_with_trying_every_pattern() {
        for_seeds(1, 300, |seed| {
            let mut rng = Rng::new(seed);
            let mut patterns: Vec<Vec<Segment>> = Vec::new();
            for _ in 0..rng.within(1..13) {
                let pattern = random(&mut rng, &["a", "b", "", "{p#}", "a{p#}", "{p#}b", "a{p#}b", "{*p#}"]);
                let pattern = Pattern::read(&pattern).expect("a good pattern").segments;
                if !patterns.contains(&pattern) {
                    patterns.push(pattern);
                }
            }
            let mut tree = Tree::default();
            patterns.iter().enumerate().for_each(|(index, pattern)| tree.insert(pattern, index));
            for _ in 0..50 {
                let path = random(&mut rng, &["a", "b", "", "ab", "aab", "abb", "c"]);
                let fits =
                    patterns.iter().enumerate().filter_map(|(index, pattern)| Some((fit(pattern, &path)?, index)));
                let best = fits.min().map(|((_, values), index)| (index, values));
                assert_eq!(found(&tree, &path), best, "seed {seed}: {path} in {patterns:?}");
            }
        });
    }
}
