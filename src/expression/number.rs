//! Numbers of any length, compared to the last digit.

use std::cmp::Ordering;

/// A number as JSON writes it: ± 0.`digits` × 10^`magnitude`. Equal numbers are equal values, however they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    is_negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: String,
    magnitude: i64,
}

impl Number {
    /// `None` if `text` is no number of JSON, or its exponent has more than 18 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (is_negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (rest, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let is_number = are_digits(whole)
            && (whole == "0" || !whole.starts_with('0'))
            && fraction.is_none_or(are_digits)
            && exponent.is_none_or(|e| are_digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
        if !is_number {
            return None;
        }
        let exponent: i64 = match exponent {
            Some(text) if text.len() > 19 => return None,
            Some(text) => text.parse().ok()?,
            None => 0,
        };
        let all = format!("{whole}{}", fraction.unwrap_or_default());
        let significant = all.trim_start_matches('0');
        let before_point = i64::try_from(whole.len()).ok()?;
        let leading_zeros = i64::try_from(all.len() - significant.len()).ok()?;
        let digits = significant.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Number {
                is_negative: false,
                digits: String::new(),
                magnitude: 0,
            });
        }
        Some(Number {
            is_negative,
            digits: digits.to_owned(),
            magnitude: exponent.checked_add(before_point - leading_zeros)?,
        })
    }

    /// What decides without the sign: zero first, then the magnitude, then the digits from the left.
    fn size(&self) -> (bool, i64, &str) {
        (!self.digits.is_empty(), self.magnitude, &self.digits)
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, false) => self.size().cmp(&other.size()),
            (true, true) => other.size().cmp(&self.size()),
            (is_negative, _) => {
                if is_negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
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
        let rows: &[&[&str]] = &[
            &["-1e400"],
            &["-123456789012345678901234567890"],
            &["-10", "-1e1", "-10.0", "-0.1e+2"],
            &["-9.99"],
            &["-1"],
            &["-0.5", "-5e-1", "-0.500"],
            &["-1e-400"],
            &["0", "-0", "0.000", "0e9", "-0.0e-5"],
            &["1e-999999999999999999"],
            &["0.01", "1e-2"],
            &["0.1"],
            &["0.12"],
            &["0.123", "123e-3"],
            &["1", "1.0", "10e-1"],
            &["9"],
            &["10", "1e1", "1E+01", "100e-1"],
            &["9007199254740992"],
            &["9007199254740993"],
            &["123456789012345678901234567889"],
            &["123456789012345678901234567890"],
            &["1e400"],
            &["1e999999999999999999"],
        ];
        let read = |text: &&str| Number::parse(text).unwrap_or_else(|| panic!("{text}"));
        for (i, row) in rows.iter().enumerate() {
            for (j, other) in rows.iter().enumerate() {
                for (a, b) in row.iter().flat_map(|a| other.iter().map(move |b| (a, b))) {
                    assert_eq!(read(a).cmp(&read(b)), i.cmp(&j), "{a} {b}");
                    assert_eq!(read(a) == read(b), i == j, "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn what_json_does_not_write_is_no_number() {
        for text in [
            "",
            "-",
            "+1",
            "01",
            "-01",
            ".5",
            "1.",
            "1e",
            "1e+",
            "1 ",
            "0x1",
            "1_000",
            "１",
            "NaN",
            "1e1.5",
            "1e9999999999999999999",
            "1e9223372036854775807",
            "--1",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
