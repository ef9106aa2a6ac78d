//! Files as answers: single files, and directories below a path.
//!
//! Callers first: `mount` puts files among routes, `dir` and `one` are the handlers, `serve` goes from a name to an answer, `name` and `open`
//! keep it below the root, `redirect` leads to the path that it has, `answer` decides what is sent, with `conditional`, `range`, `multipart` and `coding`.

mod answer;
mod asked;
mod coding;
mod conditional;
mod dir;
mod kind;
mod mount;
mod multipart;
mod name;
mod one;
mod open;
mod options;
mod range;
mod redirect;
mod serve;
#[cfg(test)]
mod tests;
mod validator;

pub use self::dir::{StaticDir, dir};
pub use self::one::{StaticFile, file};
pub use self::open::Symlinks;
