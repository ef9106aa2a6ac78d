//! What a request says about a file: its method and the few header fields that decide the answer, read in one pass.

/// The header fields of a request that matter for a file. Fields that may come in several lines are lists of lines.
#[derive(Debug, Default)]
pub(super) struct Asked<'r> {
    /// HEAD: the head of the answer is wanted, without its body and without ranges (RFC 9110 §14.2: only GET has them).
    pub(super) head_only: bool,
    pub(super) if_match: Vec<&'r [u8]>,
    pub(super) if_none_match: Vec<&'r [u8]>,
    pub(super) if_modified_since: Option<&'r [u8]>,
    pub(super) if_unmodified_since: Option<&'r [u8]>,
    pub(super) if_range: Option<&'r [u8]>,
    pub(super) range: Option<&'r [u8]>,
    pub(super) accept_encoding: Vec<&'r [u8]>,
    /// When the answer is made, in seconds since 1970.
    pub(super) unix_seconds: u64,
}

impl<'r> Asked<'r> {
    /// Picks them out of a request's header fields.
    pub(super) fn new(head_only: bool, fields: impl Iterator<Item = (&'r str, &'r [u8])>, unix_seconds: u64) -> Self {
        let mut asked = Asked { head_only, unix_seconds, ..Asked::default() };
        fields.for_each(|(name, value)| asked.field(name, value));
        asked
    }

    /// The lengths tell nearly all other names apart without comparing a letter.
    fn field(&mut self, name: &str, value: &'r [u8]) {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        match name.len() {
            5 if is("range") => self.range = Some(value),
            8 if is("if-match") => self.if_match.push(value),
            8 if is("if-range") => self.if_range = Some(value),
            13 if is("if-none-match") => self.if_none_match.push(value),
            15 if is("accept-encoding") => self.accept_encoding.push(value),
            17 if is("if-modified-since") => self.if_modified_since = Some(value),
            19 if is("if-unmodified-since") => self.if_unmodified_since = Some(value),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_in_any_case_and_lists_keep_all_lines() {
        let fields: [(&str, &[u8]); 6] = [
            ("Host", b"a"),
            ("IF-NONE-MATCH", b"\"a\""),
            ("if-none-match", b"\"b\""),
            ("Range", b"bytes=0-"),
            ("Xange", b"bytes=1-"),
            ("Accept-Encoding", b"br"),
        ];
        let asked = Asked::new(true, fields.into_iter(), 7);
        assert_eq!(asked.if_none_match, [b"\"a\"", b"\"b\""]);
        assert_eq!(asked.range, Some(&b"bytes=0-"[..]));
        assert_eq!(asked.accept_encoding, [b"br"]);
        assert_eq!((asked.head_only, asked.unix_seconds, asked.if_match.len()), (true, 7, 0));
    }
}
