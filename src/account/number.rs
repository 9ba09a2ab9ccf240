//! Numbers as JSON writes them, compared to the last digit.

use std::cmp::Ordering;

use crate::json;

/// A number: ± 0.`digits` × 10^`magnitude`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// -1, 0 or 1.
    sign: i8,
    /// The larger, the further from zero.
    magnitude: isize,
    /// Without zeros at either end; empty for zero.
    digits: String,
}

impl Number {
    /// `None` if `text` is no number of JSON, or its exponent is beyond all measure.
    pub fn parse(text: &str) -> Option<Self> {
        json::check(text).ok().filter(|json| json.is_number() && json.text() == text)?;
        let unsigned = text.trim_start_matches('-');
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        let digits = all.trim_start_matches('0');
        let exponent: isize = exponent.parse().ok()?;
        let zeros = all.len() - digits.len();
        let magnitude = exponent.checked_add_unsigned(whole.len())?.checked_sub_unsigned(zeros)?;
        let digits = digits.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Number { sign: 0, magnitude: 0, digits });
        }
        Some(Number { sign: if text.starts_with('-') { -1 } else { 1 }, magnitude, digits })
    }

    /// Whether it is whole as JSON Schema has it: `1.0` and `1e3` are.
    pub fn is_whole(&self) -> bool {
        usize::try_from(self.magnitude).is_ok_and(|magnitude| self.digits.len() <= magnitude)
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = (self.magnitude, &self.digits).cmp(&(other.magnitude, &other.digits));
        self.sign.cmp(&other.sign).then(if self.sign < 0 { size.reverse() } else { size })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_in_their_order() {
        // Each row is one number in several notations, and larger than the row before.
        let rows = [
            "-123456789012345678901234567890",
            "-10 -1e1 -10.0 -0.1e+2",
            "-9.99",
            "-0.5 -5e-1 -0.500",
            "-1e-400",
            "0 -0 0.000 0e9 -0.0e-5",
            "0.01 1e-2",
            "0.1",
            "0.123 123e-3",
            "1 1.0 10e-1",
            "9",
            "10 1e1 1E+01 100e-1",
            "9007199254740992",
            "9007199254740993",
            "123456789012345678901234567890",
            "1e400",
        ];
        let read = |text| Number::parse(text).expect("a number");
        for (i, row) in rows.iter().enumerate() {
            for (j, other) in rows.iter().enumerate() {
                for (a, b) in row.split(' ').flat_map(|a| other.split(' ').map(move |b| (a, b))) {
                    assert_eq!(read(a).cmp(&read(b)), i.cmp(&j), "{a} {b}");
                    assert_eq!(read(a) == read(b), i == j, "{a} {b}");
                }
            }
        }
        for text in
            ["", "-", "+1", "01", ".5", "1.", "1e", "1 ", " 1", "0x1", "NaN", "--1", "null", "1e99999999999999999999"]
        {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        for (text, expected) in
            [("7", true), ("-0", true), ("1.0", true), ("10e-1", true), ("1.5", false), ("1e-1", false)]
        {
            assert_eq!(read(text).is_whole(), expected, "{text}");
        }
    }
}
