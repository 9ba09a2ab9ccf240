//! Numbers of any length, compared to the last digit.

use std::cmp::{Ordering, Reverse};

/// A number as JSON writes it: ± 0.`digits` × 10^`magnitude`. Equal numbers are equal values, however they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    is_negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: String,
    magnitude: Magnitude,
}

/// A whole number of any length, the smaller ones first. Whatever fits is [`Magnitude::Near`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Magnitude {
    FarBelow(Reverse<Digits>),
    Near(i64),
    FarAbove(Digits),
}

/// Digits without leading zeros: of two numbers, the longer one is the larger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Digits(usize, Box<str>);

impl Magnitude {
    /// `exponent`, digits with or without a sign, and `shift` together.
    fn of(exponent: &str, shift: i64) -> Self {
        let (is_negative, digits) = match exponent.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, exponent.strip_prefix('+').unwrap_or(exponent)),
        };
        let digits = digits.trim_start_matches('0');
        if digits.len() <= LONGEST_NEAR {
            let near: i64 = digits.parse().unwrap_or_default();
            return Magnitude::Near(if is_negative { -near } else { near } + shift);
        }
        // Added from the right; it is too long for the shift to change its sign.
        let mut carry = if is_negative { -shift } else { shift };
        let mut sum: Vec<u8> = Vec::with_capacity(digits.len() + 1);
        for digit in digits.bytes().rev() {
            carry += i64::from(digit - b'0');
            sum.push(b'0' + u8::try_from(carry.rem_euclid(10)).unwrap_or_default());
            carry = carry.div_euclid(10);
        }
        if carry > 0 {
            sum.extend(carry.to_string().bytes().rev());
        }
        let sum: String = sum.iter().rev().map(|digit| char::from(*digit)).collect();
        let digits = sum.trim_start_matches('0');
        let sign = if is_negative { "-" } else { "" };
        match format!("{sign}{digits}").parse() {
            Ok(near) => Magnitude::Near(near),
            Err(_) if is_negative => {
                Magnitude::FarBelow(Reverse(Digits(digits.len(), digits.into())))
            }
            Err(_) => Magnitude::FarAbove(Digits(digits.len(), digits.into())),
        }
    }
}

/// An exponent of so many digits and what a number's length shifts it by fit into 64 bits.
const LONGEST_NEAR: usize = 18;

impl Number {
    /// `None` if `text` is no number of JSON.
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
        let all = format!("{whole}{}", fraction.unwrap_or_default());
        let significant = all.trim_start_matches('0');
        let before_point = i64::try_from(whole.len()).ok()?;
        let leading_zeros = i64::try_from(all.len() - significant.len()).ok()?;
        let digits = significant.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Number {
                is_negative: false,
                digits: String::new(),
                magnitude: Magnitude::Near(0),
            });
        }
        Some(Number {
            is_negative,
            digits: digits.to_owned(),
            magnitude: Magnitude::of(exponent.unwrap_or_default(), before_point - leading_zeros),
        })
    }

    /// What decides without the sign: zero first, then the magnitude, then the digits from the left.
    fn size(&self) -> (bool, &Magnitude, &str) {
        (!self.digits.is_empty(), &self.magnitude, &self.digits)
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
            &["-1e99999999999999999999"],
            &["-1e400"],
            &["-123456789012345678901234567890"],
            &["-10", "-1e1", "-10.0", "-0.1e+2"],
            &["-9.99"],
            &["-1"],
            &["-0.5", "-5e-1", "-0.500"],
            &["-1e-400"],
            &["0", "-0", "0.000", "0e9", "-0.0e-5"],
            &["1e-100000000000000000000", "0.1e-99999999999999999999"],
            &["1e-99999999999999999999", "10e-100000000000000000000"],
            &["1e-9223372036854775809"],
            &["1e-9223372036854775808"],
            &["1e-9223372036854775807", "0.01e-9223372036854775805"],
            &["1e-1000000000000000000", "0.1e-999999999999999999"],
            &["1e-999999999999999999", "10e-1000000000000000000"],
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
            &["1e999999999999999999", "0.1e1000000000000000000"],
            &["1e1000000000000000000", "10e+000999999999999999999"],
            &["1e9223372036854775806"],
            &["1e9223372036854775807", "0.1e9223372036854775808"],
            &["1.1e9223372036854775807"],
            &["1e9223372036854775808", "100e9223372036854775806"],
            &["1e99999999999999999999", "0.1e100000000000000000000"],
            &["1e100000000000000000000", "10e99999999999999999999"],
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
            "", "-", "+1", "01", "-01", ".5", "1.", "1e", "1e+", "1 ", "0x1", "1_000", "１", "NaN",
            "1e1.5", "--1",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
