//! Raw HTTP/1.1 exchanges as reviewable text: what a client writes, and what the RFCs let a server do about it.
//!
//! One file per class of input, `fixtures/h1/*.http`. A case reads like this:
//!
//! ```text
//! case ck-ext-name                       its name, unique over all files
//! level must                             must | should | may: how firmly the RFC says so
//! rule 9112-7.1.1 MUST ignore …          the clause (9110-… and 9112-… are RFC numbers)
//! from llhttp                            the project or document that the case was learnt from
//! prefer first                           both outcomes are legal, but hop has to choose the first
//! > POST / HTTP/1.1\r\n                  bytes, with \r \n \t \0 \\ \xNN escaped; the line's own end counts for nothing
//! >*4000 v                               the same bytes 4000 times
//! > @sentinel                            a request that follows and exposes lost framing, see [`SENTINEL`]
//! pause                                  here the client waits until it has been told to go on
//! expect
//!   answer POST "/" body "hello"         200 for this request; `_` stands for any target or body, `"a" | "b"` for either
//!   answer OPTIONS anything              any successful answer
//!   close                                or: stay open | stay open or close | wait for more
//! or                                     another legal outcome
//!   refuse 400 (also 501) then close     or: … then close or go on | … then close or wait
//! ```

use std::fmt;

/// What `> @sentinel` stands for.
pub const SENTINEL: &[u8] = b"GET /sentinel HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

macro_rules! classes {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../fixtures/h1/", $name, ".http")))),*] };
}

/// The fixture files: class and text.
pub const CLASSES: &[(&str, &str)] = classes![
    "line-valid",
    "line-invalid",
    "version",
    "field-name",
    "field-value",
    "field-size",
    "host",
    "host-syntax",
    "content-length",
    "transfer-encoding",
    "cl-te",
    "chunk-valid",
    "chunk-invalid",
    "bare-lf-cr",
    "persistence",
    "expect",
    "upgrade",
    "incomplete",
];

/// Every case of every class.
///
/// # Panics
/// When a fixture does not parse, naming class, line and fault.
pub fn all() -> Vec<Case> {
    let cases_of = |(class, text): &(&'static str, &str)| {
        parse(class, text).unwrap_or_else(|fault| panic!("fixtures/h1/{class}.http:{fault}"))
    };
    CLASSES.iter().flat_map(cases_of).collect()
}

/// One exchange and the outcomes that are legal for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    /// The file that it stands in.
    pub class: &'static str,
    /// Its name, unique over all classes.
    pub id: String,
    /// How firmly the RFC demands one of [`Case::outcomes`].
    pub level: Level,
    /// The clause and its reason; empty where it speaks for itself.
    pub rule: String,
    /// Where the case was learnt.
    pub from: String,
    /// Whether hop has to choose the first outcome although others are legal.
    pub prefers_first: bool,
    /// What the client writes.
    pub raw: Vec<u8>,
    /// Offsets in [`Case::raw`] at which the client waits for an interim response or for the answer.
    pub pauses: Vec<usize>,
    /// The legal outcomes, the preferred one first; at least one.
    pub outcomes: Vec<Outcome>,
}

/// How firmly an RFC demands something.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Level {
    /// MUST.
    #[default]
    Must,
    /// SHOULD.
    Should,
    /// MAY: several outcomes are listed, but nothing besides them.
    May,
}

/// One legal outcome of an exchange: some requests are answered, then the exchange ends in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The requests that have to be answered, in order.
    pub answers: Vec<Answer>,
    /// What follows the answers.
    pub ending: Ending,
}

/// A request as the server has to have understood it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The method.
    pub method: String,
    /// The targets that may be reported; empty where any will do.
    pub targets: Vec<Vec<u8>>,
    /// The request's body, if it matters.
    pub body: Option<Vec<u8>>,
    /// Whether any successful answer will do.
    pub anything: bool,
}

/// How an exchange ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// The server closes.
    Close,
    /// The server keeps the connection open.
    StayOpen,
    /// Either.
    OpenOrClosed,
    /// The server keeps the connection open because the last message is not complete.
    Wait,
    /// The server refuses with one of these statuses.
    Refuse {
        /// The statuses that the RFC names.
        best: Vec<u16>,
        /// Others that do no harm.
        also: Vec<u16>,
        /// What has to happen to the connection.
        then: Then,
    },
}

/// What happens to the connection after a refusal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Then {
    /// It is closed: the framing is lost.
    Close,
    /// It is closed or serves what follows: the framing is known.
    CloseOrGoOn,
    /// It is closed or waits, but answers nothing more.
    CloseOrWait,
}

/// What is wrong with a fixture, and in which line.
#[derive(Debug, PartialEq)]
pub struct Fault {
    line: usize,
    what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.what)
    }
}

/// The cases in the text of one fixture file.
pub fn parse(class: &'static str, text: &str) -> Result<Vec<Case>, Fault> {
    let mut cases: Vec<Case> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let fault = |what: String| Fault { line: index + 1, what };
        match (line.split_once(' '), cases.last_mut()) {
            _ if line.is_empty() || line.trim_start().starts_with('#') => {}
            (Some(("case", id)), _) => {
                cases.push(Case { class, id: unescape_text(id).map_err(fault)?, ..Case::default() })
            }
            (_, Some(case)) => case.add_line(line).map_err(fault)?,
            (_, None) => return Err(fault("a line before the first `case`".into())),
        }
    }
    Ok(cases)
}

impl Case {
    fn add_line(&mut self, line: &str) -> Result<(), String> {
        if let Some(step) = line.strip_prefix("  ") {
            let outcome = self.outcomes.last_mut().ok_or("an outcome before `expect`")?;
            return outcome.add_step(step);
        }
        match line.split_once(' ').unwrap_or((line, "")) {
            ("level", "must") => self.level = Level::Must,
            ("level", "should") => self.level = Level::Should,
            ("level", "may") => self.level = Level::May,
            ("rule", rule) => self.rule = unescape_text(rule)?,
            ("from", from) => self.from = from.into(),
            ("prefer", "first") => self.prefers_first = true,
            ("pause", "") => self.pauses.push(self.raw.len()),
            ("expect", "") if self.outcomes.is_empty() => self.outcomes.push(Outcome::start()),
            ("or", "") if !self.outcomes.is_empty() => self.outcomes.push(Outcome::start()),
            (">", "@sentinel") => self.raw.extend_from_slice(SENTINEL),
            (">", bytes) => self.raw.extend(unescape(bytes)?),
            (repeat, bytes) => {
                let times = repeat.strip_prefix(">*").and_then(|digits| digits.parse().ok());
                self.raw.extend(unescape(bytes)?.repeat(times.ok_or_else(|| format!("unknown line {line:?}"))?));
            }
        }
        Ok(())
    }
}

impl Outcome {
    fn start() -> Outcome {
        Outcome { answers: Vec::new(), ending: Ending::OpenOrClosed }
    }

    fn add_step(&mut self, step: &str) -> Result<(), String> {
        match step.split_once(' ').unwrap_or((step, "")) {
            ("answer", answer) => self.answers.push(Answer::parse(answer)?),
            ("refuse", refusal) => self.ending = parse_refusal(refusal)?,
            _ => self.ending = parse_ending(step)?,
        }
        Ok(())
    }

    /// Whether the last message is refused or never comes whole, so that nothing of it was acted upon.
    pub fn leaves_message_unserved(&self) -> bool {
        matches!(self.ending, Ending::Wait | Ending::Refuse { .. })
    }
}

fn parse_ending(step: &str) -> Result<Ending, String> {
    Ok(match step {
        "close" => Ending::Close,
        "stay open" => Ending::StayOpen,
        "stay open or close" => Ending::OpenOrClosed,
        "wait for more" => Ending::Wait,
        _ => return Err(format!("unknown ending {step:?}")),
    })
}

/// `400 414 (also 431) then close`
fn parse_refusal(text: &str) -> Result<Ending, String> {
    let (statuses, then) = text.split_once(" then ").ok_or("a refusal without `then`")?;
    let (best, also) = statuses.split_once(" (also ").unwrap_or((statuses, ")"));
    let also = also.strip_suffix(')').ok_or("`(also` without its end")?;
    let then = match then {
        "close" => Then::Close,
        "close or go on" => Then::CloseOrGoOn,
        "close or wait" => Then::CloseOrWait,
        _ => return Err(format!("unknown end of a refusal {then:?}")),
    };
    Ok(Ending::Refuse { best: parse_statuses(best)?, also: parse_statuses(also)?, then })
}

fn parse_statuses(text: &str) -> Result<Vec<u16>, String> {
    text.split_whitespace().map(|status| status.parse().map_err(|_| format!("no status: {status:?}"))).collect()
}

impl Answer {
    /// `POST "/a" | "/b" body "hello"`, with `_` for any target or body, or `OPTIONS anything`
    fn parse(text: &str) -> Result<Answer, String> {
        let (method, rest) = text.split_once(' ').ok_or("an answer without a target")?;
        if rest == "anything" {
            return Ok(Answer { method: method.into(), targets: Vec::new(), body: None, anything: true });
        }
        let (targets, body) = rest.split_once(" body ").ok_or("an answer without `body`")?;
        let targets = match targets {
            "_" => Vec::new(),
            quoted => quoted.split(" | ").map(parse_quoted_sum).collect::<Result<_, _>>()?,
        };
        let body = if body == "_" { None } else { Some(parse_quoted_sum(body)?) };
        Ok(Answer { method: method.into(), targets, body, anything: false })
    }
}

/// `"/" + "a"*7900`
fn parse_quoted_sum(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for term in text.split(" + ") {
        let (quoted, times) = match term.rsplit_once("\"*") {
            Some((start, times)) => (start, times.parse().map_err(|_| format!("no number: {times:?}"))?),
            None => (term.strip_suffix('"').ok_or("a quote is missing")?, 1),
        };
        bytes.extend(unescape(quoted.strip_prefix('"').ok_or("a quote is missing")?)?.repeat(times));
    }
    Ok(bytes)
}

fn unescape_text(text: &str) -> Result<String, String> {
    unescape(text).map(|bytes| bytes.iter().map(|&byte| char::from(byte)).collect())
}

fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let unescaped = match byte {
            b'\\' => unescape_one(&mut rest).ok_or_else(|| format!("bad escape in {text:?}"))?,
            b' '..=b'~' => byte,
            _ => return Err(format!("unescaped byte {byte:#x} in {text:?}")),
        };
        bytes.push(unescaped);
    }
    Ok(bytes)
}

fn unescape_one(rest: &mut std::str::Bytes<'_>) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|value| value as u8);
    match rest.next()? {
        b'r' => Some(b'\r'),
        b'n' => Some(b'\n'),
        b't' => Some(b'\t'),
        b'0' => Some(0),
        b'x' => Some(digit(rest.next()?)? << 4 | digit(rest.next()?)?),
        byte @ (b'\\' | b'"') => Some(byte),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Case {
        parse("expect", text).expect("the snippet parses").pop().expect("the snippet holds a case")
    }

    #[test]
    fn a_case_is_read_whole() {
        let case = one(
            "# about\ncase a\\\\b\nlevel should\nrule 9112-3\nfrom llhttp\nprefer first\n> A \\r\\n\n>*3 x\npause\n> @sentinel\n\
             expect\n  answer POST \"/a\" | \"/b\" body \"x\"*3\n  answer GET _ body _\n  close\nor\n  refuse 400 (also 501 505) then close or go on\n",
        );
        assert_eq!((case.id.as_str(), case.level, case.prefers_first), ("a\\b", Level::Should, true));
        assert_eq!(case.raw, [b"A \r\nxxx", SENTINEL].concat());
        assert_eq!(case.pauses, [7]);
        let answers = &case.outcomes[0].answers;
        assert_eq!(answers[0].targets, [b"/a", b"/b"]);
        assert_eq!((answers[0].body.as_deref(), &answers[1].body), (Some(&b"xxx"[..]), &None));
        assert_eq!(case.outcomes[0].ending, Ending::Close);
        let refusal = Ending::Refuse { best: vec![400], also: vec![501, 505], then: Then::CloseOrGoOn };
        assert_eq!(case.outcomes[1], Outcome { answers: vec![], ending: refusal });
    }

    #[test]
    fn bytes_are_escaped_in_one_way_only() {
        assert_eq!(unescape(r"\r\n\t\0\\\xfF"), Ok(b"\r\n\t\0\\\xff".to_vec()));
        assert!(["\\", "\\x1", "\\xg0", "\\q", "ä", "\t"].iter().all(|text| unescape(text).is_err()));
    }

    #[test]
    fn faults_name_their_line() {
        let faults = [
            "> early",
            "case a\nlevel much",
            "case a\n  close",
            "case a\nexpect\n  perhaps",
            "case a\nexpect\n  answer GET",
        ];
        let lines: Vec<usize> = faults.iter().map(|text| parse("expect", text).expect_err(text).line).collect();
        assert_eq!(lines, [1, 2, 2, 3, 3]);
    }

    #[test]
    fn the_collection_is_complete_and_well_formed() {
        let cases = all();
        let mut ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((cases.len(), ids.len(), CLASSES.len()), (371, 371, 18));
        assert!(cases.iter().all(|case| !case.raw.is_empty() && !case.outcomes.is_empty() && !case.from.is_empty()));
    }
}
