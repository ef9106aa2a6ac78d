//! Plays a fixture against a server and judges the outcome.
//!
//! The server answers any method and target with 200 and the text `METHOD m\nTARGET t\nBODYLEN n\n\n<body>`, so that a
//! request that was understood wrongly shows. It is reached through [`Wire`], a connection without sockets.

use crate::fixture::{Answer, Case, Ending, Outcome, SENTINEL, Then};
use crate::peer::{self, Output, Response};

/// A connection to the server under test. All work that the input caused is done when [`Wire::send`] returns.
pub trait Wire {
    /// Delivers bytes that reach the server in one read; ignored once the server has closed.
    fn send(&mut self, piece: &[u8]);
    /// Everything that the server has sent.
    fn output(&self) -> &[u8];
    /// Whether the server has ended its side.
    fn closed(&self) -> bool;
}

/// How a case is cut into reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// All at once (but for the pauses that the case asks for).
    Whole,
    /// One byte a read; inputs over 1,200 bytes have their middle in 300 larger pieces.
    Bytes,
    /// Two reads, cut at this offset.
    At(usize),
}

/// Inputs up to this length are also played in every two-way split.
pub const SPLIT_BYTES_MAX: usize = 1200;

/// Plays `case` whole, byte by byte and in every two-way split, each time on a connection of its own.
///
/// # Errors
/// Every cut that led to an outcome that is not among the legal ones, and outcomes that depend on the cut.
pub fn check<W: Wire>(case: &Case, mut connect: impl FnMut() -> W) -> Result<(), String> {
    let mut complaints = Vec::new();
    let mut taken = Vec::new();
    for cut in cuts(case) {
        let seen = play(case, cut, connect());
        match judge(case, &seen) {
            Ok(index) => taken.push((cut, index)),
            Err(why) => complaints.push(format!("{cut:?}: {why}\n    got {}", seen.excerpt())),
        }
    }
    complaints.extend(disagreement(case, &taken));
    match complaints.len() {
        0 => Ok(()),
        count => Err(format!(
            "{}/{} ({:?}, {}): {count} complaints, first {}",
            case.class, case.id, case.level, case.rule, complaints[0]
        )),
    }
}

fn cuts(case: &Case) -> Vec<Cut> {
    let len = case.raw.len();
    let splits = if len <= SPLIT_BYTES_MAX { 1..len } else { 0..0 };
    [Cut::Whole, Cut::Bytes].into_iter().chain(splits.map(Cut::At)).collect()
}

/// Where the reads of `case` end under `cut`.
fn ends(case: &Case, cut: Cut) -> Vec<usize> {
    let len = case.raw.len();
    let mut ends: Vec<usize> = match cut {
        Cut::Whole => case.pauses.clone(),
        Cut::At(at) => vec![at],
        Cut::Bytes if len <= SPLIT_BYTES_MAX => (1..len).collect(),
        Cut::Bytes => (1..120).chain((120..len - 40).step_by((len / 300).max(1))).chain(len - 40..len).collect(),
    };
    ends.push(len);
    ends
}

/// What a client saw of one exchange.
struct Seen {
    output: Vec<u8>,
    closed: bool,
    /// Whether the server said something at each pause: `None` if the case has none or the cut passed over it.
    answered_pause: Option<bool>,
}

impl Seen {
    fn excerpt(&self) -> String {
        let shown = &self.output[..self.output.len().min(400)];
        format!("\"{}\", {}", shown.escape_ascii(), if self.closed { "closed" } else { "open" })
    }
}

fn play(case: &Case, cut: Cut, mut wire: impl Wire) -> Seen {
    let mut answered_pause = None;
    let mut start = 0;
    for end in ends(case, cut) {
        wire.send(&case.raw[start..end]);
        start = end;
        if case.pauses.contains(&end) && !wire.closed() {
            let told = peer::read(wire.output(), &[], false)
                .is_ok_and(|output| output.interim.len() + output.finals.len() > 0);
            answered_pause = Some(told && answered_pause != Some(false));
        }
    }
    Seen { output: wire.output().to_vec(), closed: wire.closed(), answered_pause }
}

/// The index of the outcome that was taken.
fn judge(case: &Case, seen: &Seen) -> Result<usize, String> {
    if seen.answered_pause == Some(false) {
        return Err("no 100 (nor final) while the client waits for it".into());
    }
    let legal = if case.prefers_first { &case.outcomes[..1] } else { &case.outcomes[..] };
    let mut reasons = Vec::new();
    for (index, outcome) in legal.iter().enumerate() {
        match is_outcome(case, outcome, seen) {
            Ok(()) => return Ok(index),
            Err(why) => reasons.push(why),
        }
    }
    reasons.dedup();
    Err(reasons.join(" | "))
}

/// The same bytes must not mean different things in different segments.
fn disagreement(case: &Case, taken: &[(Cut, usize)]) -> Option<String> {
    let (first_cut, first) = *taken.first()?;
    let (other_cut, other) = *taken.iter().find(|(_, index)| *index != first)?;
    let harmless = taken.iter().all(|(_, index)| case.outcomes[*index].leaves_message_unserved());
    (!harmless)
        .then(|| format!("differs by segmentation: outcome {first} for {first_cut:?}, {other} for {other_cut:?}"))
}

fn is_outcome(case: &Case, outcome: &Outcome, seen: &Seen) -> Result<(), String> {
    let methods: Vec<&str> = outcome.answers.iter().map(|answer| answer.method.as_str()).collect();
    let output = peer::read(&seen.output, &methods, seen.closed)?;
    for (index, (answer, response)) in outcome.answers.iter().zip(&output.finals).enumerate() {
        is_answer(answer, response).map_err(|why| format!("response {}: {why}", index + 1))?;
    }
    match &outcome.ending {
        Ending::Refuse { best, also, then } => {
            let refused = |status| best.contains(&status) || also.contains(&status);
            is_refusal(outcome, &output, seen.closed, refused, *then, case.raw.ends_with(SENTINEL))
        }
        ending => is_ending(outcome, &output, seen.closed, ending),
    }
}

fn is_answer(want: &Answer, got: &Response) -> Result<(), String> {
    if !got.complete {
        return Err("incomplete response".into());
    }
    let not_for_all = got.status == 405 && !matches!(want.method.as_str(), "GET" | "HEAD" | "POST");
    if !((200..400).contains(&got.status) || got.status == 404 || not_for_all) {
        return Err(format!("status {}", got.status));
    }
    if got.status != 200 || want.anything || matches!(want.method.as_str(), "HEAD" | "CONNECT") {
        return Ok(());
    }
    let echo = Echo::parse(&got.body).ok_or("not an echo body")?;
    if echo.method != want.method.as_bytes() {
        return Err(format!("method {:?}", echo.method.escape_ascii().to_string()));
    }
    if !want.targets.is_empty() && !want.targets.iter().any(|target| target == echo.target) {
        return Err(format!("target {:?}", echo.target.escape_ascii().to_string()));
    }
    match &want.body {
        Some(body) if body != echo.body => {
            Err(format!("a request body of {} bytes, want {}", echo.body.len(), body.len()))
        }
        _ => Ok(()),
    }
}

/// What the server under test says about a request.
struct Echo<'a> {
    method: &'a [u8],
    target: &'a [u8],
    body: &'a [u8],
}

impl<'a> Echo<'a> {
    fn parse(text: &'a [u8]) -> Option<Echo<'a>> {
        let blank = text.windows(2).position(|window| window == b"\n\n")?;
        let mut lines = text[..blank].split(|&byte| byte == b'\n');
        let method = lines.next()?.strip_prefix(b"METHOD ")?;
        let target = lines.next()?.strip_prefix(b"TARGET ")?;
        let body = &text[blank + 2..];
        let length = lines.next()?.strip_prefix(b"BODYLEN ")?;
        (length == body.len().to_string().as_bytes()).then_some(Echo { method, target, body })
    }
}

fn is_ending(outcome: &Outcome, output: &Output, closed: bool, ending: &Ending) -> Result<(), String> {
    let (got, want) = (output.finals.len(), outcome.answers.len());
    let statuses: Vec<u16> = output.finals.iter().map(|response| response.status).collect();
    if got != want {
        return Err(format!("got {got} responses {statuses:?}, want {want}"));
    }
    if !output.unfinished_head.is_empty() && *ending != Ending::OpenOrClosed {
        return Err("partial extra data".into());
    }
    match ending {
        Ending::Close if !closed => Err(format!("not closed after {want} responses")),
        Ending::StayOpen if closed => Err("closed, should stay open".into()),
        Ending::Wait if closed => Err("closed, should wait".into()),
        _ => Ok(()),
    }
}

fn is_refusal(
    outcome: &Outcome,
    output: &Output,
    closed: bool,
    refused: impl Fn(u16) -> bool,
    then: Then,
    sentinel_follows: bool,
) -> Result<(), String> {
    let served = outcome.answers.len();
    let Some(refusal) = output.finals.get(served) else {
        return is_silent_refusal(output, served, closed);
    };
    if !refused(refusal.status) {
        return Err(format!("status {} does not refuse as it should", refusal.status));
    }
    let after = &output.finals[served + 1..];
    let statuses = || after.iter().map(|response| response.status).collect::<Vec<_>>();
    match then {
        Then::CloseOrGoOn if after.is_empty() && !closed && sentinel_follows => {
            Err("refused, then neither closed nor served the next request".into())
        }
        Then::CloseOrGoOn
            if after.len() > 1 || after.first().is_some_and(|next| is_answer(&sentinel(), next).is_err()) =>
        {
            Err(format!("after the refusal: {:?}", statuses()))
        }
        Then::CloseOrGoOn => Ok(()),
        _ if !after.is_empty() => Err(format!("refused but went on: {:?}", statuses())),
        Then::Close if !closed => Err(format!("refused with {} but not closed", refusal.status)),
        Then::Close | Then::CloseOrWait => Ok(()),
    }
}

/// Closing without a word refuses as well, and RFC 9112 allows it, but hop always says why.
fn is_silent_refusal(output: &Output, served: usize, closed: bool) -> Result<(), String> {
    if output.finals.len() < served {
        return Err(format!("got {} responses before the refusal, want {served}", output.finals.len()));
    }
    match (closed, output.unfinished_head.is_empty()) {
        (true, true) => Err("closed without saying why".into()),
        (true, false) => Err("a cut response".into()),
        (false, _) => Err("no refusal, connection open".into()),
    }
}

fn sentinel() -> Answer {
    Answer { method: "GET".into(), targets: vec![b"/sentinel".to_vec()], body: Some(Vec::new()), anything: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    /// A server that is a function from everything that came in, read by read, to everything that it sends.
    struct Scripted<F> {
        server: F,
        reads: Vec<Vec<u8>>,
        output: Vec<u8>,
        closed: bool,
    }

    impl<F: Fn(&[Vec<u8>]) -> (Vec<u8>, bool)> Wire for Scripted<F> {
        fn send(&mut self, piece: &[u8]) {
            if !self.closed {
                self.reads.push(piece.to_vec());
                (self.output, self.closed) = (self.server)(&self.reads);
            }
        }
        fn output(&self) -> &[u8] {
            &self.output
        }
        fn closed(&self) -> bool {
            self.closed
        }
    }

    fn outcome_of(case: &str, server: impl Fn(&[Vec<u8>]) -> (Vec<u8>, bool) + Copy) -> Result<(), String> {
        let case = fixture::parse("test", case).expect("the case parses").pop().expect("the snippet holds a case");
        check(&case, || Scripted { server, reads: Vec::new(), output: Vec::new(), closed: false })
    }

    fn complaint(case: &str, server: impl Fn(&[Vec<u8>]) -> (Vec<u8>, bool) + Copy) -> String {
        outcome_of(case, server).expect_err("the server misbehaves")
    }

    fn response(status: u16, body: &str) -> Vec<u8> {
        format!("HTTP/1.1 {status} Text\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    /// Answers `status` and `body` when `want` bytes are there, and then closes if `close` says so.
    fn after(reads: &[Vec<u8>], want: usize, status: u16, body: &str, close: bool) -> (Vec<u8>, bool) {
        let came: usize = reads.iter().map(Vec::len).sum();
        if came < want { (Vec::new(), false) } else { (response(status, body), close) }
    }

    const GET: &str = "case get\n> GET / HTTP/1.1\\r\\n\\r\\n\nexpect\n  answer GET \"/\" body \"\"\n  close\n";
    const BAD: &str = "case bad\n> BAD\nexpect\n  refuse 400 (also 501) then close\n";
    const EITHER: &str =
        "case either\n> 12345\nexpect\n  answer GET \"/\" body \"\"\n  close\nor\n  refuse 400 then close\n";
    const ECHO: &str = "METHOD GET\nTARGET /\nBODYLEN 0\n\n";

    #[test]
    fn an_honest_server_passes() {
        assert_eq!(outcome_of(GET, |reads| after(reads, 18, 200, ECHO, true)), Ok(()));
        assert_eq!(outcome_of(BAD, |reads| after(reads, 1, 400, "", true)), Ok(()));
        assert_eq!(outcome_of(BAD, |reads| after(reads, 3, 501, "", true)), Ok(()));
    }

    #[test]
    fn wrong_answers_are_found() {
        let wrong = |body: &'static str| complaint(GET, move |reads: &[Vec<u8>]| after(reads, 18, 200, body, true));
        assert!(wrong("METHOD PUT\nTARGET /\nBODYLEN 0\n\n").contains("method"));
        assert!(wrong("METHOD GET\nTARGET /x\nBODYLEN 0\n\n").contains("target"));
        assert!(wrong("METHOD GET\nTARGET /\nBODYLEN 1\n\nx").contains("a request body of 1 bytes"));
        assert!(wrong("hello").contains("not an echo body"));
        assert!(complaint(GET, |reads| after(reads, 18, 500, "", true)).contains("status 500"));
    }

    #[test]
    fn wrong_endings_are_found() {
        assert!(complaint(GET, |reads| after(reads, 18, 200, ECHO, false)).contains("not closed"));
        assert!(complaint(GET, |reads| after(reads, 99, 200, ECHO, true)).contains("got 0 responses"));
        let open = GET.replace("  close", "  stay open");
        assert!(complaint(&open, |reads| after(reads, 18, 200, ECHO, true)).contains("should stay open"));
    }

    #[test]
    fn wrong_refusals_are_found() {
        assert!(complaint(BAD, |reads| after(reads, 1, 404, "", true)).contains("status 404"));
        assert!(complaint(BAD, |reads| after(reads, 1, 400, "", false)).contains("not closed"));
        assert!(complaint(BAD, |reads| after(reads, 9, 400, "", true)).contains("no refusal"));
        assert!(complaint(BAD, |_| (Vec::new(), true)).contains("without saying why"));
        assert!(complaint(BAD, |_| ([response(400, ""), response(200, "")].concat(), true)).contains("went on"));
    }

    #[test]
    fn an_outcome_that_depends_on_the_cut_is_found() {
        let fickle = |reads: &[Vec<u8>]| match reads.len() {
            1 if reads[0].len() == 5 => after(reads, 5, 200, ECHO, true),
            _ => after(reads, 5, 400, "", true),
        };
        assert!(complaint(EITHER, fickle).contains("differs by segmentation"));
        let preferring = EITHER.replace("> ", "prefer first\n> ");
        assert!(complaint(&preferring, |reads| after(reads, 5, 400, "", true)).contains("status 400"));
        assert_eq!(outcome_of(EITHER, |reads| after(reads, 5, 400, "", true)), Ok(()));
    }

    #[test]
    fn a_client_that_waits_has_to_be_told() {
        let waits = "case waits\n> head\npause\n> body\nexpect\n  answer GET \"/\" body \"\"\n  close\n";
        assert!(complaint(waits, |reads| after(reads, 8, 200, ECHO, true)).contains("no 100"));
        let told = |reads: &[Vec<u8>]| match reads.iter().map(Vec::len).sum::<usize>() {
            0..4 => (Vec::new(), false),
            came => {
                let (answer, closed) = after(reads, 8, 200, ECHO, true);
                ([b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), answer].concat(), closed && came == 8)
            }
        };
        assert_eq!(outcome_of(waits, told), Ok(()));
    }
}
