//! A command line in a hundred lines: `--name VALUE`, `--name=VALUE`, switches, defaults and `--help`.

use std::{fmt, str::FromStr};

/// One flag that a program understands.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    name: &'static str,
    value: &'static str,
    default: &'static str,
    help: &'static str,
}

impl Flag {
    /// A flag with a value: its name with the dashes, what to call the value in the help, the default (an empty one is
    /// not shown) and one line of help.
    pub const fn new(name: &'static str, value: &'static str, default: &'static str, help: &'static str) -> Flag {
        Flag { name, value, default, help }
    }

    /// A flag without a value: off unless it is given.
    pub const fn switch(name: &'static str, help: &'static str) -> Flag {
        Flag { name, value: "", default: "", help }
    }

    const fn is_switch(&self) -> bool {
        self.value.is_empty()
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usage = format!("{} {}", self.name, self.value);
        write!(f, "  {usage:<24} {}", self.help)?;
        if self.default.is_empty() { Ok(()) } else { write!(f, " (default: {})", self.default) }
    }
}

/// The values that a command line gave, or their defaults.
#[derive(Debug)]
pub struct Flags {
    values: Vec<(&'static str, String)>,
}

impl Flags {
    /// Reads this process' arguments and makes a `T` of them. `--help` prints `about` and the flags and ends the process
    /// with 0; a mistake is explained on standard error and ends it with 2.
    pub fn from_args<T>(about: &str, known: &[Flag], make: impl FnOnce(Flags) -> Result<T, String>) -> T {
        let args: Vec<String> = std::env::args().skip(1).collect();
        if args.iter().any(|arg| arg == "--help" || arg == "-h") {
            println!("{about}\n\n{}", help(known));
            std::process::exit(0);
        }
        Flags::read(known, args).and_then(make).unwrap_or_else(|mistake| {
            eprintln!("{mistake}\n\n{}", help(known));
            std::process::exit(2);
        })
    }

    /// Reads `args` (without the program's name). When a flag is given twice, the last one counts.
    ///
    /// # Errors
    /// Says in one sentence which argument is unknown, lacks its value, or has one too many.
    pub fn read(known: &[Flag], args: impl IntoIterator<Item = String>) -> Result<Flags, String> {
        let mut values: Vec<_> = known.iter().map(|flag| (flag.name, flag.default.to_owned())).collect();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let (name, inline) = match arg.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (arg.as_str(), None),
            };
            let at = known.iter().position(|flag| flag.name == name).ok_or(format!("unknown argument `{arg}`"))?;
            values[at].1 = match (known[at].is_switch(), inline) {
                (true, None) => "on".to_owned(),
                (true, Some(_)) => return Err(format!("{name} takes no value")),
                (false, Some(value)) => value,
                (false, None) => args.next().ok_or(format!("{name} needs a value: {}", known[at].value))?,
            };
        }
        Ok(Flags { values })
    }

    /// The value of a flag, or its default.
    ///
    /// # Panics
    /// When the program never declared a flag of this name.
    pub fn text(&self, name: &str) -> &str {
        let found = self.values.iter().find(|(known, _)| *known == name);
        &found.unwrap_or_else(|| panic!("no flag is called {name}")).1
    }

    /// Whether a switch was given.
    pub fn is_on(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// The value of a flag as a number.
    ///
    /// # Errors
    /// Says which flag was given what, when it is not a number of this type.
    pub fn number<N: FromStr>(&self, name: &str) -> Result<N, String> {
        let text = self.text(name).replace('_', "");
        text.parse().map_err(|_| format!("{name} {text}: not a number that fits"))
    }

    /// The values of a flag that takes a list parted by commas; empty parts are left out.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.text(name).split(',').filter(|part| !part.is_empty()).collect()
    }
}

fn help(known: &[Flag]) -> String {
    let lines: Vec<String> = known.iter().map(Flag::to_string).collect();
    format!("Options:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [Flag; 3] = [
        Flag::new("--rounds", "N", "5", "how often"),
        Flag::new("--only", "A,B", "", "which"),
        Flag::switch("--quick", "less of all"),
    ];

    fn read(args: &[&str]) -> Result<Flags, String> {
        Flags::read(&KNOWN, args.iter().map(|arg| (*arg).to_owned()))
    }

    #[test]
    fn defaults_stand_until_a_flag_is_given() {
        assert_eq!(read(&[]).unwrap().number("--rounds"), Ok(5));
        assert_eq!(read(&["--rounds", "1_000"]).unwrap().number("--rounds"), Ok(1000));
        assert!(!read(&[]).unwrap().is_on("--quick"));
        assert!(read(&["--quick"]).unwrap().is_on("--quick"));
    }

    #[test]
    fn a_list_is_parted_by_commas() {
        assert_eq!(read(&["--only=a,b,"]).unwrap().list("--only"), ["a", "b"]);
        assert!(read(&[]).unwrap().list("--only").is_empty());
    }

    #[test]
    fn mistakes_are_named() {
        assert!(read(&["--speed"]).unwrap_err().contains("--speed"));
        assert!(read(&["--rounds"]).unwrap_err().contains("needs a value"));
        assert!(read(&["--quick=1"]).unwrap_err().contains("takes no value"));
        assert!(read(&["--rounds", "many"]).unwrap().number::<u32>("--rounds").unwrap_err().contains("many"));
    }

    #[test]
    fn the_help_shows_every_flag_with_its_default() {
        assert!(help(&KNOWN).contains("--rounds N"));
        assert!(help(&KNOWN).contains("(default: 5)"));
    }
}
