//! What is wrong with a collection of routes: found when the app is built, all of it at once.

use std::fmt;

use super::location::Location;

/// Why a collection of routes is no app. It holds everything that was found, each with its places in the source.
#[derive(Clone, PartialEq, Eq)]
pub struct BuildError {
    problems: Vec<Problem>,
}

/// One thing that is wrong with a collection of routes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// What is wrong, in words.
    pub what: String,
    /// Where, the cause first.
    pub places: Vec<Location>,
}

impl BuildError {
    /// At least one problem.
    pub(crate) fn new(problems: Vec<Problem>) -> BuildError {
        debug_assert!(!problems.is_empty(), "an error says what is wrong");
        BuildError { problems }
    }

    /// Everything that was found; at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.problems.len() == 1 { " " } else { "\n  " };
        f.write_str("the routes do not fit:")?;
        self.problems.iter().try_for_each(|problem| write!(f, "{separator}{problem}"))
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for (index, place) in self.places.iter().enumerate() {
            let joint = if index == 0 { ": at" } else { " and at" };
            write!(f, "{joint} {place}")?;
        }
        Ok(())
    }
}
