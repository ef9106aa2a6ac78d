//! The chunked transfer coding of requests (RFC 9112 §7.1), read strictly: a size is hexadecimal digits and nothing else, every
//! line ends with CRLF, extensions follow their grammar and are then ignored.
//!
//! [`Chunked`] remembers where it is, so that a dripped body costs time linear in its length and no byte is looked at twice.

use std::ops::Range;

use super::ascii::{TEXT, TOKEN, is};
use super::trailer;

/// Bytes of chunk extensions and leading zeros that one body may carry beyond its data: they do nothing but cost.
///
/// Each data byte pays for one of them, so that signed chunks (AWS sends 85 bytes of extension with each 64 KiB) go on for ever.
pub const OVERHEAD_BYTES_MAX: u32 = 8 * 1024;

/// Bytes of a trailer section. It is held back until it is whole, so this bounds the input that must be kept.
pub const TRAILER_BYTES_MAX: usize = 8 * 1024;

/// Hexadecimal digits that fit into a `u64`, leading zeros aside.
const SIZE_DIGITS_MAX: u8 = 16;

/// The reader of one chunked body; `default()` stands before its first chunk.
///
/// Call [`Chunked::next`] with the unread input and consume what it says until it gives [`Piece::End`].
#[derive(Clone, Debug, Default)]
pub struct Chunked {
    /// Data bytes of this chunk that are still to come; while the size is being read, the size so far.
    left: u64,
    /// In the trailer section: how much of it was searched for its end. Before: extension bytes that no data has paid for.
    count: u32,
    step: Step,
    digits: u8,
}

const _: () = assert!(size_of::<Chunked>() <= 16);

/// What [`Chunked::next`] has found in the input that it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes between data: to be consumed, of no interest.
    Framing,
    /// Data: `input[start..start + len]`, up to the end of the bytes used; never empty.
    Data {
        /// Where it begins in the input.
        start: usize,
        /// Bytes of data.
        len: usize,
    },
    /// The body has ended.
    End {
        /// The trailer section within the bytes used, without its last empty line. Its fields are valid: see
        /// [`trailer::fields`].
        trailers: Range<usize>,
    },
}

/// Why a chunked body is refused. Nothing after it may be taken for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkError {
    /// A chunk does not begin with a hexadecimal size.
    Size,
    /// A chunk's size is beyond 2^64-1.
    SizeTooLarge,
    /// A chunk extension does not follow its grammar.
    Extension,
    /// More than [`OVERHEAD_BYTES_MAX`] of extensions.
    ExtensionsTooLong,
    /// A line of the coding does not end with CRLF, or data do not end where their size says.
    LineEnd,
    /// A line of the trailer section is not a field.
    Trailer,
    /// The trailer section is longer than [`TRAILER_BYTES_MAX`].
    TrailerTooLong,
}

/// What comes next. The names are those of RFC 9112 §7.1.1; whitespace is legal only where another part must follow it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Size,
    /// Whitespace before a semicolon.
    BeforeSemicolon,
    BeforeName,
    Name,
    /// Whitespace before an equals sign or a semicolon.
    AfterName,
    BeforeValue,
    Value,
    Quoted,
    QuotedPair,
    AfterQuoted,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    Trailers,
    Done,
}

impl ChunkError {
    /// The status that answers it (RFC 9110 §15.5.1, RFC 6585 §5).
    pub fn status(&self) -> u16 {
        match self {
            ChunkError::TrailerTooLong => 431,
            _ => 400,
        }
    }

    /// What was wrong, for people.
    pub fn what(&self) -> &'static str {
        match self {
            ChunkError::Size => "a chunk does not begin with a hexadecimal size",
            ChunkError::SizeTooLarge => "the size of a chunk is 2^64 or more",
            ChunkError::Extension => "a chunk extension is malformed",
            ChunkError::ExtensionsTooLong => "the chunk extensions are too long",
            ChunkError::LineEnd => "a line or the data of a chunk does not end with CRLF in its place",
            ChunkError::Trailer => "a line of the trailer section is not a field",
            ChunkError::TrailerTooLong => "the trailer section is too long",
        }
    }
}

impl Chunked {
    /// The next piece at the beginning of `input`, the unread bytes, and how many bytes it takes.
    ///
    /// `None`: more input is needed, and what is there must be presented again together with it. That is so for empty input and
    /// for a trailer section that is not whole. After [`Piece::End`] it gives `None` for ever.
    pub fn next(&mut self, input: &[u8]) -> Result<Option<(usize, Piece)>, ChunkError> {
        let mut at = 0;
        while let Some(&byte) = input.get(at) {
            match self.step {
                Step::Data => return Ok(Some(self.data(at, input.len() - at))),
                Step::Trailers => return self.trailers(input, at),
                Step::Done => break,
                _ => self.step = self.after(byte)?,
            }
            at += 1;
        }
        Ok((at > 0).then_some((at, Piece::Framing)))
    }

    /// Bytes of data still to come in the chunk whose size was read last; 0 between chunks. With it a body that will be too large
    /// can be refused before it arrives.
    pub fn chunk_left_bytes(&self) -> u64 {
        if self.step == Step::Data { self.left } else { 0 }
    }

    fn data(&mut self, start: usize, available: usize) -> (usize, Piece) {
        let len = usize::try_from(self.left).map_or(available, |left| left.min(available));
        self.left -= len as u64;
        self.count = self.count.saturating_sub(u32::try_from(len).unwrap_or(u32::MAX));
        if self.left == 0 {
            self.step = Step::DataCr;
        }
        (start + len, Piece::Data { start, len })
    }

    /// The step after `byte`, which belongs to a line of the coding.
    fn after(&mut self, byte: u8) -> Result<Step, ChunkError> {
        match (self.step, byte) {
            (Step::Size, _) => self.size(byte),
            (Step::SizeLf, b'\n') => Ok(self.begin_data()),
            (Step::DataCr, b'\r') => Ok(Step::DataLf),
            (Step::DataLf, b'\n') => Ok(Step::Size),
            (Step::SizeLf | Step::DataCr | Step::DataLf, _) => Err(ChunkError::LineEnd),
            _ => self.extension(byte),
        }
    }

    fn size(&mut self, byte: u8) -> Result<Step, ChunkError> {
        let Some(digit) = char::from(byte).to_digit(16) else { return self.size_end(byte) };
        if self.left == 0 && self.digits > 0 {
            self.spend()?;
            self.digits = 0;
        }
        if self.digits == SIZE_DIGITS_MAX {
            return Err(ChunkError::SizeTooLarge);
        }
        self.digits += 1;
        self.left = self.left << 4 | u64::from(digit);
        Ok(Step::Size)
    }

    fn size_end(&mut self, byte: u8) -> Result<Step, ChunkError> {
        if self.digits == 0 {
            return Err(ChunkError::Size);
        }
        match byte {
            b'\r' => Ok(Step::SizeLf),
            b';' => Ok(Step::BeforeName),
            b' ' | b'\t' => Ok(Step::BeforeSemicolon),
            _ => Err(ChunkError::Size),
        }
    }

    fn begin_data(&mut self) -> Step {
        self.digits = 0;
        if self.left > 0 {
            return Step::Data;
        }
        self.count = 0;
        Step::Trailers
    }

    /// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS ( token / quoted-string ) ] )`
    fn extension(&mut self, byte: u8) -> Result<Step, ChunkError> {
        self.spend()?;
        let blank = matches!(byte, b' ' | b'\t');
        match self.step {
            Step::BeforeSemicolon | Step::BeforeName | Step::BeforeValue | Step::AfterName if blank => Ok(self.step),
            Step::BeforeName | Step::Name if is(TOKEN, byte) => Ok(Step::Name),
            Step::Name if blank => Ok(Step::AfterName),
            Step::Name | Step::AfterName if byte == b'=' => Ok(Step::BeforeValue),
            Step::BeforeValue | Step::Value if is(TOKEN, byte) => Ok(Step::Value),
            Step::BeforeValue if byte == b'"' => Ok(Step::Quoted),
            Step::Quoted => quoted(byte),
            Step::QuotedPair if is(TEXT, byte) => Ok(Step::Quoted),
            Step::Value | Step::AfterQuoted if blank => Ok(Step::BeforeSemicolon),
            Step::Name | Step::AfterName | Step::Value | Step::AfterQuoted | Step::BeforeSemicolon if byte == b';' => {
                Ok(Step::BeforeName)
            }
            Step::Name | Step::Value | Step::AfterQuoted if byte == b'\r' => Ok(Step::SizeLf),
            _ => Err(ChunkError::Extension),
        }
    }

    /// Counts a byte that carries nothing.
    fn spend(&mut self) -> Result<(), ChunkError> {
        self.count += 1;
        if self.count > OVERHEAD_BYTES_MAX { Err(ChunkError::ExtensionsTooLong) } else { Ok(()) }
    }

    /// The trailer section at `input[start..]`: taken only when it is whole.
    fn trailers(&mut self, input: &[u8], start: usize) -> Result<Option<(usize, Piece)>, ChunkError> {
        let section = &input[start..];
        let Some(len) = self.trailers_end(section)? else {
            return Ok((start > 0).then_some((start, Piece::Framing)));
        };
        if !trailer::is_valid(&section[..len]) {
            return Err(ChunkError::Trailer);
        }
        self.step = Step::Done;
        Ok(Some((start + len + 2, Piece::End { trailers: start..start + len })))
    }

    /// The length of the section without its last CRLF, when that has come. A bare LF that would end it is an error at once.
    fn trailers_end(&mut self, section: &[u8]) -> Result<Option<usize>, ChunkError> {
        match section {
            [b'\r', b'\n', ..] => return Ok(Some(0)),
            [b'\n', ..] => return Err(ChunkError::LineEnd),
            _ => {}
        }
        // Looked at again: the line end before the bytes that were not conclusive.
        let mut line = (self.count as usize).saturating_sub(2);
        while let Some(end) = memchr::memchr(b'\n', section.get(line..).unwrap_or_default()) {
            line += end + 1;
            match &section[line..] {
                [b'\r', b'\n', ..] if line <= TRAILER_BYTES_MAX => return Ok(Some(line)),
                [b'\n', ..] => return Err(ChunkError::LineEnd),
                _ => {}
            }
        }
        // The longest section that is allowed may still lack the LF of its empty line.
        if section.len() > TRAILER_BYTES_MAX + 1 {
            return Err(ChunkError::TrailerTooLong);
        }
        self.count = section.len() as u32;
        Ok(None)
    }
}

/// `qdtext`, a backslash that begins a `quoted-pair`, or the closing quote (RFC 9110 §5.6.4).
fn quoted(byte: u8) -> Result<Step, ChunkError> {
    match byte {
        b'"' => Ok(Step::AfterQuoted),
        b'\\' => Ok(Step::QuotedPair),
        _ if is(TEXT, byte) => Ok(Step::Quoted),
        _ => Err(ChunkError::Extension),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Data, trailer section and the bytes behind the body; `None` while it is not whole. Input comes in the parts given.
    type Outcome = Result<Option<(Vec<u8>, Vec<u8>, Vec<u8>)>, ChunkError>;

    fn read(parts: &[&[u8]]) -> Outcome {
        let mut chunked = Chunked::default();
        let (mut unread, mut data) = (Vec::new(), Vec::new());
        for (at, part) in parts.iter().enumerate() {
            unread.extend_from_slice(part);
            while let Some((used, piece)) = chunked.next(&unread)? {
                assert!(used > 0, "each piece takes something");
                match piece {
                    Piece::Framing => {}
                    Piece::Data { start, len } => {
                        assert!(len > 0 && start + len == used, "data end what is used");
                        data.extend_from_slice(&unread[start..used]);
                    }
                    Piece::End { trailers } => {
                        let behind = [&unread[used..], &parts[at + 1..].concat()].concat();
                        assert_eq!(chunked.next(&behind), Ok(None), "nothing is read behind the end");
                        return Ok(Some((data, unread[trailers].to_vec(), behind)));
                    }
                }
                unread.drain(..used);
            }
        }
        Ok(None)
    }

    /// The same outcome whole, in any two parts, and byte by byte.
    #[track_caller]
    fn check(input: &[u8], expected: Outcome) {
        let text = input.escape_ascii();
        assert_eq!(read(&[input]), expected, "{text}");
        for cut in 0..input.len() {
            assert_eq!(read(&[&input[..cut], &input[cut..]]), expected, "{text} cut at {cut}");
        }
        assert_eq!(read(&input.chunks(1).collect::<Vec<_>>()), expected, "{text} byte by byte");
    }

    #[track_caller]
    fn accepts(input: &str, data: &str, trailers: &str) {
        let behind = b"GET /".to_vec();
        let whole = [input.as_bytes(), &behind].concat();
        check(&whole, Ok(Some((data.into(), trailers.into(), behind))));
        for end in 0..input.len() {
            assert_eq!(read(&[&input.as_bytes()[..end]]), Ok(None), "the first {end} bytes of {input:?}");
        }
    }

    #[track_caller]
    fn refuses(error: ChunkError, inputs: &[&str]) {
        assert!([400, 431].contains(&error.status()) && !error.what().is_empty());
        for input in inputs {
            check(input.as_bytes(), Err(error));
        }
    }

    #[test]
    fn chunks_are_read_up_to_the_empty_one() {
        // RFC 9112 §7.1
        accepts("0\r\n\r\n", "", "");
        accepts("5\r\nhello\r\n0\r\n\r\n", "hello", "");
        accepts("a\r\n0123456789\r\n1\r\n\r\r\n0\r\n\r\n", "0123456789\r", "");
        accepts("4\r\n\r\n\0\n\r\n0\r\n\r\n", "\r\n\0\n", "");
        accepts("1e\r\nall your base are belong to us\r\n00\r\n\r\n", "all your base are belong to us", "");
    }

    #[test]
    fn leading_zeros_change_nothing() {
        accepts("00000000000000000000005\r\nhello\r\n000\r\n\r\n", "hello", "");
    }

    #[test]
    fn a_size_is_hexadecimal_digits_and_nothing_else() {
        let sizes =
            ["g", "+5", "-5", "0_5", " 5", "\t5", "", ";5", "5x", "5\0", "0x5", "\r\n5", "INVALID!!!", "\u{ff15}"];
        for size in sizes {
            refuses(ChunkError::Size, &[&format!("{size}\r\nhello\r\n0\r\n\r\n")]);
        }
        refuses(ChunkError::Size, &["5\n", "5\r\nhello\r\n\r\n0\r\n\r\n"]);
    }

    #[test]
    fn a_size_fits_into_64_bits() {
        check(b"ffffffffffffffff\r\nab", Ok(None));
        check(b"000008000000000000000\r\nab", Ok(None));
        refuses(ChunkError::SizeTooLarge, &["10000000000000005\r\nhello", "00ffffffffffffffff0\r\n", &"f".repeat(40)]);
    }

    #[test]
    fn what_a_chunk_announces_is_known_before_it_comes() {
        let mut chunked = Chunked::default();
        assert_eq!(chunked.next(b"ffffffffffffffff\r\n"), Ok(Some((18, Piece::Framing))));
        assert_eq!(chunked.chunk_left_bytes(), u64::MAX);
        assert_eq!(chunked.next(b"abc"), Ok(Some((3, Piece::Data { start: 0, len: 3 }))));
        assert_eq!(chunked.chunk_left_bytes(), u64::MAX - 3);
    }

    #[test]
    fn extensions_are_ignored() {
        // RFC 9112 §7.1.1; blanks around semicolon and equals sign by RFC 9110 §5.6.3
        for extension in [
            ";a",
            ";a=b",
            ";a;b=c;d",
            "; a",
            " ;a",
            "\t;\ta",
            ";a = b",
            ";a =b ;c",
            ";a=\"\"",
            ";a=\"b c;\\\"d\\\\\t\u{e4}\" ; e=f",
        ] {
            accepts(&format!("5{extension}\r\nhello\r\n0{extension}\r\n\r\n"), "hello", "");
        }
    }

    #[test]
    fn extensions_follow_their_grammar() {
        for extension in [
            " ",
            "\t",
            ";",
            ";;",
            "; ",
            ";a ",
            ";a=",
            ";a= ",
            ";a=b ",
            ";a b",
            ";a=b c",
            ";a=\"b",
            ";a=\"b\"c",
            ";a=\"b\\\0\"",
            ";a=\"\u{7f}\"",
            ";=b",
            ";(",
            " x",
            ";a\0",
            ";a=b\"",
        ] {
            refuses(ChunkError::Extension, &[&format!("5{extension}\r\nhello\r\n0\r\n\r\n")]);
        }
    }

    #[test]
    fn every_line_and_all_data_end_with_crlf() {
        // RFC 9112 §2.2, §7.1
        refuses(
            ChunkError::LineEnd,
            &[
                "5\r\rhello",
                "5\rX",
                "5;a\rX",
                "5\r\nhello\n0\r\n\r\n",
                "5\r\nhelloXX",
                "5\r\nhello\rX",
                "5\r\nhello0\r\n\r\n",
                "1\r0\n",
                "0\r\n\n",
                "0\r\nX: y\n\n",
                "0\r\nX: y\r\n\n",
            ],
        );
        refuses(ChunkError::Extension, &["5;a\nhello"]);
    }

    #[test]
    fn a_trailer_section_comes_whole() {
        // RFC 9112 §7.1.2
        accepts("0\r\nX: y\r\n\r\n", "", "X: y\r\n");
        accepts("1\r\na\r\n0\r\nX:\r\nY: \u{e4}\tz \r\n\r\n", "a", "X:\r\nY: \u{e4}\tz \r\n");
    }

    #[test]
    fn what_is_no_field_is_no_trailer() {
        // RFC 9112 §5.1, §5.2
        refuses(
            ChunkError::Trailer,
            &[
                "0\r\nPOST /smuggled HTTP/1.1\r\n\r\n",
                "0\r\nX : y\r\n\r\n",
                "0\r\nX: y\r\n z\r\n\r\n",
                "0\r\n: y\r\n\r\n",
                "0\r\nX: y\rz\r\n\r\n",
                "0\r\nX: y\0\r\n\r\n",
                "0\r\nX: y\nZ: a\r\n\r\n",
            ],
        );
    }

    #[test]
    fn a_trailer_section_is_limited() {
        let body = |len: usize| format!("0\r\nX: {}\r\n\r\n", "y".repeat(len - 5));
        for step in [1, 7, usize::MAX] {
            let read = |body: &[u8]| read(&body.chunks(step).collect::<Vec<_>>());
            let longest =
                read(body(TRAILER_BYTES_MAX).as_bytes()).map(|whole| whole.map(|(_, trailers, _)| trailers.len()));
            assert_eq!(longest, Ok(Some(TRAILER_BYTES_MAX)), "in parts of {step}");
            let longer = body(TRAILER_BYTES_MAX + 1);
            for end in [longer.len() - 1, longer.len()] {
                assert_eq!(read(&longer.as_bytes()[..end]), Err(ChunkError::TrailerTooLong), "in parts of {step}");
            }
        }
        assert_eq!(ChunkError::TrailerTooLong.status(), 431);
    }

    #[test]
    fn extensions_and_zeros_are_limited_over_the_whole_body() {
        let max = OVERHEAD_BYTES_MAX as usize;
        let one_chunk = |bytes: usize| format!("1;{}\r\na\r\n", "b".repeat(bytes - 1));
        assert_eq!(read(&[one_chunk(max).as_bytes()]), Ok(None));
        assert_eq!(read(&[one_chunk(max + 1).as_bytes()]), Err(ChunkError::ExtensionsTooLong));
        assert_eq!(read(&["0".repeat(max + 1).as_bytes()]), Ok(None));
        assert_eq!(read(&["0".repeat(max + 2).as_bytes()]), Err(ChunkError::ExtensionsTooLong));
        // Each chunk costs 100 bytes and pays for one: the limit is reached after 83 of them.
        let many = one_chunk(100).repeat(90);
        assert_eq!(read(&[many.as_bytes()]), Err(ChunkError::ExtensionsTooLong));
    }

    #[test]
    fn data_pays_for_extensions() {
        let signed = format!("400;chunk-signature={}\r\n{}\r\n", "a".repeat(64), "x".repeat(0x400));
        let body = signed.repeat(200) + "0\r\n\r\n";
        let (data, ..) = read(&[body.as_bytes()]).expect("it is within the limit").expect("it is whole");
        assert_eq!(data.len(), 200 * 0x400);
    }
}
