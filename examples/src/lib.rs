//! What the examples share: the body they answer with, their command line, and the line that says they are ready.
//!
//! The three servers that are compared (`std_example`, `tokio_example`, `hop_example`) differ in how they serve and in
//! nothing else, so everything else lives here, once.

pub mod flags;
mod tasks;

pub use flags::{Flag, Flags};
pub use tasks::report_tasks;

/// What each of the compared servers answers to `GET /`: 28 bytes of plain text.
pub const BODY: &str = "hello from http over polling";

/// The media type of [`BODY`].
pub const BODY_TYPE: &str = "text/plain; charset=utf-8";

const _: () = assert!(BODY.len() == 28);

const ADDR: Flag = Flag::new("--addr", "HOST:PORT", "127.0.0.1:8080", "where to listen; port 0 takes any free port");
const WORKERS: Flag = Flag::new("--workers", "N", "", "how many threads serve (default: one per core)");

/// The command line that every example understands: `--addr HOST:PORT` and `--workers N`.
#[derive(Debug)]
pub struct Options {
    /// Where to listen, `127.0.0.1:8080` unless told otherwise; `HOST:0` takes any free port.
    pub addr: String,
    /// How many worker threads serve, at least 1; one per core unless told otherwise.
    pub workers: usize,
    /// All flags by name, for those that one example adds.
    pub flags: Flags,
}

impl Options {
    /// Reads the command line of this process. `--help` prints `about` and the flags and ends the process with 0; a
    /// mistake is explained on standard error and ends it with 2.
    pub fn from_args(about: &str) -> Options {
        Options::with(about, &[])
    }

    /// [`Options::from_args`] with flags of one's own, found afterwards in [`Options::flags`].
    ///
    /// ```no_run
    /// use hop_examples::{Flag, Options};
    /// let options = Options::with("Serves a directory.", &[Flag::new("--root", "DIR", ".", "what to serve")]);
    /// println!("{} from {}", options.addr, options.flags.text("--root"));
    /// ```
    pub fn with(about: &str, own: &[Flag]) -> Options {
        let all = [&[ADDR, WORKERS], own].concat();
        Flags::from_args(about, &all, Options::from_flags)
    }

    fn from_flags(flags: Flags) -> Result<Options, String> {
        let workers = match flags.text("--workers") {
            "" => std::thread::available_parallelism().map_or(1, |cores| cores.get()),
            _ => flags.number("--workers")?,
        };
        if workers == 0 {
            return Err("--workers 0: at least one thread must serve".to_owned());
        }
        Ok(Options { addr: flags.text("--addr").to_owned(), workers, flags })
    }
}

/// Prints `listening on http://HOST:PORT`, the one line that scripts and benches wait for.
pub fn listening(addr: impl std::fmt::Display) {
    println!("listening on http://{addr}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(args: &[&str]) -> Result<Options, String> {
        Flags::read(&[ADDR, WORKERS], args.iter().map(|arg| (*arg).to_owned())).and_then(Options::from_flags)
    }

    #[test]
    fn without_arguments_it_listens_locally_with_a_worker_per_core() {
        let options = options(&[]).unwrap();
        assert_eq!(options.addr, "127.0.0.1:8080");
        assert!(options.workers >= 1);
    }

    #[test]
    fn address_and_workers_are_taken_in_both_spellings() {
        let options = options(&["--addr", "[::1]:0", "--workers=3"]).unwrap();
        assert_eq!((options.addr.as_str(), options.workers), ("[::1]:0", 3));
    }

    #[test]
    fn no_workers_at_all_is_refused() {
        assert!(options(&["--workers", "0"]).unwrap_err().contains("at least one"));
    }
}
