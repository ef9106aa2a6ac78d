//! Fuzz targets that run on stable Rust, each for a bounded number of inputs or, with `HOP_FUZZ_SECONDS`, of seconds.
//!
//! Each compares hop with a slower and simpler reading of the same rule: an input is cut differently, grown, or read by an
//! oracle that was written from the RFC.

use hop::unversioned::wire::chunk::{Chunked, Piece};
use hop::unversioned::wire::framing::{BodyLength, Seen};
use hop::unversioned::wire::head::{self, Head, HeadError, HeadLimits};
use hop_tests::check::Wire;
use hop_tests::fuzz;
use hop_tests::peer::{self, Message};
use hop_tests::rng::Rng;
use hop_tests::sim::wire::{Direct, inspect};

const LIMITS: HeadLimits = HeadLimits { head_bytes_max: 4096, line_bytes_max: 1024, headers_max: 20 };

#[test]
fn head() {
    fuzz::run("head", 20_000, |input, rng| {
        let whole = parsed(input);
        assert_eq!(parsed(input), whole, "parsing depends on the input alone");
        match &whole {
            Ok(None) => {
                assert!(head::check_partial(input, 0, &LIMITS).is_ok(), "an incomplete head is within its limits")
            }
            Ok(Some(used)) => {
                assert_is_strict(&input[..*used]);
                assert_eq!(parsed(&input[..*used]), whole, "what follows a head does not matter");
                let begun = rng.within(0..*used);
                assert_eq!(parsed(&input[..begun]), Ok(None), "a beginning of {begun} bytes is incomplete");
            }
            Err(_) => {
                let grown = [input, b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
                assert!(parsed(&grown).is_err(), "more bytes do not mend a bad head");
            }
        }
        let used = whole.ok().flatten();
        assert_end_is_found_in_any_cut(input, used, rng);
        used.is_some()
    });
}

/// The bytes that the head takes, or the status of its refusal.
fn parsed(input: &[u8]) -> Result<Option<usize>, u16> {
    let parsed = head::parse(input, &LIMITS).map_err(|error| error.status())?;
    Ok(parsed.map(|(used, head)| {
        assert!(head.fields.len() <= LIMITS.headers_max);
        used
    }))
}

/// An oracle for accepted heads, from RFC 9112 §2.2, §3 and §5.
fn assert_is_strict(head: &[u8]) {
    let text = head.strip_suffix(b"\r\n\r\n").expect("a head ends with an empty line");
    let text = &text[text.iter().position(|byte| !b"\r\n".contains(byte)).unwrap_or(0)..];
    let lines: Vec<&[u8]> = split_lines(text);
    assert!(
        lines.iter().all(|line| !line.contains(&b'\r') && !line.contains(&b'\n') && !line.contains(&0)),
        "line ends are CRLF"
    );
    let words: Vec<&[u8]> = lines[0].split(|&byte| byte == b' ').collect();
    assert!(
        words.len() == 3 && is_token(words[0]) && !words[1].is_empty() && words[2].starts_with(b"HTTP/1."),
        "a request line has three words"
    );
    assert!(lines[0].len() <= LIMITS.line_bytes_max && head.len() <= LIMITS.head_bytes_max, "limits hold");
    for line in &lines[1..] {
        let colon = line.iter().position(|&byte| byte == b':').expect("a field has a colon");
        assert!(is_token(&line[..colon]), "a field name is a token");
        assert!(
            line[colon..].iter().all(|&byte| byte == b'\t' || (b' '..0x7f).contains(&byte) || byte >= 0x80),
            "a value is field-content"
        );
    }
}

fn split_lines(text: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        lines.push(&rest[..end]);
        rest = &rest[end + 2..];
    }
    lines.push(rest);
    lines
}

fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// A dripped head is found to be whole where it is found when it comes at once.
fn assert_end_is_found_in_any_cut(input: &[u8], used: Option<usize>, rng: &mut Rng) {
    let mut came = 0;
    let mut searched = 0;
    for cut in fuzz::cuts(input.len(), rng) {
        came += cut;
        if let Some(end) = head::find_end(&input[..came], searched) {
            assert_eq!(Some(end), head::find_end(input, 0), "the end does not depend on the cut");
            assert!(used.is_none_or(|used| used == end), "the end of an accepted head is where its parser says");
            return;
        }
        searched = came;
    }
    assert_eq!(head::find_end(input, 0), None);
    assert_eq!(used, None, "an accepted head has an end");
}

/// httparse is the oracle: of lines that end with CRLF both accept the same, see the same fields in it, and wait for more alike.
#[test]
fn fields() {
    const LINE: &[u8] = b"GET / HTTP/1.1\r\n";
    fuzz::run("fields", 20_000, |input, _| {
        let lines = &input[input.windows(2).position(|two| two == b"\r\n").map_or(0, |end| end + 2)..];
        let head = [LINE, lines].concat();
        let any_size = HeadLimits { head_bytes_max: usize::MAX, headers_max: usize::MAX, ..LIMITS };
        let parsed = head::parse(&head, &any_size);
        let seen = parsed.map(|parsed| parsed.map(|(used, head)| (used - LINE.len(), head.fields.iter().collect())));
        match &seen {
            Ok(Some((used, _))) => {
                assert!(ends_lines_with_crlf(&lines[..*used]));
                assert_eq!(fields_by_httparse(&lines[..*used]).as_ref(), seen.as_ref().ok());
            }
            _ if ends_lines_with_crlf(lines) => assert_eq!(fields_by_httparse(lines).as_ref(), seen.as_ref().ok()),
            _ => {}
        }
        matches!(seen, Ok(Some(_)))
    });
}

fn ends_lines_with_crlf(lines: &[u8]) -> bool {
    let mut bytes_before = [0].iter().chain(lines);
    lines.iter().all(|byte| bytes_before.next() == Some(&b'\r') || *byte != b'\n')
}

/// The bytes that fields take, the empty line included, and the fields; `None` while they are not whole.
type FieldsRead<'b> = Option<(usize, Vec<(&'b str, &'b [u8])>)>;

fn fields_by_httparse(lines: &[u8]) -> Option<FieldsRead<'_>> {
    let mut room = vec![httparse::EMPTY_HEADER; lines.len() / "a:\r\n".len() + 1];
    match httparse::parse_headers(lines, &mut room).ok()? {
        httparse::Status::Complete((used, fields)) => {
            Some(Some((used, fields.iter().map(|field| (field.name, field.value)).collect())))
        }
        httparse::Status::Partial => Some(None),
    }
}

#[test]
fn framing() {
    fuzz::run("framing", 20_000, |input, _| {
        let mut seen = Seen::default();
        let each = |name, value| seen.field(name, value).map_err(|_| HeadError::FieldValue);
        let Ok(Some((_, head))) = head::parse_with(input, &LIMITS, each) else { return false };
        let Ok(framing) = seen.decide(head.version) else { return false };
        let lengths: Vec<&[u8]> = head.fields.named("Content-Length").collect();
        let codings: Vec<u8> = head.fields.named("Transfer-Encoding").collect::<Vec<_>>().join(&b',');
        let coded = head.fields.named("Transfer-Encoding").next().is_some();
        match framing.body {
            BodyLength::None => assert!(lengths.is_empty() && !coded, "no length is declared"),
            BodyLength::Exact(length) => {
                assert!(!coded, "Transfer-Encoding overrides Content-Length (RFC 9112 §6.3)");
                assert_eq!(
                    lengths.iter().map(|value| decimal(value)).collect::<Vec<_>>(),
                    vec![Some(length); lengths.len()]
                );
            }
            BodyLength::Chunked => {
                assert!(lengths.is_empty(), "both lengths are a smuggling attempt (RFC 9112 §6.1)");
                let named: Vec<Vec<u8>> =
                    codings.split(|&byte| byte == b',').map(|one| one.trim_ascii().to_ascii_lowercase()).collect();
                let named: Vec<&Vec<u8>> = named.iter().filter(|one| !one.is_empty()).collect();
                assert_eq!(named, [b"chunked"], "only chunked, and once");
            }
        }
        assert_host_is_there_once(&head);
        assert_persistence_is_asked_for(&head, framing.keep_alive);
        framing.body != BodyLength::None
    });
}

/// The number that a Content-Length is, by RFC 9110 §8.6: digits only.
fn decimal(value: &[u8]) -> Option<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value).ok().filter(|_| digits)?.parse().ok()
}

fn assert_host_is_there_once(head: &Head<'_>) {
    let hosts = head.fields.named("Host").count();
    assert!(hosts == 1 || hosts == 0 && head.version == head::Version::Http10, "RFC 9112 §3.2");
}

fn assert_persistence_is_asked_for(head: &Head<'_>, keep_alive: bool) {
    let says = |option: &[u8]| {
        let mut options = head.fields.named("Connection").flat_map(|value| value.split(|&byte| byte == b','));
        options.any(|one| one.trim_ascii().eq_ignore_ascii_case(option))
    };
    assert!(!keep_alive || !says(b"close"), "RFC 9112 §9.3");
    assert!(
        !keep_alive || head.version == head::Version::Http11 || says(b"keep-alive"),
        "1.0 does not persist by itself"
    );
}

#[test]
fn chunk() {
    fuzz::run("chunk", 20_000, |input, rng| {
        let body = &input[body_start(input)..];
        let whole = decoded(body, [body.len()]);
        let cut = decoded(body, fuzz::cuts(body.len(), rng));
        assert_eq!(cut, whole, "the cut does not matter");
        match (&whole, oracle(body)) {
            (Decoded::Whole(data, used), Some((want, end))) => assert_eq!((data, *used), (&want, end)),
            (Decoded::Whole(..), None) => panic!("the oracle does not accept this body"),
            _ => {}
        }
        matches!(whole, Decoded::Whole(..))
    });
}

/// Behind the first empty line, so that fixtures with a head lend their bodies.
fn body_start(input: &[u8]) -> usize {
    input.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| at + 4)
}

#[derive(Debug, PartialEq)]
enum Decoded {
    /// Data, and the bytes of the input that the body takes.
    Whole(Vec<u8>, usize),
    /// The data so far.
    Begun(Vec<u8>),
    Refused,
}

/// What [`Chunked`] makes of `body` if it comes in reads of these lengths.
fn decoded(body: &[u8], cuts: impl IntoIterator<Item = usize>) -> Decoded {
    let mut chunked = Chunked::default();
    let (mut data, mut at, mut came) = (Vec::new(), 0, 0);
    for cut in cuts {
        came += cut;
        loop {
            match chunked.next(&body[at..came]) {
                Err(_) => return Decoded::Refused,
                Ok(None) => break,
                Ok(Some((used, piece))) => {
                    assert!(used > 0 && at + used <= came, "progress, within the input");
                    if let Piece::Data { start, len } = piece {
                        assert!(len > 0 && start + len == used, "data ends the bytes used");
                        data.extend_from_slice(&body[at + start..at + start + len]);
                    }
                    at += used;
                    if matches!(piece, Piece::End { .. }) {
                        return Decoded::Whole(data, at);
                    }
                }
            }
        }
    }
    Decoded::Begun(data)
}

/// A body in chunks by RFC 9112 §7.1, read the slow way and without looking into extensions: its data and its end.
fn oracle(body: &[u8]) -> Option<(Vec<u8>, usize)> {
    let line_end = |at: usize| body[at..].windows(2).position(|window| window == b"\r\n").map(|len| at + len);
    let (mut data, mut at) = (Vec::new(), 0);
    loop {
        let end = line_end(at)?;
        let digits = body[at..end].split(|byte| b"; \t".contains(byte)).next()?;
        let size = digits
            .iter()
            .try_fold(0_usize, |size, &byte| Some(size.checked_mul(16)? + char::from(byte).to_digit(16)? as usize))?;
        at = end + 2;
        if digits.is_empty() {
            return None;
        }
        if size == 0 {
            break;
        }
        data.extend_from_slice(body.get(at..at.checked_add(size)?)?);
        at += size + 2;
        if body.get(at - 2..at)? != b"\r\n" {
            return None;
        }
    }
    loop {
        let end = line_end(at)?;
        let empty = end == at;
        at = end + 2;
        if empty {
            return Some((data, at));
        }
    }
}

#[test]
fn engine() {
    fuzz::run("engine", 3_000, |input, rng| {
        let whole = answered(input, [input.len()]);
        let cut = answered(input, fuzz::cuts(input.len(), rng));
        assert_eq!(cut.served, whole.served, "the cut does not matter to what is served");
        // Input with several faults may be refused for any of them, and a head that never ends by the clock.
        assert_eq!(cut.refused.is_some(), whole.refused.is_some(), "the cut does not matter to what is refused");
        !whole.served.is_empty()
    });
}

/// What an engine that repeats what it understands says to some input, until it has waited for too long.
#[derive(Debug, PartialEq)]
struct Answered {
    /// The requests that it has understood, in its own words.
    served: Vec<Vec<u8>>,
    /// The status of the refusal that ended the connection.
    refused: Option<u16>,
}

fn answered(input: &[u8], cuts: impl IntoIterator<Item = usize>) -> Answered {
    let mut wire = Direct::new(inspect());
    let mut at = 0;
    for cut in cuts {
        wire.send(&input[at..at + cut]);
        at += cut;
    }
    wire.advance(100 * 100);
    assert!(wire.closed(), "no input keeps a connection for ever");
    let mut answered = Answered { served: Vec::new(), refused: None };
    for (status, body) in finals(wire.output()) {
        assert_eq!(answered.refused, None, "nothing is answered after a refusal");
        match status {
            200 => answered.served.push(body),
            _ => answered.refused = Some(status),
        }
    }
    answered
}

/// The final responses: what was asked for is in them, so that one to a HEAD is known by the body that it lacks.
fn finals(output: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut finals = Vec::new();
    let mut at = 0;
    while at < output.len() {
        let rest = &output[at..];
        let end = rest.windows(4).position(|window| window == b"\r\n\r\n").map_or(rest.len(), |end| end + 4);
        let bodiless = rest.len() == end || rest[end..].starts_with(b"HTTP/1.1 ");
        let method = if bodiless { "HEAD" } else { "GET" };
        match peer::next(rest, method, true).expect("answers are well-formed") {
            Some((used, Message::Interim(_))) => at += used,
            Some((used, Message::Final(response))) => {
                assert!(response.complete, "answers are complete");
                finals.push((response.status, response.body));
                at += used;
            }
            None => panic!("an answer breaks off in its head"),
        }
    }
    finals
}
