//! Compile errors gathered while reading one route, reported together, each on the user's own token.
use proc_macro2::Span;
use quote::ToTokens;

/// Every error found so far. A macro that stops at the first one makes its user compile once per mistake.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Reports `message` on all the tokens of `culprit`.
    pub(crate) fn on(&mut self, culprit: impl ToTokens, message: impl Into<String>) {
        self.add(syn::Error::new_spanned(culprit, message.into()));
    }

    /// Reports `message` at `span`.
    pub(crate) fn at(&mut self, span: Span, message: impl Into<String>) {
        self.add(syn::Error::new(span, message.into()));
    }

    /// Adds an error that the parser raised.
    pub(crate) fn add(&mut self, error: syn::Error) {
        self.0 = Some(std::mem::take(self).and(error));
    }

    /// All errors, the last of which is `error`.
    pub(crate) fn and(self, error: syn::Error) -> syn::Error {
        match self.0 {
            Some(mut first) => {
                first.combine(error);
                first
            }
            None => error,
        }
    }

    /// The errors as one, or `None` if nothing was wrong.
    pub(crate) fn into_error(self) -> Option<syn::Error> {
        self.0
    }
}

/// The candidate that `word` was probably meant to be: the nearest within three edits, or `None`.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let edits_max = 3.min(word.len() / 2);
    candidates
        .into_iter()
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= edits_max)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean …?`, or nothing when no candidate is near.
pub(crate) fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    nearest(word, candidates).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// Levenshtein distance: insertions, deletions and replacements that turn `a` into `b`.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_count_insertions_deletions_and_replacements() {
        for (a, b, expected) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2)]
        {
            assert_eq!(edits(a, b), expected, "{a:?} to {b:?}");
        }
    }

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        assert_eq!(did_you_mean("limt", ["limit", "timeout"]), "; did you mean `limit`?");
        assert_eq!(did_you_mean("colour", ["limit", "timeout"]), "");
        assert_eq!(nearest("x", ["y"]), None, "one letter is near to every other one");
    }

    #[test]
    fn all_errors_are_kept_in_order() {
        let mut errors = Errors::default();
        errors.at(Span::call_site(), "first");
        errors.on(quote::quote!(a b), "second");
        let all: Vec<String> = errors.into_error().into_iter().flatten().map(|error| error.to_string()).collect();
        assert_eq!(all, ["first", "second"]);
    }
}
