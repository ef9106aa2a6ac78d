//! Patterns with parameters, as a tree of segments.
//!
//! At each segment text wins over text with a parameter in it, that wins over a parameter, and that over the rest of the path; where a
//! choice leads nowhere, the next one is tried. So no two different patterns are ever in conflict, and their order does not matter.
//! Written by hand because the usual router refuses `/{name}` beside `/{*rest}`, and validates every value as UTF-8 twice.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::params::Values;
use super::pathhash::PathHasher;
use super::pattern::Segment;

/// A tree of patterns, each with a value.
pub(crate) struct Tree<T> {
    root: Node<T>,
}

/// What follows a beginning of patterns.
struct Node<T> {
    text: HashMap<Box<str>, Node<T>, BuildHasherDefault<PathHasher>>,
    /// Those with more text first.
    mixed: Vec<Mixed<T>>,
    param: Option<Box<Node<T>>>,
    rest: Option<T>,
    /// Of the pattern that ends here.
    end: Option<T>,
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
        Node { text: HashMap::default(), mixed: Vec::new(), param: None, rest: None, end: None }
    }
}

impl<T> Tree<T> {
    /// Adds a pattern; one with the same segments is replaced.
    pub(crate) fn insert(&mut self, pattern: &[Segment], value: T) {
        let mut node = &mut self.root;
        for segment in pattern {
            node = match segment {
                Segment::Text(text) => node.text.entry(text.clone()).or_default(),
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

    /// The value of the pattern that fits `path` best; puts what its parameters stand for into `values`, which was empty.
    pub(crate) fn find<'p>(&self, path: &'p str, values: &mut Values<'p>) -> Option<&T> {
        self.root.find(Some(path.strip_prefix('/')?), values)
    }
}

impl<T> Node<T> {
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

    /// `left`: what follows the slash of this node; `None` where the path has ended. Deep as the patterns are, not as the path is.
    fn find<'p>(&self, left: Option<&'p str>, values: &mut Values<'p>) -> Option<&T> {
        let Some(left) = left else { return self.end.as_ref() };
        let (segment, next) = match memchr::memchr(b'/', left.as_bytes()) {
            Some(at) => (&left[..at], Some(&left[at + 1..])),
            None => (left, None),
        };
        if let Some(found) = self.text.get(segment).and_then(|node| node.find(next, values)) {
            return Some(found);
        }
        // An empty segment is text: no parameter stands for it.
        if !segment.is_empty()
            && let Some(found) = self.find_param(segment, next, values)
        {
            return Some(found);
        }
        self.rest.as_ref().filter(|_| !left.is_empty()).inspect(|_| values.push(left))
    }

    fn find_param<'p>(&self, segment: &'p str, next: Option<&'p str>, values: &mut Values<'p>) -> Option<&T> {
        let mixed = self.mixed.iter().find_map(|mixed| mixed.node.bind(mixed.value(segment)?, next, values));
        mixed.or_else(|| self.param.as_ref()?.bind(segment, next, values))
    }

    /// Takes `value` for the parameter that led here, and goes on; forgets it where that leads nowhere.
    fn bind<'p>(&self, value: &'p str, next: Option<&'p str>, values: &mut Values<'p>) -> Option<&T> {
        let mark = values.len();
        values.push(value);
        let found = self.find(next, values);
        if found.is_none() {
            values.truncate(mark);
        }
        found
    }
}

impl<T> Mixed<T> {
    /// What stands between the texts.
    fn value<'p>(&self, segment: &'p str) -> Option<&'p str> {
        let value = segment.strip_prefix(&*self.before)?.strip_suffix(&*self.after)?;
        (!value.is_empty()).then_some(value)
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
        let index = *tree.find(path, &mut values)?;
        Some((index, values.iter().collect()))
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
    fn values_of_a_way_that_leads_nowhere_are_forgotten() {
        let tree = tree(&["/a/{x}/{y}/end", "/{p}/{*rest}"]);
        assert_eq!(found(&tree, "/a/1/2/end"), Some((0, vec!["1", "2"])));
        assert_eq!(found(&tree, "/a/1/2/3"), Some((1, vec!["a", "1/2/3"])));
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
