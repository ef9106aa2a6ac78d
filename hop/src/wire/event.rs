//! Server-Sent Events as text (WHATWG HTML §9.2).
//!
//! A line ends with CR, LF or CRLF. No value that a handler gives can end one: where it has several lines, each gets a field of its
//! own; where it cannot have several, the part from the first line end on is left out.

use std::borrow::Cow;
use std::time::Duration;

/// An event for `EventSource`: data, and what else the client is told with it.
///
/// Built from [`Event::data`], or [`Event::new`] for an event without data, by [`event`](Event::event), [`id`](Event::id),
/// [`retry`](Event::retry) and [`comment`](Event::comment). Text that lives as long as the program is not copied.
///
/// ```
/// use hop::Event;
/// use std::time::Duration;
///
/// let event = Event::data("two\nlines").event("news").id("7").retry(Duration::from_secs(3));
/// let mut out = Vec::new();
/// event.encode(&mut out);
/// assert_eq!(out, b"event: news\nid: 7\nretry: 3000\ndata: two\ndata: lines\n\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    data: Option<Cow<'static, str>>,
    event: Option<Cow<'static, str>>,
    id: Option<Cow<'static, str>>,
    comment: Option<Cow<'static, str>>,
    retry: Option<Duration>,
}

impl Event {
    /// Nothing yet. Without data the client raises no event, but takes over the rest.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// hop::Event::new().comment("keep-alive").encode(&mut out);
    /// assert_eq!(out, b": keep-alive\n\n");
    /// ```
    pub fn new() -> Event {
        Event::default()
    }

    /// An event with this text. Lines stay lines, whatever ends them; the client sees LF between them.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// hop::Event::data("a\r\nevent: b\rc").encode(&mut out);
    /// assert_eq!(out, b"data: a\ndata: event: b\ndata: c\n\n");
    /// ```
    pub fn data(text: impl Into<Cow<'static, str>>) -> Event {
        Event { data: Some(text.into()), ..Event::default() }
    }

    /// An event whose data is `value` as JSON, which has no line end in it.
    ///
    /// # Errors
    ///
    /// When `value` cannot be written as JSON, such as a map whose keys are no strings.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// hop::Event::json(&[1, 2])?.encode(&mut out);
    /// assert_eq!(out, b"data: [1,2]\n\n");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<Event, serde_json::Error> {
        serde_json::to_string(value).map(Event::data)
    }

    /// The event's name, `message` if there is none. It ends before its first CR, LF or NUL.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// hop::Event::data("1").event("tick\ndata: injected").encode(&mut out);
    /// assert_eq!(out, b"event: tick\ndata: 1\n\n");
    /// ```
    pub fn event(mut self, name: impl Into<Cow<'static, str>>) -> Event {
        self.event = Some(name.into());
        self
    }

    /// What the client says in `Last-Event-ID` when it comes again; empty: it says nothing any more. It ends before its first CR, LF
    /// or NUL, for clients ignore an id with NUL in it.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// hop::Event::data("1").id(42.to_string()).encode(&mut out);
    /// assert_eq!(out, b"id: 42\ndata: 1\n\n");
    /// ```
    pub fn id(mut self, id: impl Into<Cow<'static, str>>) -> Event {
        self.id = Some(id.into());
        self
    }

    /// How long the client waits before it comes again, in whole milliseconds.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// hop::Event::new().retry(std::time::Duration::from_millis(250)).encode(&mut out);
    /// assert_eq!(out, b"retry: 250\n\n");
    /// ```
    pub fn retry(mut self, wait: Duration) -> Event {
        self.retry = Some(wait);
        self
    }

    /// Text that the client ignores, such as a sign of life. Each of its lines becomes a comment.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// hop::Event::data("1").comment("for\npeople").encode(&mut out);
    /// assert_eq!(out, b": for\n: people\ndata: 1\n\n");
    /// ```
    pub fn comment(mut self, text: impl Into<Cow<'static, str>>) -> Event {
        self.comment = Some(text.into());
        self
    }

    /// Its text; empty without data.
    pub(crate) fn text(&self) -> &str {
        self.data.as_deref().unwrap_or_default()
    }

    /// What the client will say in `Last-Event-ID`, if the event changes that.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Appends the event as text, with the empty line that ends it. To be shared, it is encoded once.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// hop::Event::data("").encode(&mut out);
    /// assert_eq!(out, b"data: \n\n");
    /// ```
    pub fn encode(&self, out: &mut Vec<u8>) {
        if let Some(comment) = &self.comment {
            lines(out, b": ", comment);
        }
        if let Some(event) = &self.event {
            line(out, b"event: ", first_line(event));
        }
        if let Some(id) = &self.id {
            line(out, b"id: ", first_line(id));
        }
        if let Some(retry) = self.retry {
            let ms = u64::try_from(retry.as_millis()).unwrap_or(u64::MAX);
            line(out, b"retry: ", itoa::Buffer::new().format(ms).as_bytes());
        }
        if let Some(data) = &self.data {
            lines(out, b"data: ", data);
        }
        out.push(b'\n');
    }
}

impl From<&'static str> for Event {
    fn from(text: &'static str) -> Event {
        Event::data(text)
    }
}

impl From<String> for Event {
    fn from(text: String) -> Event {
        Event::data(text)
    }
}

/// One field for each line of `text`, also for the empty one behind a last line end.
fn lines(out: &mut Vec<u8>, name: &[u8], text: &str) {
    let mut rest = text.as_bytes();
    out.reserve(name.len() + rest.len() + 2);
    while let Some(end) = memchr::memchr2(b'\r', b'\n', rest) {
        line(out, name, &rest[..end]);
        let end_bytes = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = &rest[end + end_bytes..];
    }
    line(out, name, rest);
}

/// `value` has no line end in it.
fn line(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(value);
    out.push(b'\n');
}

fn first_line(text: &str) -> &[u8] {
    let text = text.as_bytes();
    &text[..memchr::memchr3(b'\r', b'\n', 0, text).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(event: &Event) -> String {
        let mut out = Vec::new();
        event.encode(&mut out);
        String::from_utf8(out).expect("it consists of texts")
    }

    /// What a client understands, read by the letter of WHATWG HTML §9.2.6: events as (name, data, last id).
    fn understood(stream: &str) -> Vec<(String, String, String)> {
        let stream = stream.replace("\r\n", "\n").replace('\r', "\n");
        let (mut events, mut name, mut data, mut id) = (Vec::new(), String::new(), String::new(), String::new());
        for line in stream.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" if line.is_empty() => {
                    if let Some(whole) = data.strip_suffix('\n') {
                        events.push((name.clone(), whole.into(), id.clone()));
                    }
                    (name, data) = Default::default();
                }
                "event" => name = value.into(),
                "data" => data += &format!("{value}\n"),
                "id" if !value.contains('\0') => id = value.into(),
                _ => {}
            }
        }
        events
    }

    #[test]
    fn data_arrives_with_its_lines_whatever_they_hold() {
        let data = [
            "",
            " leading",
            "a",
            "a\n",
            "\n",
            "\n\n",
            "a\n\nb",
            "a\r\rb",
            "a\r\n\r\nb",
            "a\n\rb",
            "event: x\ndata: y\n\nid: z",
            ": c",
            "\u{feff}\u{2028}\u{85}",
        ];
        for data in data {
            let lines = data.replace("\r\n", "\n").replace('\r', "\n");
            let event = Event::data(data).event("e").id("1").comment(data);
            assert_eq!(understood(&text(&event)), [("e".into(), lines, "1".into())], "{data:?}");
        }
    }

    #[test]
    fn names_and_ids_end_with_their_line() {
        for end in ["\n", "\r", "\r\n", "\0"] {
            let value = format!("a{end}data: injected{end}{end}data: again");
            let event = Event::data("d").event(value.clone()).id(value);
            assert_eq!(text(&event), "event: a\nid: a\ndata: d\n\n", "{end:?}");
        }
        assert_eq!(text(&Event::data("d").id("")), "id: \ndata: d\n\n");
    }

    #[test]
    fn the_wait_is_whole_milliseconds() {
        assert_eq!(text(&Event::new().retry(Duration::from_micros(1999))), "retry: 1\n\n");
        assert_eq!(text(&Event::new().retry(Duration::MAX)), format!("retry: {}\n\n", u64::MAX));
    }

    #[test]
    fn texts_become_events() {
        assert_eq!(Event::from("a"), Event::data("a"));
        assert_eq!(Event::from(String::from("a")), Event::data("a"));
    }

    #[cfg(feature = "json")]
    #[test]
    fn json_is_one_line() {
        let event = Event::json("a\nb\r\u{2028}").expect("a string is JSON");
        assert_eq!(text(&event), "data: \"a\\nb\\r\u{2028}\"\n\n");
        assert!(Event::json(&std::collections::BTreeMap::from([((1, 2), 3)])).is_err());
    }
}
