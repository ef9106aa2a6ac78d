//! A place in somebody's source code, so that errors can name it.

use std::fmt;
use std::panic;

/// A place in the source code of an application.
///
/// ```
/// use hop::Location;
///
/// let here = Location::caller();
/// assert!(here.to_string().contains(".rs:"), "{here}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// The path of the file, as the compiler was given it.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl Location {
    /// Where the calling function was called, if that is `#[track_caller]`; otherwise where this is written.
    #[track_caller]
    pub fn caller() -> Location {
        let caller = panic::Location::caller();
        Location { file: caller.file(), line: caller.line(), column: caller.column() }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
