//! Which precompressed form of a file a client prefers (RFC 9110 §12.5.3).

/// A content coding in which files may lie beside the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Zstd,
    Gzip,
}

/// The best first, where a client likes several alike.
const ALL: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

impl Coding {
    /// The token of `Content-Encoding`.
    pub(super) fn token(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
            Coding::Gzip => "gzip",
        }
    }

    /// What the names of such files end with.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Coding::Brotli => ".br",
            Coding::Zstd => ".zst",
            Coding::Gzip => ".gz",
        }
    }

    fn is_named(self, token: &str) -> bool {
        token.eq_ignore_ascii_case(self.token()) || (self == Coding::Gzip && token.eq_ignore_ascii_case("x-gzip"))
    }
}

/// The codings that a client takes, the best first; none when it sent no `Accept-Encoding` or likes the plain file better.
pub(super) fn accepted(lines: &[&[u8]]) -> Vec<Coding> {
    let entries: Vec<(&str, u16)> = lines.iter().flat_map(|line| entries(line)).collect();
    let weight =
        |is_it: &dyn Fn(&str) -> bool| entries.iter().find(|(token, _)| is_it(token)).map(|(_, weight)| *weight);
    let any = weight(&|token| token == "*").unwrap_or(0);
    let plain = weight(&|token| token.eq_ignore_ascii_case("identity")).unwrap_or(0);
    let mut liked: Vec<(u16, Coding)> =
        ALL.iter().map(|&coding| (weight(&|token| coding.is_named(token)).unwrap_or(any), coding)).collect();
    liked.retain(|(weight, _)| *weight > 0 && *weight >= plain);
    // The sort is stable: alike keep the order of `ALL`.
    liked.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    liked.into_iter().map(|(_, coding)| coding).collect()
}

/// The codings of a line with their weights in thousandths; entries with a mistake are left out.
fn entries(line: &[u8]) -> impl Iterator<Item = (&str, u16)> {
    let text = str::from_utf8(line).unwrap_or("");
    text.split(',').filter_map(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let token = parts.next().filter(|token| !token.is_empty())?;
        match parts.next() {
            None => Some((token, 1000)),
            Some(parameter) => Some((token, thousandths(parameter)?)),
        }
    })
}

/// `q=0.8` is 800 (RFC 9110 §12.4.2).
fn thousandths(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths = match whole {
        "0" if digits => format!("{fraction:0<3}").parse().ok()?,
        "1" if digits && fraction.bytes().all(|byte| byte == b'0') => 1000,
        _ => return None,
    };
    name.trim().eq_ignore_ascii_case("q").then_some(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(line: &str) -> Vec<&'static str> {
        accepted(&[line.as_bytes()]).into_iter().map(Coding::token).collect()
    }

    #[test]
    fn what_a_browser_sends_gets_the_densest_first() {
        assert_eq!(tokens("gzip, deflate, br, zstd"), ["br", "zstd", "gzip"]);
    }

    #[test]
    fn weights_decide_and_zero_refuses() {
        assert_eq!(tokens("br;q=0.1, GZIP ; q=0.9"), ["gzip", "br"]);
        assert_eq!(tokens("br;q=0, gzip;q=0.001"), ["gzip"]);
        assert_eq!(tokens("br;q=0.000,gzip;q=1.000"), ["gzip"]);
        assert_eq!(tokens("x-gzip"), ["gzip"]);
    }

    #[test]
    fn a_star_stands_for_all_that_are_not_named() {
        assert_eq!(tokens("*"), ["br", "zstd", "gzip"]);
        assert_eq!(tokens("gzip;q=0.5, br;q=0, *;q=0.9"), ["zstd", "gzip"]);
    }

    #[test]
    fn the_plain_file_is_sent_when_it_is_liked_better() {
        assert_eq!(tokens("identity, gzip;q=0.5"), [""; 0]);
        assert_eq!(tokens("identity;q=0.5, gzip"), ["gzip"]);
        assert_eq!(accepted(&[]), []);
        assert_eq!(tokens(""), [""; 0]);
    }

    #[test]
    fn mistakes_are_left_out_and_lines_add_up() {
        assert_eq!(tokens("br;q=2, gzip;q=0.1234, zstd;q=a, br;level=1"), [""; 0]);
        assert_eq!(accepted(&[b"\xff", b"gzip"]), [Coding::Gzip]);
        assert_eq!(accepted(&[b"gzip;q=0.5", b"br"]), [Coding::Brotli, Coding::Gzip]);
    }
}
