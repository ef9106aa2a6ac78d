//! Sizes and durations as they are written in an attribute: `"64KB"`, `"1MiB"`, `"5s"`, `"250ms"`.

/// Units of size in bytes; as in the IEC standard, `KB` is 1,000 bytes and `KiB` is 1,024.
const SIZES: [(&str, u64); 7] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Units of time in milliseconds.
const DURATIONS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// Reads `"64KB"` as a number of bytes; the error says what was expected.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    quantity(text, &SIZES).map_err(|fault| format!("expected a size such as \"64KB\" or \"1MiB\": {fault}"))
}

/// Reads `"250ms"` as a number of milliseconds, at least one; the error says what was expected.
pub(crate) fn milliseconds(text: &str) -> Result<u64, String> {
    match quantity(text, &DURATIONS) {
        Ok(0) => Err("expected a duration longer than zero, which nothing could meet".to_owned()),
        Ok(milliseconds) => Ok(milliseconds),
        Err(fault) => Err(format!("expected a duration such as \"5s\" or \"250ms\": {fault}")),
    }
}

fn quantity(text: &str, units: &[(&str, u64)]) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(format!("`{text}` does not start with a whole number"));
    }
    let Some((_, scale)) = units.iter().find(|(name, _)| *name == unit.trim_start()) else {
        return Err(unknown_unit(unit.trim_start(), units));
    };
    let scaled = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*scale));
    scaled.ok_or_else(|| format!("`{text}` is more than 64 bits can hold"))
}

fn unknown_unit(unit: &str, units: &[(&str, u64)]) -> String {
    let known: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
    match unit {
        "" => format!("the number needs a unit, one of {}", known.join(", ")),
        _ => format!("`{unit}` is not a unit; known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_decimal_and_binary_units() {
        let cases =
            [("0B", 0), ("7B", 7), ("64KB", 64_000), ("64KiB", 65_536), ("1MiB", 1 << 20), ("2 GB", 2_000_000_000)];
        for (text, expected) in cases {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn durations_are_read_in_milliseconds() {
        for (text, expected) in [("250ms", 250), ("5s", 5_000), ("2m", 120_000), ("1h", 3_600_000)] {
            assert_eq!(milliseconds(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_faulty_quantity_says_what_was_expected() {
        let cases = [
            (bytes("64"), "the number needs a unit, one of B, KB, MB, GB, KiB, MiB, GiB"),
            (bytes("64kb"), "`kb` is not a unit; known are B, KB"),
            (bytes("KB"), "`KB` does not start with a whole number"),
            (bytes("-1KB"), "`-1KB` does not start with a whole number"),
            (bytes("1.5MB"), "`.5MB` is not a unit"),
            (bytes("99999999999999999999B"), "more than 64 bits can hold"),
            (bytes("99999999999999999GB"), "more than 64 bits can hold"),
            (milliseconds("5"), "the number needs a unit, one of ms, s, m, h"),
            (milliseconds("5sec"), "`sec` is not a unit"),
            (milliseconds("0s"), "longer than zero"),
        ];
        for (result, expected) in cases {
            let message = result.expect_err(expected);
            assert!(message.contains(expected), "{message}");
        }
    }
}
